//! What is kept. The store is moka's: least used entries go first when the cache is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;
use moka::notification::RemovalCause;
use moka::sync::Cache as Moka;
use moka::{Expiry, policy::EvictionPolicy};
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_SERVICE_ROWS;
use taskyard_shared::service::{CacheEntry, CacheStatus};

/// The bounds of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// What keys and values may weigh together, in bytes; what entries need besides (about 200 bytes each) counts too.
    /// An entry that weighs more than an eighth of it is not kept. 0: nothing is kept.
    pub max_bytes: u64,
}

impl Default for CacheLimits {
    fn default() -> Self {
        CacheLimits { max_bytes: 64 * 1024 * 1024 }
    }
}

/// A value as it was put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// JSON.
    pub json: Arc<str>,
    pub put_at_ms: i64,
    pub expires_at_ms: i64,
    /// The job whose result it is.
    pub job: Option<JobId>,
}

/// Which of the values under a key a caller takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only one that was put in less than this ago.
    pub younger_than: Option<Duration>,
    /// Not the result of this job.
    pub not_of: Option<JobId>,
}

impl Wanted {
    fn takes(&self, cached: &Cached, now_ms: i64) -> bool {
        let age_ms = u64::try_from(now_ms.saturating_sub(cached.put_at_ms)).unwrap_or(0);
        let is_young = self.younger_than.is_none_or(|than| u128::from(age_ms) < than.as_millis());
        is_young && (self.not_of.is_none() || self.not_of != cached.job)
    }
}

struct Entry {
    cached: Cached,
    bytes: u32,
    hits: AtomicU64,
}

/// What an entry needs besides its key and value.
const OVERHEAD_BYTES: usize = 200;

/// Lets moka forget entries whose time is over; what a reader sees is decided by the yard's own clock.
struct UntilExpiry;

impl Expiry<Arc<str>, Arc<Entry>> for UntilExpiry {
    fn expire_after_create(&self, _: &Arc<str>, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        Some(lifetime(entry))
    }

    fn expire_after_update(
        &self,
        _: &Arc<str>,
        entry: &Arc<Entry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(lifetime(entry))
    }
}

