//! The services as actors: many callers at once, and panics while they are in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use actix::{Addr, Supervisor};
use futures_util::FutureExt;
use futures_util::future::join_all;
use taskyard_shared::limit::Rate;

use super::cache::{Cache, CacheActor, CacheConfig, ComputeError};
use super::limiter::{Limiter, RateLimiter, RateLimiterConfig, Verdict};
use super::{ServiceError, cache, limiter};
use crate::clock::Clock;

const TTL: Duration = Duration::from_secs(60);

fn limiter(clock: &Clock) -> (Addr<RateLimiter>, Limiter) {
    let config = RateLimiterConfig { clock: clock.clone(), ..RateLimiterConfig::default() };
    let addr = Supervisor::start(|_| RateLimiter::new(config));
    (addr.clone(), Limiter::new(addr))
}

fn cache() -> (Addr<CacheActor>, Cache) {
    let addr = Supervisor::start(|_| CacheActor::new(CacheConfig::default()));
    (addr.clone(), Cache::new(addr, Clock::default()))
}

fn rate(count: u32, burst: u32) -> Rate {
    Rate { count, per_ms: 1_000, burst }
}

#[actix::test]
async fn of_ten_thousand_callers_at_once_just_the_burst_is_allowed() {
    let (_, limiter) = limiter(&Clock::manual(1_760_000_000_000));
    let checks = (0..10_000).map(|_| limiter.check("one", rate(100, 37)));
    let verdicts = join_all(checks).await;
    let allowed = |verdict: &Result<Verdict, _>| matches!(verdict, Ok(Verdict::Allowed { .. }));
    assert_eq!(verdicts.iter().filter(|verdict| allowed(verdict)).count(), 37);
    let status = limiter.status().await.expect("it runs");
    assert_eq!((status.allowed, status.refused, status.keys), (37, 9_963, 1));
}

#[actix::test]
async fn a_rate_out_of_bounds_and_a_long_key_are_refused() {
    let (_, limiter) = limiter(&Clock::default());
    for wrong in [rate(0, 1), rate(5, 0), rate(5, 6), Rate { count: 1, per_ms: 0, burst: 1 }] {
        assert!(matches!(limiter.check("one", wrong).await, Err(ServiceError::Refused(_))), "{wrong:?}");
    }
    let long = "x".repeat(257);
    assert!(matches!(limiter.check(long, rate(1, 1)).await, Err(ServiceError::Refused(_))));
}

#[actix::test]
async fn a_panic_of_the_rate_limiter_costs_one_caller_an_error_and_forgets_nothing() {
    let (addr, limiter) = limiter(&Clock::manual(1_760_000_000_000));
    assert_eq!(limiter.check("one", rate(1, 1)).await, Ok(Verdict::Allowed { remaining: 0 }));
    let (panicked, behind) = tokio::join!(addr.send(limiter::Panic), limiter.check("one", rate(1, 1)));
    assert_eq!(panicked.expect("an answer"), Err(ServiceError::Restarting("rate limiter")));
    assert!(matches!(behind, Ok(Verdict::Limited { .. })), "{behind:?}");
}

#[actix::test]
async fn of_a_hundred_callers_one_computes() {
    let (_, cache) = cache();
    let computed = Arc::new(AtomicU64::new(0));
    let calls = (0..100).map(|_| {
        let (cache, computed) = (cache.clone(), Arc::clone(&computed));
        async move {
            let compute = async || {
                computed.fetch_add(1, Relaxed);
                tokio::task::yield_now().await;
                Ok::<_, ServiceError>(42_u64)
            };
            cache.get_or_compute("answer", TTL, compute).await
        }
    });
    for answer in join_all(calls).await {
        assert_eq!(answer.expect("a value"), 42);
    }
    assert_eq!(computed.load(Relaxed), 1);
    let status = cache.status().await.expect("it runs");
    assert_eq!((status.entries, status.shared + status.hits), (1, 99));
}

#[actix::test]
async fn when_a_computation_fails_or_is_dropped_the_next_caller_computes() {
    let (_, cache) = cache();
    let failing = cache.get_or_compute::<u64, _, _>("answer", TTL, async || {
        tokio::task::yield_now().await;
        Err("no")
    });
    let waiting = cache.get_or_compute("answer", TTL, async || Ok::<_, &str>(7_u64));
    let (failed, computed) = tokio::join!(failing, waiting);
    assert!(matches!(failed, Err(ComputeError::Failed("no"))));
    assert_eq!(computed.expect("a value"), 7);

    let never = async || std::future::pending::<Result<u64, &str>>().await;
    let given_up = Box::pin(cache.get_or_compute("other", TTL, never));
    let waiting = cache.get_or_compute("other", TTL, async || Ok::<_, &str>(8_u64));
    let given_up = async {
        let _ = tokio::time::timeout(Duration::from_millis(20), given_up).await;
    };
    let ((), computed) = tokio::join!(given_up, waiting);
    assert_eq!(computed.expect("a value"), 8);
}

#[actix::test]
async fn a_caller_who_is_gone_before_he_is_told_to_compute_holds_up_nobody() {
    let (_, cache) = cache();
    let never = async || std::future::pending::<Result<u64, &str>>().await;
    let gone = Box::pin(cache.get_or_compute("answer", TTL, never));
    // It has asked, and is dropped before the cache has answered.
    assert!(gone.now_or_never().is_none());
    let computed = cache.get_or_compute("answer", TTL, async || Ok::<_, &str>(8_u64)).await;
    assert_eq!(computed.expect("a value"), 8);
}

#[actix::test]
async fn a_panic_of_the_cache_costs_one_caller_an_error_and_no_entry() {
    let (addr, cache) = cache();
    assert_eq!(cache.put("a", &1, TTL).await, Ok(true));
    let (panicked, behind) = tokio::join!(addr.send(cache::Panic), cache.get::<u64>("a"));
    assert_eq!(panicked.expect("an answer"), Err(ServiceError::Restarting("cache")));
    assert_eq!(behind, Ok(Some(1)));
}

#[actix::test]
async fn those_who_wait_for_a_computation_go_on_when_the_cache_restarts() {
    let (addr, cache) = cache();
    let slow = cache.get_or_compute("answer", TTL, async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, &str>(1_u64)
    });
    let waiting = cache.get_or_compute("answer", TTL, async || Ok::<_, &str>(2_u64));
    let panic = async { addr.send(cache::Panic).await };
    let (slow, waited, _) = tokio::join!(slow, waiting, panic);
    assert_eq!(slow.expect("its own value"), 1);
    assert_eq!(waited.expect("a value"), 2);
}
