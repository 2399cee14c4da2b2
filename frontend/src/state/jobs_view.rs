//! One window into the list of jobs, kept up to date by the frames of its live view.

use taskyard_shared::job::JobSummary;
use taskyard_shared::view::{JobsDelta, JobsWindow, SortOrder};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobsView {
    pub rows: Vec<JobSummary>,
    /// Rows before the first one, as counted when the view was opened.
    pub offset: Option<u64>,
    pub total: Option<u64>,
    pub more: bool,
    pub sort: SortOrder,
}

impl JobsView {
    pub fn new(window: JobsWindow, sort: SortOrder) -> Self {
        let JobsWindow { rows, offset, total, more } = window;
        let mut view = JobsView { rows: Vec::with_capacity(rows.len()), offset, total, more, sort };
        rows.into_iter().for_each(|row| view.put(row));
        view
    }

    /// Applies a delta in the order that the protocol defines.
    pub fn apply(&mut self, delta: JobsDelta) {
        self.rows.retain(|row| !delta.removed.contains(&row.id));
        for changed in delta.changed {
            self.put(changed);
        }
        for (id, progress) in delta.progress {
            if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
                row.progress = progress;
            }
        }
        self.total = delta.total;
        self.more = delta.more;
    }

    /// Takes in a row, new or changed, at its place in the order.
    fn put(&mut self, job: JobSummary) {
        let sort = self.sort;
        let at = self.rows.partition_point(|row| match sort {
            SortOrder::Newest => row.id > job.id,
            SortOrder::Oldest => row.id < job.id,
        });
        match self.rows.get_mut(at) {
            Some(row) if row.id == job.id => *row = job,
            _ => self.rows.insert(at, job),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use taskyard_shared::job::{JobId, JobState, Progress};

    use super::*;

    pub fn job(id: u64) -> JobSummary {
        JobSummary {
            id: JobId(id),
            kind: "demo".into(),
            queue: "demo".into(),
            name: format!("job {id}"),
            detail: String::new(),
            state: JobState::Pending,
            progress: Progress::NONE,
            attempt: 0,
            failures: 0,
            max_attempts: 5,
            priority: 0,
            batch: None,
            created_at_ms: 0,
            run_at_ms: None,
            started_at_ms: None,
            finished_at_ms: None,
            error: None,
        }
    }

    pub fn view(ids: impl IntoIterator<Item = u64>, offset: u64, total: u64, more: bool) -> JobsView {
        let rows = ids.into_iter().map(job).collect();
        JobsView::new(JobsWindow { rows, offset: Some(offset), total: Some(total), more }, SortOrder::Newest)
    }

    pub fn ids(rows: &[JobSummary]) -> Vec<u64> {
        rows.iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn delta_removes_changes_and_then_moves_progress() {
        let mut jobs = view([3, 2, 1], 0, 3, false);
        let mut running = job(2);
        running.state = JobState::Processing;
        jobs.apply(JobsDelta {
            removed: vec![JobId(1)],
            changed: vec![running, job(4)],
            progress: vec![(JobId(2), Progress::from_thousandths(300)), (JobId(99), Progress::DONE)],
            total: Some(9),
            more: true,
        });
        assert_eq!(ids(&jobs.rows), [4, 3, 2]);
        assert_eq!(jobs.rows[2].state, JobState::Processing);
        assert_eq!(jobs.rows[2].progress.thousandths(), 300);
        assert_eq!((jobs.total, jobs.more), (Some(9), true));
    }

    #[test]
    fn oldest_first_views_stay_oldest_first() {
        let rows = vec![job(2), job(1)];
        let window = JobsWindow { rows, offset: Some(0), total: Some(2), more: false };
        let mut jobs = JobsView::new(window, SortOrder::Oldest);
        jobs.apply(JobsDelta { changed: vec![job(3)], total: Some(3), ..JobsDelta::default() });
        assert_eq!(ids(&jobs.rows), [1, 2, 3]);
    }
}