fn lifetime(entry: &Entry) -> Duration {
    let ms = entry.cached.expires_at_ms.saturating_sub(entry.cached.put_at_ms);
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// See the module.
///
/// **Bound.** [`CacheLimits::max_bytes`]; beyond it the entries that are used least go (`evictions`).
pub(super) struct Entries {
    kept: Moka<Arc<str>, Arc<Entry>>,
    max_bytes: u64,
    /// Keys that were put in last, the latest last: at most [`MAX_SERVICE_ROWS`].
    latest: LinkedHashMap<Arc<str>, ()>,
    hits: u64,
    misses: u64,
    evictions: Arc<AtomicU64>,
}

impl Entries {
    pub fn new(limits: CacheLimits) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&evictions);
        let kept = Moka::builder()
            .max_capacity(limits.max_bytes)
            .eviction_policy(EvictionPolicy::tiny_lfu())
            .weigher(|_, entry: &Arc<Entry>| entry.bytes)
            .expire_after(UntilExpiry)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    counter.fetch_add(1, Relaxed);
                }
            })
            .build();
        let latest = LinkedHashMap::new();
        Entries { kept, max_bytes: limits.max_bytes, latest, hits: 0, misses: 0, evictions }
    }

    pub fn get(&mut self, key: &str, wanted: &Wanted, now_ms: i64) -> Option<Cached> {
        let found = self
            .kept
            .get(key)
            .filter(|entry| entry.cached.expires_at_ms > now_ms && wanted.takes(&entry.cached, now_ms));
        match found {
            Some(entry) => {
                self.hits += 1;
                entry.hits.fetch_add(1, Relaxed);
                Some(entry.cached.clone())
            }
            None => {
                self.misses += 1;
                None
            }
        }
    }

    /// Answers whether it is kept: not when it is too large.
    pub fn put(&mut self, key: &str, cached: Cached) -> bool {
        let bytes = key.len() + cached.json.len() + OVERHEAD_BYTES;
        if bytes as u64 > self.max_bytes / 8 {
            // What was there before is not what was put in last.
            self.kept.invalidate(key);
            return false;
        }
        let key: Arc<str> = key.into();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.kept.insert(Arc::clone(&key), Arc::new(Entry { cached, bytes, hits: AtomicU64::new(0) }));
        self.latest.insert(key, ());
        if self.latest.len() > MAX_SERVICE_ROWS {
            self.latest.pop_front();
        }
        true
    }

    /// Answers whether there was one.
    pub fn remove(&mut self, key: &str, now_ms: i64) -> bool {
        self.latest.remove(key);
        self.kept.remove(key).is_some_and(|entry| entry.cached.expires_at_ms > now_ms)
    }

    /// Answers how many there were.
    pub fn clear(&mut self) -> u64 {
        self.kept.run_pending_tasks();
        let count = self.kept.entry_count();
        self.kept.invalidate_all();
        self.latest.clear();
        self.kept.run_pending_tasks();
        count
    }

    /// `shared`: see [`CacheStatus::shared`].
    pub fn status(&self, shared: u64, now_ms: i64) -> CacheStatus {
        self.kept.run_pending_tasks();
        let rows = self.latest.iter().rev().filter_map(|(key, ())| {
            let entry = self.kept.get(key).filter(|entry| entry.cached.expires_at_ms > now_ms)?;
            Some(CacheEntry {
                key: key.to_string(),
                bytes: entry.bytes.into(),
                put_at_ms: entry.cached.put_at_ms,
                expires_at_ms: entry.cached.expires_at_ms,
                hits: entry.hits.load(Relaxed),
                job: entry.cached.job,
            })
        });
        CacheStatus {
            entries: self.kept.entry_count(),
            bytes: self.kept.weighted_size(),
            max_bytes: self.max_bytes,
            hits: self.hits,
            misses: self.misses,
            shared,
            evictions: self.evictions.load(Relaxed),
            latest: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_760_000_000_000;

    fn cached(json: &str, ttl_ms: i64) -> Cached {
        Cached { json: json.into(), put_at_ms: NOW, expires_at_ms: NOW + ttl_ms, job: None }
    }

    fn entries(max_bytes: u64) -> Entries {
        Entries::new(CacheLimits { max_bytes })
    }

    #[test]
    fn a_value_is_there_until_its_time_is_over() {
        let mut entries = entries(1_000_000);
        assert!(entries.put("a", cached("1", 1_000)));
        assert_eq!(entries.get("a", &Wanted::default(), NOW + 999).map(|found| found.json), Some("1".into()));
        assert_eq!(entries.get("a", &Wanted::default(), NOW + 1_000), None);
        assert_eq!(entries.get("b", &Wanted::default(), NOW), None);
        let status = entries.status(0, NOW);
        assert_eq!((status.hits, status.misses), (1, 2));
        assert_eq!(status.latest[0].hits, 1);
    }

    #[test]
    fn a_value_that_is_too_old_for_a_caller_or_of_a_job_that_it_does_not_want_is_there_for_others() {
        let mut entries = entries(1_000_000);
        entries.put("a", Cached { job: Some(JobId(12)), ..cached("1", 60_000) });
        let any = Wanted::default();
        let younger_than = |ms| Wanted { younger_than: Some(Duration::from_millis(ms)), ..any };
        let not_of = |id| Wanted { not_of: Some(JobId(id)), ..any };
        let table = [
            (younger_than(501), true),
            (younger_than(500), false),
            (not_of(12), false),
            (not_of(13), true),
            (any, true),
        ];
        for (wanted, is_taken) in table {
            assert_eq!(entries.get("a", &wanted, NOW + 500).is_some(), is_taken, "{wanted:?}");
        }
    }

    #[test]
    fn a_full_cache_lets_entries_go_and_stays_within_its_weight() {
        let mut entries = entries(100_000);
        for number in 0..1_000 {
            entries.put(&number.to_string(), cached(&"x".repeat(800), 60_000));
        }
        let status = entries.status(0, NOW);
        assert!(status.bytes <= 100_000, "{}", status.bytes);
        assert_eq!(status.entries + status.evictions, 1_000);
        assert!(status.latest.len() <= MAX_SERVICE_ROWS);
    }

    #[test]
    fn a_value_that_is_too_large_takes_the_place_of_nothing_and_leaves_nothing_old_behind() {
        let mut entries = entries(80_000);
        entries.put("a", cached("1", 60_000));
        assert!(!entries.put("a", cached(&"x".repeat(10_000), 60_000)));
        assert_eq!(entries.get("a", &Wanted::default(), NOW), None);
    }

    #[test]
    fn entries_can_be_dropped_one_by_one_and_all_at_once() {
        let mut entries = entries(1_000_000);
        for key in ["a", "b", "c"] {
            entries.put(key, cached("1", 1_000));
        }
        assert!(entries.remove("a", NOW));
        assert!(!entries.remove("a", NOW));
        assert_eq!(entries.clear(), 2);
        assert_eq!((entries.get("b", &Wanted::default(), NOW), entries.status(0, NOW).entries), (None, 0));
    }
}
