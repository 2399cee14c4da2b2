//! Why a job waits: told from the same state, by the same code, that decides when it starts.

use taskyard_shared::explain::{Explanation, Reason};
use taskyard_shared::job::{DependencyState, JobState};

use super::queues::Obstacle;
use super::state::{Core, Mode};
use crate::limits::Admission;
use crate::store::WaitingFacts;

/// Most jobs named that hold the slots.
const NAMED_HOLDERS: usize = 10;

impl Core {
    /// `facts` is what the store says of the job.
    pub fn explain(&self, facts: &WaitingFacts, now_ms: i64) -> Explanation {
        let job = &facts.job;
        let mut reasons = match job.state {
            JobState::Waiting => self.waits_for(facts),
            JobState::Scheduled => {
                job.run_at_ms.map(|run_at_ms| Reason::RunTime { run_at_ms }).into_iter().collect()
            }
            JobState::Pending => self.holds_up(facts, now_ms),
            JobState::Processing | JobState::Completed | JobState::Failed | JobState::Cancelled => Vec::new(),
        };
        let expired_at_ms =
            facts.options.expires_at_ms.filter(|at_ms| now_ms > *at_ms && job.state.is_first());
        if let Some(expired_at_ms) = expired_at_ms {
            reasons.insert(0, Reason::Expired { expired_at_ms });
        }
        let estimated_start_ms = self.estimate(facts, &reasons, now_ms);
        Explanation { job: job.id, state: job.state, reasons, estimated_start_ms }
    }

    fn waits_for(&self, facts: &WaitingFacts) -> Vec<Reason> {
        let failed = facts.waits_for.iter().filter(|on| on.state == DependencyState::Blocked);
        let mut reasons: Vec<Reason> = failed.map(|on| Reason::DependencyFailed { job: on.job }).collect();
        let open = facts.waits_for.iter().filter(|on| on.state == DependencyState::Open);
        let jobs: Vec<_> = open.map(|on| on.job).collect();
        if !jobs.is_empty() {
            let count = facts.waits_for_count.saturating_sub(reasons.len() as u64);
            reasons.push(Reason::WaitsFor { jobs, count });
        }
        reasons
    }

    fn holds_up(&self, facts: &WaitingFacts, now_ms: i64) -> Vec<Reason> {
        let job = &facts.job;
        let mut reasons = Vec::new();
        if self.mode == Mode::Draining {
            reasons.push(Reason::Stopping {});
        }
        if self.config.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&job.kind)) {
            reasons.push(Reason::NoWorker { kind: job.kind.clone() });
        }
        match self.queues.get(job.queue.as_str()).and_then(|queue| queue.obstacle()) {
            Some(Obstacle::Paused) => reasons.push(Reason::QueuePaused { queue: job.queue.clone() }),
            Some(Obstacle::NoFreeSlot) => reasons.push(self.no_free_slot(&job.queue)),
            Some(Obstacle::StoreRefused) => reasons.push(Reason::StoreFailing {}),
            Some(Obstacle::Blocked) | None => {}
        }
        for (limit, key, used) in &facts.limits {
            let free_at_ms = match used.admits(limit, now_ms) {
                Admission::Free => continue,
                Admission::Full => None,
                Admission::NotBefore { at_ms } => Some(at_ms),
            };
            let key = limit.key.as_ref().map(|_| key.clone());
            reasons.push(Reason::Limited { limit: limit.name.clone(), key, free_at_ms });
        }
        if facts.ahead > 0 {
            reasons.push(Reason::Behind { jobs: facts.ahead, at_least: facts.ahead_at_least });
        }
        reasons
    }

    fn no_free_slot(&self, queue: &str) -> Reason {
        let mut held_by: Vec<_> =
            self.working.iter().filter(|(_, work)| *work.queue == *queue).map(|(id, _)| *id).collect();
        held_by.sort_unstable();
        held_by.truncate(NAMED_HOLDERS);
        let slots = self.queues.get(queue).map_or(0, |queue| queue.settings.concurrency);
        Reason::NoFreeSlot { queue: queue.to_owned(), slots, held_by }
    }

    /// Where nothing but time and the jobs before it stand in the way.
    fn estimate(&self, facts: &WaitingFacts, reasons: &[Reason], now_ms: i64) -> Option<i64> {
        if reasons.iter().any(|reason| matches!(reason, Reason::Expired { .. })) {
            return None;
        }
        let mut at_ms = match facts.job.state {
            JobState::Scheduled => return facts.job.run_at_ms,
            JobState::Pending => now_ms,
            _ => return None,
        };
        for reason in reasons {
            match reason {
                Reason::Limited { free_at_ms, .. } => at_ms = at_ms.max((*free_at_ms)?),
                Reason::Behind { at_least: false, .. } | Reason::NoFreeSlot { .. } => {}
                _ => return None,
            }
        }
        if facts.ahead == 0 && !reasons.iter().any(|reason| matches!(reason, Reason::NoFreeSlot { .. })) {
            return Some(at_ms);
        }
        let queue = self.queues.get(facts.job.queue.as_str())?;
        let turns = facts.ahead / u64::from(queue.settings.concurrency.max(1)) + 1;
        let wait_ms = i64::try_from(turns).unwrap_or(i64::MAX).saturating_mul(queue.usual_run_ms?);
        Some(at_ms.saturating_add(wait_ms))
    }
}
