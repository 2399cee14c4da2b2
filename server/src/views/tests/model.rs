//! A store that is only a map, a session that only listens, and a client that takes in frames as a tab does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Actor, Context, Handler};
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::event::ServerFrame;
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobState, JobSummary, Progress};
use taskyard_shared::log::{LogLevel, LogLine, apply_lines};
use taskyard_shared::queue::{QueueStatus, Retention, StateCounts, apply_queues};
use taskyard_shared::view::{
    JobFilter, JobsQuery, SortOrder, ViewDelta, ViewQuery, ViewSnapshot, WindowStart, YardLists,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::pubsub::{CommitEvents, JobChange};
use crate::store::{
    CommitSeq, EndedJob, IdempotencyKey, InsertResult, JobsPage, LogPage, StoreError, StoreReader,
    WaitingFacts,
};
use crate::views::messages::ToSession;

pub fn job(id: u64, queue: &str, name: &str) -> JobSummary {
    JobSummary {
        id: JobId(id),
        kind: "demo".to_owned(),
        queue: queue.to_owned(),
        name: name.to_owned(),
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

pub fn queue(name: &str, counts: StateCounts) -> QueueStatus {
    QueueStatus {
        name: name.to_owned(),
        concurrency: 1,
        paused: false,
        draining: false,
        max_attempts: None,
        timeout_ms: None,
        retention: Retention::default(),
        counts,
        stopping: 0,
    }
}

/// The newest jobs, of any state.
pub fn newest_jobs(limit: u32) -> JobsQuery {
    JobsQuery { filter: JobFilter::default(), sort: SortOrder::Newest, start: WindowStart::Top, limit }
}

pub fn newest(limit: u32) -> ViewQuery {
    ViewQuery::Jobs { query: newest_jobs(limit) }
}

/// A session that keeps what it is told.
pub struct Inbox(pub UnboundedSender<ToSession>);

impl Actor for Inbox {
    type Context = Context<Self>;
}

impl Handler<ToSession> for Inbox {
    type Result = ();

    fn handle(&mut self, message: ToSession, _: &mut Self::Context) {
        // The test may have ended.
        let _ = self.0.send(message);
    }
}

#[derive(Clone, Default)]
pub struct Model {
    inner: Arc<Mutex<Inner>>,
    pub reads: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Inner {
    jobs: BTreeMap<JobId, Arc<JobSummary>>,
    logs: BTreeMap<JobId, Vec<LogLine>>,
    yard: YardLists,
    commit: u64,
    refuses: bool,
}

impl Model {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn refuse_reads(&self, refuses: bool) {
        self.inner().refuses = refuses;
    }

    pub fn next_id(&self) -> u64 {
        self.inner().jobs.last_key_value().map_or(1, |(id, _)| id.0 + 1)
    }

    /// Commits these changes and answers what a queue would publish.
    pub fn commit(&self, changes: Vec<JobChange>) -> Arc<CommitEvents> {
        let mut inner = self.inner();
        inner.commit += 1;
        for change in &changes {
            match change {
                JobChange::Changed(job) => {
                    inner.jobs.insert(job.id, Arc::clone(job));
                }
                JobChange::Progressed(id, progress) => {
                    if let Some(job) = inner.jobs.get_mut(id) {
                        Arc::make_mut(job).progress = *progress;
                    }
                }
                JobChange::Removed(ids) => ids.iter().for_each(|id| {
                    inner.jobs.remove(id);
                    inner.logs.remove(id);
                }),
            }
        }
        let commit = CommitSeq(inner.commit);
        drop(inner);
        Arc::new(CommitEvents { commit, changes, queues: self.queues(), ..CommitEvents::default() })
    }

    /// Writes lines to the log of a job, if it is there.
    pub fn write(&self, job: JobId, attempt: u32, count: u32) -> Arc<CommitEvents> {
        let mut inner = self.inner();
        inner.commit += 1;
        let commit = CommitSeq(inner.commit);
        let mut lines = Vec::new();
        if inner.jobs.contains_key(&job) {
            let log = inner.logs.entry(job).or_default();
            let last = log.last().map_or((1, 0), |line| (line.attempt, line.number));
            let (attempt, before) = if attempt > last.0 { (attempt, 0) } else { last };
            lines.extend((1..=count).map(|number| (job, line(attempt, before + number))));
            log.extend(lines.iter().map(|(_, line)| line.clone()));
        }
        Arc::new(CommitEvents { commit, lines, ..CommitEvents::default() })
    }

    /// Changes the lists, and answers what a queue would publish: those that `change` touched.
    pub fn change_yard(&self, change: impl FnOnce(&mut YardLists)) -> Arc<CommitEvents> {
        let mut inner = self.inner();
        inner.commit += 1;
        let before = inner.yard.clone();
        change(&mut inner.yard);
        let yard = &inner.yard;
        Arc::new(CommitEvents {
            commit: CommitSeq(inner.commit),
            schedules: (yard.schedules != before.schedules).then(|| yard.schedules.clone()),
            limits: (yard.limits != before.limits).then(|| yard.limits.clone()),
            operations: (yard.operations != before.operations).then(|| yard.operations.clone()),
            ..CommitEvents::default()
        })
    }

    pub fn yard(&self) -> YardLists {
        self.inner().yard.clone()
    }

    /// The newest lines of a job's log, as a fresh snapshot has them.
    pub fn lines(&self, job: JobId, limit: u32) -> Vec<LogLine> {
        let inner = self.inner();
        let log = inner.logs.get(&job).map_or(&[][..], Vec::as_slice);
        log[log.len().saturating_sub(limit as usize)..].to_vec()
    }

    pub fn add(&self, queue: &str, name: &str) -> Arc<CommitEvents> {
        self.commit(vec![JobChange::Changed(Arc::new(job(self.next_id(), queue, name)))])
    }

    /// What a queue publishes first after a start.
    pub fn reload(&self) -> Arc<CommitEvents> {
        let YardLists { schedules, limits, operations } = self.yard();
        Arc::new(CommitEvents {
            commit: self.commit_seq(),
            queues: self.queues(),
            schedules: Some(schedules),
            limits: Some(limits),
            operations: Some(operations),
            reload: true,
            ..CommitEvents::default()
        })
    }

    pub fn get(&self, id: u64) -> Option<JobSummary> {
        self.inner().jobs.get(&JobId(id)).map(|job| JobSummary::clone(job))
    }

    pub fn commit_seq(&self) -> CommitSeq {
        CommitSeq(self.inner().commit)
    }

    pub fn queues(&self) -> Vec<QueueStatus> {
        let mut counts: BTreeMap<String, StateCounts> = BTreeMap::new();
        for queue in ["a", "b"] {
            counts.insert(queue.to_owned(), StateCounts::default());
        }
        for job in self.inner().jobs.values() {
            counts.entry(job.queue.clone()).or_default()[job.state] += 1;
        }
        counts.into_iter().map(|(name, counts)| queue(&name, counts)).collect()
    }

    pub fn page(&self, query: &JobsQuery) -> JobsPage {
        let inner = self.inner();
        let mut rows: Vec<_> = inner.jobs.values().filter(|job| query.filter.matches(job)).cloned().collect();
        if query.sort == SortOrder::Newest {
            rows.reverse();
        }
        match (query.start, query.sort) {
            (WindowStart::Top, _) => (),
            (WindowStart::After { id }, SortOrder::Newest) => rows.retain(|job| job.id < id),
            (WindowStart::After { id }, SortOrder::Oldest) => rows.retain(|job| job.id > id),
            (WindowStart::Offset { rows: skip }, _) => {
                rows.drain(..rows.len().min(skip as usize));
            }
        }
        let more = rows.len() > query.limit as usize;
        rows.truncate(query.limit as usize);
        JobsPage { rows, more, as_of: CommitSeq(inner.commit), scanned_to: None }
    }

    pub fn total(&self, query: &JobsQuery) -> u64 {
        self.inner().jobs.values().filter(|job| query.filter.matches(job)).count() as u64
    }
}

fn line(attempt: u32, number: u32) -> LogLine {
    LogLine { attempt, number, at_ms: 0, level: LogLevel::Info, text: format!("line {attempt}.{number}") }
}

impl Model {
    fn count_read(&self) -> Result<(), StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.inner().refuses {
            return Err(StoreError::Refused("told to refuse".to_owned()));
        }
        Ok(())
    }
}

impl StoreReader for Model {
    fn list(&self, query: &JobsQuery) -> Result<JobsPage, StoreError> {
        self.count_read()?;
        Ok(self.page(query))
    }

    fn log(&self, id: JobId, _: Option<u32>, limit: u32) -> Result<LogPage, StoreError> {
        self.count_read()?;
        Ok(LogPage { lines: self.lines(id, limit), as_of: self.commit_seq() })
    }

    fn job(&self, _: JobId) -> Result<Option<JobDetail>, StoreError> {
        Ok(None)
    }

    fn artifact(&self, _: JobId, _: &str) -> Result<Option<FileRef>, StoreError> {
        Ok(None)
    }

    fn ended(&self, _: EndedJob, _: u32) -> Result<Vec<Arc<JobSummary>>, StoreError> {
        Ok(Vec::new())
    }
    fn unreferenced(&self, _: &[String]) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn answered(&self, _: &IdempotencyKey, _: i64) -> Result<Option<InsertResult>, StoreError> {
        Ok(None)
    }
    fn batch(&self, _: BatchId) -> Result<Option<BatchStatus>, StoreError> {
        Ok(None)
    }

    fn waiting_facts(&self, _: JobId) -> Result<Option<WaitingFacts>, StoreError> {
        Ok(None)
    }
}

/// A tab's copy of one view.
#[derive(Default)]
pub struct Tab {
    pub seq: Option<u64>,
    pub shown: Option<ViewSnapshot>,
    pub snapshots: usize,
    pub deltas: usize,
}

impl Tab {
    /// Takes in a frame of the view that was asked for by `query`; deltas must follow without a gap.
    pub fn take(&mut self, text: &str, query: &ViewQuery) {
        match serde_json::from_str(text).expect("a frame of the protocol") {
            ServerFrame::Snapshot { seq, snapshot, .. } => {
                self.seq = Some(seq);
                self.shown = Some(snapshot);
                self.snapshots += 1;
            }
            ServerFrame::Delta { seq, delta, .. } => {
                assert_eq!(Some(seq), self.seq.map(|seq| seq + 1), "deltas are consecutive");
                self.seq = Some(seq);
                self.deltas += 1;
                self.apply(&delta, query);
            }
            other => panic!("no frame of a view: {other:?}"),
        }
    }

    fn apply(&mut self, delta: &ViewDelta, query: &ViewQuery) {
        match (&mut self.shown, delta, query) {
            (Some(ViewSnapshot::Queues { queues }), ViewDelta::Queues { queues: changed }, _) => {
                apply_queues(queues, changed);
            }
            (Some(ViewSnapshot::Jobs { window }), ViewDelta::Jobs { changes }, ViewQuery::Jobs { query }) => {
                window.apply(changes, query.sort, query.limit)
            }
            (
                Some(ViewSnapshot::Yard { yard }),
                ViewDelta::Yard { schedules, limits, operations },
                ViewQuery::Yard {},
            ) => yard.apply(schedules, limits, operations),
            (Some(ViewSnapshot::Log { lines }), ViewDelta::Log { lines: added }, ViewQuery::Log { .. }) => {
                apply_lines(lines, added);
            }
            other => panic!("a delta that does not fit: {other:?}"),
        }
    }

    pub fn rows(&self) -> &[JobSummary] {
        match &self.shown {
            Some(ViewSnapshot::Jobs { window }) => &window.rows,
            other => panic!("no rows: {other:?}"),
        }
    }

    pub fn lines(&self) -> &[LogLine] {
        match &self.shown {
            Some(ViewSnapshot::Log { lines }) => lines,
            other => panic!("no lines: {other:?}"),
        }
    }
}
