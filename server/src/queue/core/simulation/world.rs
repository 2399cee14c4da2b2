//! A small world around the core: a memory store that commits when told, an executor whose work ends when
//! told, and crashes of the queue or of the whole process. After each step it checks what always holds.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::json;
use taskyard_shared::command::AddOutcome;
use taskyard_shared::job::{DependencyState, JobId, JobState, JobSummary, Progress};
use taskyard_shared::queue::{QueueChange, QueueStatus, StateCounts};
use taskyard_shared::schedule::{Schedule, ScheduleStatus};
use taskyard_shared::view::{JobsQuery, SortOrder, YardLists};

use super::limit_watch::LimitWatch;
use crate::pubsub::{CommitEvents, JobChange};
use crate::queue::core::{
    AddedBy, Answer, AttemptId, Core, CoreConfig, Decision, EndedAttempt, Input, KnownAttempt, Mode,
    RequestId,
};
use crate::queue::messages::QueueError;
use crate::store::conformance::yard::{job, top};
use crate::store::memory::MemoryStore;
use crate::store::writer::Ticket;
use crate::store::{
    AddTerms, AttemptEnd, JobInsert, OpResult, QueueSettings, Store, StoreError, StoreWriter, StoredYard,
    WriteOp,
};

pub const QUEUES: [&str; 3] = ["alpha", "beta", "gamma"];

/// An attempt as the executor has it.
struct Work {
    queue: String,
    told_to_stop: bool,
    ended: Option<AttemptEnd>,
}

pub struct World {
    core: Core,
    store: MemoryStore,
    writer: Box<dyn StoreWriter>,
    /// Submitted and not committed.
    waiting: VecDeque<(Ticket, WriteOp)>,
    work: BTreeMap<AttemptId, Work>,
    /// Every attempt that ever began.
    begun: BTreeSet<AttemptId>,
    pub now_ms: i64,
    /// What the core asked to be woken at last.
    armed_at_ms: Option<i64>,
    next_request: u64,
    unanswered: BTreeSet<RequestId>,
    pub answers: Vec<(RequestId, Result<Answer, QueueError>)>,
    /// Jobs whose adding was acknowledged, less those whose deletion was published.
    pub acknowledged: BTreeSet<JobId>,
    /// What the events said last of each job.
    seen: HashMap<JobId, JobState>,
    /// The most attempts that may be at work: the concurrency, or an earlier one until they have ended.
    ceilings: HashMap<String, u32>,
    limits: LimitWatch,
    /// Every job that began, in the order of its start.
    pub started: Vec<JobId>,
    /// How often the core was woken.
    pub wakes: usize,
}

impl World {
    pub fn new() -> Self {
        let store = MemoryStore::new();
        let mut writer = store.writer().unwrap();
        let stored = writer.load().unwrap();
        let (core, decisions) = Core::rebuild(config(), stored, Vec::new(), 0, Mode::Working, 1_000_000);
        let mut world = World {
            core,
            store,
            writer,
            waiting: VecDeque::new(),
            work: BTreeMap::new(),
            begun: BTreeSet::new(),
            now_ms: 1_000_000,
            armed_at_ms: None,
            next_request: 0,
            unanswered: BTreeSet::new(),
            answers: Vec::new(),
            acknowledged: BTreeSet::new(),
            seen: HashMap::new(),
            ceilings: HashMap::new(),
            limits: LimitWatch::default(),
            started: Vec::new(),
            wakes: 0,
        };
        world.carry_out(decisions);
        world
    }

