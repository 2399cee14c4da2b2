//! What limits promise, kept beside the stores: who was claimed under which limit and is still at work.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use taskyard_shared::limit::Limit;

use crate::limits::key_of;
use crate::queue::core::AttemptId;
use crate::store::ClaimedJob;

type Key = (String, String);

/// See the module.
#[derive(Default)]
pub struct LimitWatch {
    limits: BTreeMap<String, Limit>,
    /// Attempts claimed under each key, whether they are still at work or not.
    claimed: BTreeMap<Key, BTreeSet<AttemptId>>,
    /// The most that may be at work: the concurrency, or an earlier one until as many have ended.
    ceilings: BTreeMap<Key, u32>,
    /// When attempts were claimed under a rate that has stood as it is since.
    starts: BTreeMap<Key, Vec<i64>>,
}

impl LimitWatch {
    pub fn set(&mut self, limit: Limit) {
        self.starts.retain(|key, _| key.0 != limit.name);
        self.limits.insert(limit.name.clone(), limit);
    }

    pub fn remove(&mut self, name: &str) {
        self.limits.remove(name);
        self.claimed.retain(|key, _| key.0 != name);
        self.starts.retain(|key, _| key.0 != name);
    }

    pub fn claimed(&mut self, claimed: &ClaimedJob, now_ms: i64) {
        let args: Value = serde_json::from_str(&claimed.args).unwrap();
        for limit in self.limits.values() {
            let concerns = limit.queue.as_ref().is_none_or(|queue| *queue == claimed.job.queue)
                && limit.kind.as_ref().is_none_or(|kind| *kind == claimed.job.kind);
            if concerns {
                let key = (limit.name.clone(), key_of(limit, &args));
                self.claimed.entry(key.clone()).or_default().insert(AttemptId::of(claimed));
                let starts = self.starts.entry(key).or_default();
                starts.push(now_ms);
                check_rate(limit, starts);
            }
        }
    }

    pub fn check(&mut self, at_work: &BTreeSet<AttemptId>) {
        for (key, claimed) in &mut self.claimed {
            claimed.retain(|attempt| at_work.contains(attempt));
            let count = claimed.len() as u32;
            let Some(most) = self.limits.get(&key.0).and_then(|limit| limit.concurrency) else {
                self.ceilings.remove(key);
                continue;
            };
            let ceiling = self.ceilings.entry(key.clone()).or_insert(most.max(count));
            *ceiling = if count <= most { most } else { (*ceiling).max(most) };
            assert!(count <= *ceiling, "{count} at work under {key:?}, which allows {ceiling}");
        }
    }
}

/// No span of the rate's time sees more starts than it allows.
fn check_rate(limit: &Limit, starts: &[i64]) {
    let Some(rate) = limit.rate else { return };
    let last = starts[starts.len() - 1];
    let in_span = starts.iter().rev().take_while(|at_ms| last - **at_ms < rate.per_ms as i64).count();
    assert!(in_span <= (rate.count + rate.burst - 1) as usize, "{in_span} starts in a span under {limit:?}");
}
