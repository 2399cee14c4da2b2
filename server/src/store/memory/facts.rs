//! What the store can tell of why a job waits.

use std::sync::Arc;

use taskyard_shared::job::{Dependency, DependencyState, JobId, JobSummary};

use super::job::StoredJob;
use super::lists;
use super::yard::Yard;
use crate::limits::{LimitRef, MeterUse};
use crate::store::{MAX_COUNTED_AHEAD, MAX_NAMED_WAITS, WaitingFacts};

impl Yard {
    pub fn waiting_facts(&self, id: JobId) -> Option<WaitingFacts> {
        let job = self.jobs.get(&id)?;
        let ahead = self.ahead(&job.row);
        Some(WaitingFacts {
            job: JobSummary::clone(&job.row),
            options: job.options.clone(),
            waits_for: self.waits_for(id),
            waits_for_count: self.edges.unmet_count(id) as u64,
            ahead: ahead.min(MAX_COUNTED_AHEAD),
            ahead_at_least: ahead > MAX_COUNTED_AHEAD,
            limits: self.what_limits_it(job),
        })
    }

    fn waits_for(&self, id: JobId) -> Vec<Dependency> {
        let unmet = self.edges.after(id).filter(|dependency| dependency.state != DependencyState::Met);
        let (mut first, open): (Vec<_>, Vec<_>) =
            unmet.partition(|dependency| dependency.state == DependencyState::Blocked);
        first.extend(open);
        first.truncate(MAX_NAMED_WAITS);
        first
    }

    /// How many a claim takes first, counted to one more than wanted.
    fn ahead(&self, job: &JobSummary) -> u64 {
        let Some(queue) = self.lists.find(&job.queue).filter(|_| job.state.is_first()) else { return 0 };
        let most = usize::try_from(MAX_COUNTED_AHEAD + 1).unwrap_or(usize::MAX);
        queue.ready.range(..lists::turn(job)).take(most).count() as u64
    }

    fn what_limits_it(&self, job: &StoredJob) -> Vec<(LimitRef, String, MeterUse)> {
        let whole_queue = self.meters.book.whole_queue(&job.row.queue);
        let whole_queue = whole_queue.map(|limit| (Arc::clone(limit), String::new()));
        let limits = whole_queue.chain(self.limits_of(job));
        let with_use = |(limit, key): (LimitRef, String)| {
            let usage = self.meters.usage(&limit, &key);
            (limit, key, usage)
        };
        limits.map(with_use).collect()
    }
}
