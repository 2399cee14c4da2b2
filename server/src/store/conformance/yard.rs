//! A store under test, and short ways to say what is done to it.

mod given;
mod orders;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobState, JobSummary, Progress};
use taskyard_shared::queue::StateCounts;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use crate::store::ops::{
    AddTerms, AttemptEnd, ClaimResult, ClaimedJob, FinishResult, InsertOutcome, InsertResult, JobInsert,
    OpResult, QueueSettings, WriteOp,
};
use crate::store::{Committed, JobsPage, Store, StoreError, StoreReader, StoreWriter};

pub use given::*;
pub use orders::in_queue;

pub struct TestYard {
    pub store: Box<dyn Store>,
    pub writer: Box<dyn StoreWriter>,
    pub reader: Arc<dyn StoreReader>,
    /// The time of the next operation; moves on by one with each.
    pub now_ms: i64,
    /// What must live as long as the store, such as its folder.
    _holds: Box<dyn Any>,
}

impl TestYard {
    pub fn new(store: impl Store + 'static, holds: impl Any) -> Self {
        let writer = store.writer().expect("a fresh store has its writer");
        let reader = store.reader();
        TestYard { store: Box::new(store), writer, reader, now_ms: 1_000, _holds: Box::new(holds) }
    }

    pub fn try_apply(&mut self, ops: &[WriteOp]) -> Result<Committed, StoreError> {
        let now_ms = self.now_ms;
        self.now_ms += 1;
        self.writer.apply(ops, now_ms)
    }

    pub fn apply(&mut self, op: WriteOp) -> OpResult {
        let mut done = self.try_apply(&[op]).expect("the operation is accepted");
        assert_eq!(done.results.len(), 1);
        done.results.remove(0)
    }

    pub fn add(&mut self, queue: &str) -> JobId {
        self.add_job(job(queue, "a job"))
    }

    pub fn add_job(&mut self, job: JobInsert) -> JobId {
        self.add_jobs(vec![job])[0]
    }

    /// Adds all of them, and each as a new job.
    pub fn add_jobs(&mut self, jobs: Vec<JobInsert>) -> Vec<JobId> {
        let added = |outcome: InsertOutcome| match outcome {
            InsertOutcome::Added(row) => row.id,
            other => panic!("{other:?}"),
        };
        self.insert(jobs, AddTerms::default()).into_iter().map(added).collect()
    }

    /// What became of each.
    pub fn insert(&mut self, jobs: Vec<JobInsert>, terms: AddTerms) -> Vec<InsertOutcome> {
        match self.apply(WriteOp::Insert { jobs, terms }) {
            OpResult::Inserted(InsertResult::Done { outcomes, .. }) => outcomes,
            other => panic!("{other:?}"),
        }
    }

    pub fn claim(&mut self, queue: &str, limit: u32) -> Vec<ClaimedJob> {
        self.claim_all(queue, limit).jobs
    }

    /// A claim with all that it answers.
    pub fn claim_all(&mut self, queue: &str, limit: u32) -> ClaimResult {
        match self.apply(claim(queue, limit)) {
            OpResult::Claimed(claimed) => claimed,
            other => panic!("{other:?}"),
        }
    }

    /// Adds a job and claims it, with no other one waiting in its queue.
    pub fn run(&mut self, queue: &str) -> JobId {
        let id = self.add(queue);
        assert_eq!(self.claim(queue, 1)[0].job.id, id);
        id
    }

    pub fn finish(&mut self, id: JobId, attempt: u32, end: AttemptEnd) -> Option<Arc<JobSummary>> {
        self.finish_with(id, attempt, end, Vec::new())
    }

    pub fn finish_with(
        &mut self,
        id: JobId,
        attempt: u32,
        end: AttemptEnd,
        artifacts: Vec<FileRef>,
    ) -> Option<Arc<JobSummary>> {
        self.finish_all(id, attempt, end, artifacts).map(|finished| finished.job)
    }

    /// An end with all that it answers.
    pub fn finish_all(
        &mut self,
        id: JobId,
        attempt: u32,
        end: AttemptEnd,
        artifacts: Vec<FileRef>,
    ) -> Option<FinishResult> {
        match self.apply(WriteOp::Finish { id, attempt, end, artifacts }) {
            OpResult::Finished(finished) => finished,
            other => panic!("{other:?}"),
        }
    }

