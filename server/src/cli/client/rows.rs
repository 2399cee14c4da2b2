//! The rows and queues that live frames tell of, as they stand.

use std::collections::BTreeMap;

use serde::Serialize;
use taskyard::shared::job::{JobId, JobSummary};
use taskyard::shared::queue::QueueStatus;
use taskyard::shared::view::{JobsDelta, ViewDelta, ViewSnapshot};

use super::feed::FeedEvent;

/// What one `Jobs` view and the `Queues` view show. Bounded by the limit of the view.
#[derive(Debug, Default)]
pub struct LiveRows {
    jobs: BTreeMap<JobId, JobSummary>,
    queues: BTreeMap<String, QueueStatus>,
}

/// What a frame changed, for whoever tells changes one by one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RowChange {
    Job { job: JobSummary },
    Removed { id: JobId },
    Queue { queue: QueueStatus },
}

impl LiveRows {
    /// Newest first.
    pub fn jobs(&self) -> impl Iterator<Item = &JobSummary> {
        self.jobs.values().rev()
    }

    pub fn job(&self, id: JobId) -> Option<&JobSummary> {
        self.jobs.get(&id)
    }

    /// Sorted by name.
    pub fn queues(&self) -> impl Iterator<Item = &QueueStatus> {
        self.queues.values()
    }

    /// Takes a frame in. Answers what is different now.
    pub fn apply(&mut self, event: &FeedEvent) -> Vec<RowChange> {
        match event {
            FeedEvent::Snapshot(ViewSnapshot::Jobs { window }) => {
                let kept: Vec<JobId> = window.rows.iter().map(|row| row.id).collect();
                let gone = self.jobs.keys().filter(|id| !kept.contains(id)).copied().collect();
                self.change(&JobsDelta {
                    removed: gone,
                    changed: window.rows.clone(),
                    ..JobsDelta::default()
                })
            }
            FeedEvent::Delta(ViewDelta::Jobs { changes }) => self.change(changes),
            FeedEvent::Snapshot(ViewSnapshot::Queues { queues })
            | FeedEvent::Delta(ViewDelta::Queues { queues }) => self.set_queues(queues),
            FeedEvent::Lost { .. }
            | FeedEvent::Snapshot(
                ViewSnapshot::Yard { .. } | ViewSnapshot::Log { .. } | ViewSnapshot::Services { .. },
            )
            | FeedEvent::Delta(ViewDelta::Yard { .. } | ViewDelta::Log { .. } | ViewDelta::Services { .. }) => {
                Vec::new()
            }
        }
    }

    fn change(&mut self, delta: &JobsDelta) -> Vec<RowChange> {
        let mut changes = Vec::new();
        for id in &delta.removed {
            if self.jobs.remove(id).is_some() {
                changes.push(RowChange::Removed { id: *id });
            }
        }
        for row in &delta.changed {
            let before = self.jobs.insert(row.id, row.clone());
            if before.as_ref() != Some(row) {
                changes.push(RowChange::Job { job: row.clone() });
            }
        }
        for (id, progress) in &delta.progress {
            if let Some(row) = self.jobs.get_mut(id) {
                row.progress = *progress;
                changes.push(RowChange::Job { job: row.clone() });
            }
        }
        changes
    }

    fn set_queues(&mut self, queues: &[QueueStatus]) -> Vec<RowChange> {
        let mut changes = Vec::new();
        for queue in queues {
            let before = self.queues.insert(queue.name.clone(), queue.clone());
            if before.as_ref() != Some(queue) {
                changes.push(RowChange::Queue { queue: queue.clone() });
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use taskyard::shared::job::{JobState, Progress};
    use taskyard::shared::view::JobsWindow;

    use super::*;

    fn job(id: u64) -> JobSummary {
        JobSummary {
            id: JobId(id),
            kind: "demo".to_owned(),
            queue: "demo".to_owned(),
            name: format!("job {id}"),
            detail: String::new(),
            state: JobState::Pending,
            progress: Progress::NONE,
            attempt: 0,
            failures: 0,
            max_attempts: 1,
            priority: 0,
            batch: None,
            run_at_ms: None,
            created_at_ms: 0,
            started_at_ms: None,
            finished_at_ms: None,
            error: None,
        }
    }

    fn snapshot(ids: &[u64]) -> FeedEvent {
        let rows = ids.iter().map(|id| job(*id)).collect();
        let window = JobsWindow { rows, offset: None, total: None, more: false };
        FeedEvent::Snapshot(ViewSnapshot::Jobs { window })
    }

    fn delta(changes: JobsDelta) -> FeedEvent {
        FeedEvent::Delta(ViewDelta::Jobs { changes })
    }

    #[test]
    fn deltas_build_on_the_snapshot_and_the_newest_comes_first() {
        let mut rows = LiveRows::default();
        rows.apply(&snapshot(&[2, 1]));
        let half = Progress::from_fraction(0.5);
        let changes = rows.apply(&delta(JobsDelta {
            removed: vec![JobId(1)],
            changed: vec![job(3)],
            progress: vec![(JobId(2), half), (JobId(9), half)],
            ..JobsDelta::default()
        }));
        assert_eq!(rows.jobs().map(|job| job.id.0).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(rows.job(JobId(2)).unwrap().progress, half);
        assert_eq!(changes.len(), 3, "a row that is not shown has no progress to tell: {changes:?}");
    }

    #[test]
    fn a_second_snapshot_tells_only_what_is_different() {
        let mut rows = LiveRows::default();
        rows.apply(&snapshot(&[1, 2]));
        let changes = rows.apply(&snapshot(&[2, 3]));
        assert_eq!(changes, [RowChange::Removed { id: JobId(1) }, RowChange::Job { job: job(3) }]);
    }
}
