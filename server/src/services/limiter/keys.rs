//! The keys and what they have used up. Pure: time comes in as an argument.

use hashlink::LruCache;
use taskyard_shared::limit::Rate;
use taskyard_shared::limits::MAX_SERVICE_ROWS;
use taskyard_shared::service::{LimiterKey, LimiterStatus};

use crate::limits::Gcra;

/// The bounds of the rate limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterLimits {
    /// Most keys that are remembered; a million need about 250 MB.
    pub max_keys: usize,
    /// A key that has its whole rate again and was not asked for during this time is forgotten.
    pub idle_ms: i64,
}

impl Default for LimiterLimits {
    fn default() -> Self {
        LimiterLimits { max_keys: 1_000_000, idle_ms: 60_000 }
    }
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts as done. So many more are allowed at once.
    Allowed { remaining: u32 },
    /// It must not be done, and does not count. The next one is allowed at this time, in milliseconds since the Unix
    /// epoch.
    Limited { next_at_ms: i64 },
}

struct Use {
    rate: Rate,
    arrival_us: i64,
    asked_at_ms: i64,
    allowed: u64,
    refused: u64,
}

/// Every key that was asked for lately.
///
/// **Bound.** At most `max_keys`. When one more comes, the key that was asked for longest ago makes room if it has its
/// whole rate again, so that nothing is lost with it. Otherwise the new key is limited until that is so: somebody who
/// makes up keys must not be able to reset others.
pub(super) struct Keys {
    limits: LimiterLimits,
    /// Least recently asked for first.
    uses: LruCache<Box<str>, Use>,
    allowed: u64,
    refused: u64,
    forgotten: u64,
}

impl Use {
    fn new(rate: Rate) -> Self {
        Use { rate, arrival_us: 0, asked_at_ms: 0, allowed: 0, refused: 0 }
    }

    fn check(&mut self, rate: Rate, now_ms: i64) -> Verdict {
        let (gcra, now_us) = (Gcra::new(rate), micros(now_ms));
        self.rate = rate;
        self.asked_at_ms = now_ms;
        let next_us = gcra.next_start_us(self.arrival_us, now_us);
        if next_us > now_us {
            self.refused += 1;
            return Verdict::Limited { next_at_ms: millis_up(next_us) };
        }
        self.arrival_us = gcra.after_start(self.arrival_us, now_us);
        self.allowed += 1;
        Verdict::Allowed { remaining: gcra.allowance(self.arrival_us, now_us) }
    }

    /// From when on it has its whole rate again, in milliseconds.
    fn whole_at_ms(&self) -> i64 {
        millis_up(self.arrival_us)
    }

    fn row(&self, key: &str) -> LimiterKey {
        let (gcra, asked_us) = (Gcra::new(self.rate), micros(self.asked_at_ms));
        let next_us = gcra.next_start_us(self.arrival_us, asked_us);
        LimiterKey {
            key: key.to_owned(),
            rate: self.rate,
            remaining: gcra.allowance(self.arrival_us, asked_us),
            next_at_ms: (next_us > asked_us).then(|| millis_up(next_us)),
            allowed: self.allowed,
            refused: self.refused,
            asked_at_ms: self.asked_at_ms,
        }
    }
}

impl Keys {
    pub fn new(limits: LimiterLimits) -> Self {
        Keys { limits, uses: LruCache::new_unbounded(), allowed: 0, refused: 0, forgotten: 0 }
    }

    pub fn check(&mut self, key: &str, rate: Rate, now_ms: i64) -> Verdict {
        let verdict = match self.uses.get_mut(key) {
            Some(used) => used.check(rate, now_ms),
            None => match self.make_room(now_ms) {
                Ok(()) => {
                    let mut used = Use::new(rate);
                    let verdict = used.check(rate, now_ms);
                    self.uses.insert(key.into(), used);
                    verdict
                }
                Err(next_at_ms) => Verdict::Limited { next_at_ms },
            },
        };
        match verdict {
            Verdict::Allowed { .. } => self.allowed += 1,
            Verdict::Limited { .. } => self.refused += 1,
        }
        verdict
    }

    /// Else answers when there may be room.
    fn make_room(&mut self, now_ms: i64) -> Result<(), i64> {
        if self.uses.len() < self.limits.max_keys {
            return Ok(());
        }
        match self.uses.iter().next() {
            Some((_, oldest)) if oldest.whole_at_ms() > now_ms => Err(oldest.whole_at_ms()),
            _ => {
                self.uses.remove_lru();
                self.forgotten += 1;
                Ok(())
            }
        }
    }