    pub fn report(&mut self, id: JobId, attempt: u32, thousandths: u16) -> bool {
        let reports = vec![(id, attempt, Progress::from_thousandths(thousandths))];
        match self.apply(WriteOp::Progress { reports }) {
            OpResult::Progressed(changed) => !changed.is_empty(),
            other => panic!("{other:?}"),
        }
    }

    pub fn cancel(&mut self, id: JobId) -> OpResult {
        self.apply(WriteOp::Cancel { id })
    }

    pub fn retry(&mut self, id: JobId) -> OpResult {
        self.apply(WriteOp::Retry { id })
    }

    pub fn configure(&mut self, queue: &str, concurrency: u32, paused: bool) {
        let settings = QueueSettings { paused, ..QueueSettings::with_concurrency(concurrency) };
        self.apply(WriteOp::ConfigureQueue { queue: queue.into(), settings });
    }

    /// Ids that were cleared, and whether there may be more.
    pub fn clear(&mut self, queue: Option<&str>, finished_by_ms: i64, limit: u32) -> (Vec<u64>, bool) {
        match self.apply(clear(queue, finished_by_ms, limit)) {
            OpResult::Cleared { groups, more, .. } => {
                (groups.into_iter().flat_map(|group| group.ids).map(|id| id.0).collect(), more)
            }
            other => panic!("{other:?}"),
        }
    }

    /// A job that ended in `state`.
    pub fn add_ended(&mut self, queue: &str, state: JobState) -> JobId {
        let id = self.run(queue);
        match state {
            JobState::Completed => assert!(self.finish(id, 1, completed()).is_some()),
            JobState::Failed => assert!(self.finish(id, 1, failed("it broke")).is_some()),
            _ => assert!(matches!(self.cancel(id), OpResult::Cancelled(_))),
        }
        id
    }

    pub fn detail(&self, id: JobId) -> JobDetail {
        self.reader.job(id).expect("readable").expect("the job exists")
    }

    pub fn state(&self, id: JobId) -> JobState {
        self.detail(id).job.state
    }

    pub fn list(&self, query: &JobsQuery) -> JobsPage {
        self.reader.list(query).expect("readable")
    }

    pub fn counts(&mut self, queue: &str) -> StateCounts {
        let yard = self.writer.load().expect("readable");
        yard.queues.iter().find(|stored| &*stored.name == queue).expect("the queue exists").counts
    }

    /// The counts of each queue, counted one by one, are what the store says they are.
    pub fn assert_counts_are_exact(&mut self) {
        let yard = self.writer.load().expect("readable");
        let mut total = 0;
        for queue in yard.queues {
            let mut counted = StateCounts::default();
            for row in self.all(&JobFilter { queue: Some(queue.name.to_string()), ..JobFilter::default() }) {
                counted[row.state] += 1;
            }
            assert_eq!(queue.counts, counted, "queue {}", queue.name);
            total += counted.total();
        }
        let all = self.all(&JobFilter::default());
        assert_eq!(all.len() as u64, total);
        self.assert_batches_are_exact(&all);
    }

    fn assert_batches_are_exact(&self, all: &[Arc<JobSummary>]) {
        let mut counted = BTreeMap::<BatchId, StateCounts>::new();
        for row in all {
            if let Some(batch) = row.batch {
                counted.entry(batch).or_default()[row.state] += 1;
            }
        }
        for (id, counts) in counted {
            let batch = self.reader.batch(id).expect("readable").expect("it has jobs");
            assert_eq!(batch.counts, counts, "batch {id}");
        }
    }

    /// All rows that pass, page by page, newest first.
    pub fn all(&self, filter: &JobFilter) -> Vec<Arc<JobSummary>> {
        let mut query = JobsQuery { limit: 100, filter: filter.clone(), ..top(SortOrder::Newest) };
        let mut rows = Vec::new();
        loop {
            let page = self.list(&query);
            let last = page.rows.last().map(|row| row.id).or(page.scanned_to);
            rows.extend(page.rows);
            match last {
                Some(id) if page.more => query.start = WindowStart::After { id },
                _ => return rows,
            }
        }
    }
}