    pub fn request(&mut self, input: impl FnOnce(RequestId) -> Input) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        self.unanswered.insert(request);
        self.apply(input(request));
        request
    }

    pub fn add(&mut self, queue: &str, count: usize) -> RequestId {
        self.add_jobs((0..count).map(|_| job(queue, "a job")).collect())
    }

    pub fn add_jobs(&mut self, jobs: Vec<JobInsert>) -> RequestId {
        self.request(|request| Input::Add { request, jobs, terms: AddTerms::default(), by: AddedBy::Caller })
    }

    fn apply(&mut self, input: Input) {
        let decisions = self.core.apply(input, self.now_ms);
        self.carry_out(decisions);
    }

    fn carry_out(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            match decision {
                Decision::Write(ticket, op) => self.waiting.push_back((ticket, op)),
                Decision::Start(claimed) => {
                    let id = AttemptId::of(&claimed);
                    assert!(self.begun.insert(id), "{id:?} was started twice");
                    self.started.push(id.job);
                    let queue = claimed.job.queue.clone();
                    self.work.insert(id, Work { queue, told_to_stop: false, ended: None });
                }
                Decision::Stop(id) => {
                    if let Some(work) = self.work.get_mut(&id) {
                        work.told_to_stop = true;
                    }
                }
                Decision::Settle(id) => {
                    let work = self.work.remove(&id);
                    assert!(work.is_none_or(|work| work.ended.is_some()), "{id:?} settled while at work");
                }
                Decision::Answer(request, answer) => {
                    assert!(self.unanswered.remove(&request), "{request:?} was answered twice");
                    if let Ok(Answer::Added(added)) = &answer {
                        self.acknowledged.extend(added.outcomes.iter().filter_map(added_id));
                    }
                    self.answers.push((request, answer));
                }
                Decision::Publish(events) => self.hear(&events),
                Decision::WakeAt { at_ms } => self.armed_at_ms = Some(at_ms),
            }
        }
        self.check();
    }

    fn hear(&mut self, events: &CommitEvents) {
        if events.reload {
            self.seen = self.stored_states().into_iter().collect();
            let exists = &self.seen;
            self.acknowledged.retain(|id| exists.contains_key(id));
        }
        for change in &events.changes {
            match change {
                JobChange::Changed(job) => {
                    let before = self.seen.insert(job.id, job.state);
                    assert!(
                        before.map_or(job.state.is_first(), |before| {
                            // A change of its priority leaves a job where it is.
                            before.may_become(job.state) || (before == job.state && before.is_first())
                        }),
                        "job {} went from {before:?} to {}",
                        job.id,
                        job.state
                    );
                }
                JobChange::Progressed(id, _) => {
                    assert_eq!(self.seen.get(id), Some(&JobState::Processing), "progress of job {id}");
                }
                JobChange::Removed(ids) => {
                    for id in ids {
                        let state = self.seen.remove(id);
                        assert!(state.is_some_and(JobState::is_finished), "job {id} deleted while {state:?}");
                        self.acknowledged.remove(id);
                    }
                }
            }
        }
    }

    /// Commits the first `count` waiting operations in one transaction.
    pub fn commit(&mut self, count: usize) {
        let (tickets, ops): (Vec<_>, Vec<_>) = self.waiting.drain(..count.min(self.waiting.len())).unzip();
        if ops.is_empty() {
            return;
        }
        let committed = self.writer.apply(&ops, self.now_ms).unwrap();
        self.watch_limits(&ops, &committed.results);
        let results = tickets.into_iter().zip(committed.results).collect();
        self.apply(Input::Committed {
            commit: committed.commit,
            results,
            limits: committed.limits,
            outside: committed.outside,
        });
    }

    fn watch_limits(&mut self, ops: &[WriteOp], results: &[OpResult]) {
        for (op, result) in ops.iter().zip(results) {
            match (op, result) {
                (WriteOp::SetLimit { limit }, _) => self.limits.set(limit.clone()),
                (WriteOp::RemoveLimit { name }, _) => self.limits.remove(name),
                (_, OpResult::Claimed(claimed)) => {
                    for claimed in &claimed.jobs {
                        self.limits.claimed(claimed, self.now_ms);
                    }
                }
                _ => {}
            }
        }
    }

    /// Puts a schedule into the store that the core would not take, due now.
    pub fn store_schedule(&mut self, schedule: Schedule) {
        let (name, now_ms) = (schedule.name.clone(), self.now_ms);
        let stored = self.writer.load().unwrap().schedules;
        let mut stored = stored.into_iter().find(|stored| stored.status.schedule.name == name).unwrap();
        stored.status.schedule = schedule;
        stored.status.next_run_at_ms = Some(now_ms);
        self.writer.apply(&[WriteOp::SetSchedule { schedule: Box::new(stored) }], now_ms).unwrap();
    }

    pub fn commit_all(&mut self) {
        while !self.waiting.is_empty() {
            self.commit(usize::MAX);
        }
    }

    /// The disk refuses the first `count` waiting operations.
    pub fn refuse(&mut self, count: usize) {
        self.fail(count, StoreError::Io("disk full".to_owned()));
    }

    /// The store refuses the first `count` waiting operations, each for what it is.
    pub fn refuse_alone(&mut self, count: usize) {
        for _ in 0..count {
            self.fail(1, StoreError::Refused("too big".to_owned()));
        }
    }

    fn fail(&mut self, count: usize, error: StoreError) {
        let ops: Vec<_> = self.waiting.drain(..count.min(self.waiting.len())).collect();
        if !ops.is_empty() {
            self.apply(Input::WriteFailed { ops, error });
        }
    }

    /// Operations that the store has not answered.
    pub fn waiting(&self) -> impl Iterator<Item = &WriteOp> {
        self.waiting.iter().map(|(_, op)| op)
    }

    /// Time passes, up to what the core waits for if that comes before.
    pub fn pass_time(&mut self, ms: i64) {
        let until_ms = self.now_ms + ms;
        match self.armed_at_ms.filter(|at_ms| *at_ms <= until_ms) {
            Some(at_ms) => {
                self.now_ms = self.now_ms.max(at_ms);
                self.armed_at_ms = None;
                self.wakes += 1;
                self.apply(Input::Wake { at_ms });
            }
            None => self.now_ms = until_ms,
        }
    }

    pub fn pick_work(&self, pick: usize) -> Option<AttemptId> {
        let at_work: Vec<_> = self.at_work().map(|(id, _)| *id).collect();
        (!at_work.is_empty()).then(|| at_work[pick % at_work.len()])
    }

    /// The work of an attempt ends by itself, or because it was told to stop.
    pub fn end_work(&mut self, id: AttemptId, end: AttemptEnd) {
        let Some(work) = self.work.get_mut(&id) else { return };
        let end = if work.told_to_stop { AttemptEnd::Released } else { end };
        work.ended = Some(end.clone());
        self.apply(Input::Ended { ends: vec![EndedAttempt { attempt: id, end, artifacts: Vec::new() }] });
    }

    /// A report about an attempt that may be long over.
    pub fn report_again(&mut self, pick: usize) {
        let over: Vec<_> = self
            .begun
            .iter()
            .filter(|id| self.work.get(id).is_none_or(|work| work.ended.is_some()))
            .collect();
        if let Some(&&attempt) = over.get(pick % over.len().max(1)) {
            let end = AttemptEnd::Completed { result: json!("late"), reused: None };
            self.apply(Input::Ended { ends: vec![EndedAttempt { attempt, end, artifacts: Vec::new() }] });
        }
    }

    pub fn progress(&mut self, pick: usize, thousandths: u16) {
        if let Some(id) = self.pick_work(pick) {
            let progress = Progress::from_thousandths(thousandths);
            self.apply(Input::Progress { reports: vec![(id.job, id.attempt, progress)] });
        }
    }

    /// The queue's actor panics and is rebuilt; the store and the executor go on.
    pub fn crash_queue(&mut self) {
        let ops: Vec<_> = self.waiting.drain(..).map(|(_, op)| op).collect();
        if !ops.is_empty() {
            let done = self.writer.apply(&ops, self.now_ms).unwrap();
            self.watch_limits(&ops, &done.results);
        }
        self.unanswered.clear();
        let known = self
            .work
            .iter()
            .map(|(&attempt, work)| KnownAttempt {
                attempt,
                queue: work.queue.as_str().into(),
                ended: work.ended.clone().map(|end| (end, Vec::new())),
            })
            .collect();
        let stored = self.writer.load().unwrap();
        self.rebuild(stored, known);
    }

    /// The process is killed: what waited was never written, and all work is gone.
    pub fn crash_process(&mut self) {
        self.waiting.clear();
        self.unanswered.clear();
        self.work.clear();
        self.writer.recover_lost(3, self.now_ms).unwrap();
        let stored = self.writer.load().unwrap();
        assert!(stored.processing.is_empty(), "a job stayed processing after a crash");
        self.rebuild(stored, Vec::new());
    }

    fn rebuild(&mut self, stored: StoredYard, known: Vec<KnownAttempt>) {
        let next_ticket = self.core.next_ticket();
        let (core, decisions) =
            Core::rebuild(config(), stored, known, next_ticket, Mode::Working, self.now_ms);
        self.core = core;
        self.armed_at_ms = None;
        self.carry_out(decisions);
    }

    fn at_work(&self) -> impl Iterator<Item = (&AttemptId, &Work)> {
        self.work.iter().filter(|(_, work)| work.ended.is_none())
    }

    /// What holds after every step, whatever happened.
    fn check(&mut self) {
        let mut jobs = BTreeSet::new();
        for (id, _) in self.at_work() {
            assert!(jobs.insert(id.job), "job {} is at work twice at once", id.job);
        }
        for status in self.core.statuses() {
            let at_work = self.at_work().filter(|(_, work)| work.queue == status.name).count() as u32;
            let ceiling = self.ceilings.entry(status.name.clone()).or_insert(status.concurrency);
            *ceiling = if at_work <= status.concurrency {
                status.concurrency
            } else {
                (*ceiling).max(status.concurrency)
            };
            assert!(at_work <= *ceiling, "{at_work} at work in {}, concurrency {ceiling}", status.name);
        }
        let at_work: BTreeSet<AttemptId> = self.at_work().map(|(id, _)| *id).collect();
        self.limits.check(&at_work);
        self.check_stored();
    }

    /// The core's counts and schedules are the store's, and the store's counts are what a recount gives.
    fn check_stored(&mut self) {
        let stored = self.writer.load().unwrap();
        let mut recounted: BTreeMap<String, StateCounts> = BTreeMap::new();
        for job in self.stored_jobs() {
            recounted.entry(job.queue.clone()).or_default()[job.state] += 1;
        }
        for queue in &stored.queues {
            let recount = recounted.get(&*queue.name).copied().unwrap_or_default();
            assert_eq!(queue.counts, recount, "the recount of {}", queue.name);
        }
        for status in self.core.statuses() {
            let counts = stored.queues.iter().find(|queue| *queue.name == *status.name).map(|q| q.counts);
            assert_eq!(status.counts, counts.unwrap_or_default(), "counts of {}", status.name);
        }
        let schedules: Vec<_> = stored.schedules.into_iter().map(|schedule| schedule.status).collect();
        assert_eq!(self.core.lists().schedules, schedules, "schedules are as they are stored");
        for status in schedules.iter().filter(|status| status.schedule.paused) {
            assert_eq!(status.next_run_at_ms, None, "{} is paused", status.schedule.name);
        }
    }

    /// Time passes and nobody is woken, as when the process is not there.
    pub fn sleep(&mut self, ms: i64) {
        self.now_ms += ms;
    }

    pub fn queues(&self) -> Vec<QueueStatus> {
        self.core.statuses()
    }

    pub fn lists(&self) -> YardLists {
        self.core.lists()
    }

    pub fn job(&self, id: JobId) -> JobSummary {
        self.store.reader().job(id).unwrap().unwrap().job
    }

    pub fn stored_jobs(&self) -> Vec<std::sync::Arc<JobSummary>> {
        let query = JobsQuery { limit: u32::MAX, ..top(SortOrder::Oldest) };
        self.store.reader().list(&query).unwrap().rows
    }

    pub fn stored_states(&self) -> BTreeMap<JobId, JobState> {
        self.stored_jobs().iter().map(|job| (job.id, job.state)).collect()
    }

    /// Lets everything come to its end: queues go on, work ends, the disk takes all, time passes.
    pub fn run_to_the_end(&mut self) {
        self.commit_all();
        for ScheduleStatus { schedule, .. } in self.core.lists().schedules {
            self.request(|request| Input::RemoveSchedule { request, name: schedule.name });
        }
        for queue in QUEUES {
            let change = QueueChange { paused: Some(false), draining: Some(false), ..QueueChange::default() };
            self.request(|request| Input::Configure { request, queue: queue.to_owned(), change });
        }
        for _ in 0..5_000 {
            self.commit_all();
            match self.pick_work(0) {
                Some(id) => self.end_work(id, AttemptEnd::Completed { result: json!(null), reused: None }),
                None if self.waiting.is_empty() && self.is_at_rest() => return self.check_end(),
                // What is left waits for a time.
                None => self.pass_time(60_000),
            }
        }
        panic!("the jobs do not come to an end: {:?}", self.stored_states());
    }

    /// Whether nothing can happen any more but what comes from outside.
    fn is_at_rest(&self) -> bool {
        let jobs = self.stored_jobs();
        let is_stuck = |job: &JobSummary| job.state == JobState::Waiting && self.waits_for_ever(job.id);
        self.work.is_empty()
            && jobs.iter().all(|job| job.state.is_finished() || is_stuck(job))
            && self.core.lists().operations.iter().all(|operation| operation.finished_at_ms.is_some())
    }

    /// Whether a job comes after one that did not complete, or after one that itself waits for ever.
    fn waits_for_ever(&self, id: JobId) -> bool {
        let Some(detail) = self.store.reader().job(id).unwrap() else { return false };
        detail.after.iter().any(|on| match on.state {
            DependencyState::Blocked => true,
            DependencyState::Open => self.waits_for_ever(on.job),
            DependencyState::Met => false,
        })
    }

    fn check_end(&self) {
        let states = self.stored_states();
        for id in &self.acknowledged {
            assert!(states.contains_key(id), "job {id} was acknowledged and is lost");
        }
        assert_eq!(self.core.working_count(), 0, "a slot is taken and nothing works");
        assert!(self.unanswered.is_empty(), "{:?} wait for ever", self.unanswered);
        assert!(self.work.is_empty(), "the executor remembers settled attempts");
        for limit in self.core.lists().limits {
            assert_eq!((limit.running, limit.held_back), (0, 0), "limit {} is at work", limit.limit.name);
        }
    }
}

fn added_id(outcome: &AddOutcome) -> Option<JobId> {
    match outcome {
        AddOutcome::Added { id } => Some(*id),
        _ => None,
    }
}

fn config() -> CoreConfig {
    CoreConfig {
        queue_defaults: HashMap::from([("beta".to_owned(), QueueSettings::with_concurrency(2))]),
        other_queues: QueueSettings::with_concurrency(1),
        kinds: None,
    }
}