    /// Forgets up to `most` idle keys. Answers whether there may be more.
    pub fn forget_idle(&mut self, now_ms: i64, most: usize) -> bool {
        for _ in 0..most {
            let Some((_, oldest)) = self.uses.iter().next() else { return false };
            let idle_at_ms = oldest.whole_at_ms().max(oldest.asked_at_ms.saturating_add(self.limits.idle_ms));
            if idle_at_ms > now_ms {
                return false;
            }
            self.uses.remove_lru();
            self.forgotten += 1;
        }
        true
    }

    pub fn is_empty(&self) -> bool {
        self.uses.is_empty()
    }

    pub fn status(&self, submissions: Option<Rate>) -> LimiterStatus {
        let latest = self.uses.iter().rev().take(MAX_SERVICE_ROWS);
        LimiterStatus {
            submissions,
            keys: self.uses.len() as u64,
            max_keys: self.limits.max_keys as u64,
            allowed: self.allowed,
            refused: self.refused,
            forgotten: self.forgotten,
            latest: latest.map(|(key, used)| used.row(key)).collect(),
        }
    }
}

fn micros(ms: i64) -> i64 {
    ms.saturating_mul(1_000)
}

/// Rounded up: rather a little later than too early.
fn millis_up(us: i64) -> i64 {
    us.div_euclid(1_000) + i64::from(us.rem_euclid(1_000) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_760_000_000_000;

    fn rate(count: u32, per_ms: u64, burst: u32) -> Rate {
        Rate { count, per_ms, burst }
    }

    fn keys(max_keys: usize) -> Keys {
        Keys::new(LimiterLimits { max_keys, idle_ms: 1_000 })
    }

    #[test]
    fn each_key_has_its_rate_for_itself() {
        let mut keys = keys(10);
        let one_a_second = rate(1, 1_000, 1);
        assert_eq!(keys.check("a", one_a_second, NOW), Verdict::Allowed { remaining: 0 });
        assert_eq!(keys.check("a", one_a_second, NOW + 1), Verdict::Limited { next_at_ms: NOW + 1_000 });
        assert_eq!(keys.check("b", one_a_second, NOW + 1), Verdict::Allowed { remaining: 0 });
        assert_eq!(keys.check("a", one_a_second, NOW + 1_000), Verdict::Allowed { remaining: 0 });
    }

    #[test]
    fn what_is_refused_does_not_count() {
        let mut keys = keys(10);
        for _ in 0..100 {
            keys.check("a", rate(2, 1_000, 2), NOW);
        }
        assert_eq!(keys.check("a", rate(2, 1_000, 2), NOW + 500), Verdict::Allowed { remaining: 0 });
    }

    #[test]
    fn idle_keys_are_forgotten_and_others_are_not() {
        let mut keys = keys(10);
        keys.check("slow", rate(1, 5_000, 1), NOW);
        keys.check("quick", rate(1, 10, 1), NOW);
        assert!(!keys.forget_idle(NOW + 2_000, 100));
        assert_eq!(keys.status(None).keys, 2, "the one that was asked for first is not idle yet");
        assert!(!keys.forget_idle(NOW + 5_000, 100));
        assert!(keys.is_empty());
        assert_eq!(keys.status(None).forgotten, 2);
    }

    #[test]
    fn a_full_limiter_forgets_a_key_without_use_and_limits_new_keys_while_all_are_in_use() {
        let mut keys = keys(2);
        keys.check("a", rate(1, 100, 1), NOW);
        keys.check("b", rate(1, 100, 1), NOW);
        assert_eq!(keys.check("c", rate(1, 100, 1), NOW + 50), Verdict::Limited { next_at_ms: NOW + 100 });
        assert_eq!(keys.check("c", rate(1, 100, 1), NOW + 100), Verdict::Allowed { remaining: 0 });
        assert_eq!(keys.status(None).keys, 2);
        assert_eq!(keys.check("b", rate(1, 100, 1), NOW + 99), Verdict::Limited { next_at_ms: NOW + 100 });
    }

    #[test]
    fn a_million_keys_are_the_most() {
        let mut keys = Keys::new(LimiterLimits::default());
        for number in 0..1_100_000 {
            keys.check(&number.to_string(), rate(1, 1, 1), NOW + number / 100);
        }
        assert_eq!(keys.status(None).keys, 1_000_000);
        assert_eq!(keys.status(None).forgotten, 100_000);
    }

    #[test]
    fn the_latest_keys_are_shown_first() {
        let mut keys = keys(1_000);
        for number in 0..300 {
            keys.check(&number.to_string(), rate(1, 1_000, 1), NOW + number);
        }
        let latest = keys.status(None).latest;
        assert_eq!(latest.len(), MAX_SERVICE_ROWS);
        assert_eq!((latest[0].key.as_str(), latest[99].key.as_str()), ("299", "200"));
        assert_eq!(latest[0].next_at_ms, Some(NOW + 1_299));
    }
}
