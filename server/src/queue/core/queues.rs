//! One queue as the core knows it, and when it may claim.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use taskyard_shared::limits::MAX_QUEUES;
use taskyard_shared::queue::{QueueChange, QueueStatus, StateCounts};

use super::decision::{Decision, RequestId};
use super::pending::Pending;
use super::state::{Core, Mode};
use super::times::{earlier, has_come};
use crate::limits::Admission;
use crate::queue::messages::QueueError;
use crate::store::{InsertError, JobInsert, QueueSettings, WriteOp};

/// Of so many jobs that a queue starts one is the one that was added first, whatever its priority: so nothing
/// starves.
pub(super) const OLDEST_EVERY: u32 = 8;

/// How long a queue waits at most that a limit on all of it has filled: jobs that count towards that limit may have
/// ended without the queue's knowing, such as work that was stopped.
const FULL_LIMIT_RETRY_MS: i64 = 1_000;

#[derive(Debug)]
pub(super) struct QueueState {
    /// As committed: what holds.
    pub settings: QueueSettings,
    /// Changes on their way to the disk, oldest first. Bounded by the requests under way.
    pub changing: VecDeque<QueueSettings>,
    pub counts: StateCounts,
    /// Attempts at work, those being stopped included.
    pub slots_used: u32,
    /// Of these, the ones being stopped.
    pub stopping: u32,
    /// Slots that the claims under way may fill.
    pub claiming: u32,
    /// A claim found fewer jobs than it had room for: those that still wait are held back by limits, and no further
    /// claim is made before a job becomes pending or is released.
    pub exhausted: bool,
    /// Whether the settings are on the disk, or on their way there.
    pub known_to_store: bool,
    /// The store refused a claim: no further one before it is asked again.
    pub claim_refused: bool,
    /// A limit of the whole queue admits no start before.
    pub blocked_until_ms: Option<i64>,
    /// That is only how long is waited at most: the limit admits one when a job at work has ended.
    pub blocked_until_an_end: bool,
    /// Starts so far, for [`OLDEST_EVERY`].
    pub starts: u32,
    /// How long its jobs took lately: a moving average.
    pub usual_run_ms: Option<i64>,
}

/// What keeps a queue from claiming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    Paused,
    NoFreeSlot,
    StoreRefused,
    /// By a limit of the whole queue.
    Blocked,
}

impl QueueState {
    pub fn new(settings: QueueSettings) -> Self {
        QueueState {
            settings,
            changing: VecDeque::new(),
            counts: StateCounts::default(),
            slots_used: 0,
            stopping: 0,
            claiming: 0,
            exhausted: false,
            known_to_store: false,
            claim_refused: false,
            blocked_until_ms: None,
            blocked_until_an_end: false,
            starts: 0,
            usual_run_ms: None,
        }
    }

    pub fn status(&self, name: &str) -> QueueStatus {
        QueueStatus {
            name: name.to_owned(),
            concurrency: self.settings.concurrency,
            paused: self.settings.paused,
            draining: self.settings.draining,
            max_attempts: self.settings.max_attempts,
            timeout_ms: self.settings.timeout_ms,
            retention: self.settings.retention.clone(),
            counts: self.counts,
            stopping: self.stopping,
        }
    }

    /// What keeps it from claiming, if anything does. Changes that are on their way to the disk bind where they are
    /// stricter: a claim behind one in the same transaction must not pass it by.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let mut holding = self.changing.iter().chain([&self.settings]);
        if holding.any(|settings| settings.paused) {
            Some(Obstacle::Paused)
        } else if self.slots_used >= self.concurrency() {
            Some(Obstacle::NoFreeSlot)
        } else if self.claim_refused {
            Some(Obstacle::StoreRefused)
        } else if self.blocked_until_ms.is_some() {
            Some(Obstacle::Blocked)
        } else {
            None
        }
    }

    /// The strictest that holds, or is about to.
    fn concurrency(&self) -> u32 {
        self.changing.iter().map(|settings| settings.concurrency).fold(self.settings.concurrency, u32::min)
    }

    /// How many jobs a claim may take now, if that many wait.
    fn room(&self) -> u32 {
        match self.obstacle() {
            Some(_) => 0,
            None => self.concurrency().saturating_sub(self.slots_used + self.claiming),
        }
    }

    /// As asked for last: what the next change starts from.
    pub fn wanted(&self) -> &QueueSettings {
        self.changing.back().unwrap_or(&self.settings)
    }

    /// A change is on the disk.
    pub fn changed(&mut self, settings: QueueSettings) {
        self.changing.pop_front();
        self.settings = settings;
    }

    /// The store refused a change.
    pub fn change_refused(&mut self) {
        self.changing.pop_front();
    }

    /// How many jobs the queue should claim now, besides those that claims under way may take, when `added` more are
    /// stored in the same transaction.
    fn claimable(&self, added: u32) -> u32 {
        let pending = if self.exhausted { 0 } else { self.counts.pending };
        let waiting = u32::try_from(pending).unwrap_or(u32::MAX).saturating_sub(self.claiming);
        self.room().min(waiting.saturating_add(added))
    }

    /// Of the `starts` that follow those of the claims under way, how many must be the oldest.
    fn oldest_among(&self, starts: u32) -> u32 {
        let before = self.starts + self.claiming;
        (before + starts) / OLDEST_EVERY - before / OLDEST_EVERY
    }

    /// A claim that could fill `limit` slots has filled `starts` of them.
    pub fn started(&mut self, starts: u32, limit: u32) {
        self.claiming -= limit;
        self.starts = (self.starts + starts) % OLDEST_EVERY;
    }

    /// What came of a claim: whether a limit of the whole queue admits no further start.
    pub fn blocked(&mut self, by: Option<Admission>, now_ms: i64) {
        self.blocked_until_an_end = by == Some(Admission::Full);
        self.blocked_until_ms = match by {
            None | Some(Admission::Free) => None,
            Some(Admission::NotBefore { at_ms }) => Some(at_ms),
            Some(Admission::Full) => Some(now_ms + FULL_LIMIT_RETRY_MS),
        };
    }

    /// The end of a job is on the disk.
    pub fn ended(&mut self) {
        if self.blocked_until_an_end {
            self.blocked_until_an_end = false;
            self.blocked_until_ms = None;
        }
    }

    /// A job took so long.
    pub fn ran(&mut self, run_ms: i64) {
        let run_ms = run_ms.max(0);
        self.usual_run_ms = Some(self.usual_run_ms.map_or(run_ms, |usual| usual + (run_ms - usual) / 8));
    }
}

impl Core {
    pub(super) fn claim_where_possible(&mut self, out: &mut Vec<Decision>) {
        if self.mode == Mode::Draining {
            return;
        }
        // Bounded by MAX_QUEUES, and only queues that were touched can have become able to claim.
        let ready: Vec<_> = self
            .touched
            .iter()
            .filter_map(|name| {
                let limit = self.queues.get(name)?.claimable(0);
                (limit > 0).then(|| (Arc::clone(name), limit))
            })
            .collect();
        for (queue, limit) in ready {
            self.claim(&queue, limit, out);
        }
    }

    /// Claims `limit` slots' worth. The caller has checked that they are free.
    pub(super) fn claim(&mut self, queue: &Arc<str>, limit: u32, out: &mut Vec<Decision>) {
        let Some(state) = self.queues.get_mut(queue) else { return };
        let oldest = state.oldest_among(limit);
        state.claiming += limit;
        let kinds = self.config.kinds.clone();
        self.write(
            Pending::Claim { queue: Arc::clone(queue), limit },
            WriteOp::Claim { queue: Arc::clone(queue), limit, oldest, kinds },
            out,
        );
    }

    /// Right behind an insert, in the same transaction: a free slot takes the job without a second commit.
    pub(super) fn claim_behind_insert(&mut self, queue: &Arc<str>, added: u32, out: &mut Vec<Decision>) {
        if self.mode == Mode::Draining {
            return;
        }
        let limit = self.queues.get(queue).map_or(0, |state| state.claimable(added));
        if limit > 0 {
            self.claim(queue, limit, out);
        }
    }

    /// Queues whose limits may admit a start again.
    pub(super) fn unblock_queues(&mut self, now_ms: i64) {
        for (name, queue) in &mut self.queues {
            if queue.blocked_until_ms.is_some_and(|at_ms| has_come(at_ms, now_ms)) {
                queue.blocked_until_ms = None;
                self.touched.insert(Arc::clone(name));
            }
        }
    }

    pub(super) fn next_unblocked_at_ms(&self) -> Option<i64> {
        self.queues.values().map(|queue| queue.blocked_until_ms).fold(None, earlier)
    }

    pub(super) fn is_draining(&self, queue: &str) -> bool {
        self.queues.get(queue).is_some_and(|state| state.wanted().draining)
    }

    /// What the queue says goes before what the kind says.
    pub(super) fn take_queue_defaults(&self, job: &mut JobInsert) {
        if let Some(state) = self.queues.get(&job.queue) {
            state.wanted().complete(job);
        }
    }

    /// The queue of that name exists from now on.
    pub(super) fn ensure_queue(&mut self, name: &str, out: &mut Vec<Decision>) -> Result<(), QueueError> {
        if !self.queues.contains_key(name) && self.queues.len() >= MAX_QUEUES {
            return Err(QueueError::TooManyQueues);
        }
        self.make_queue(name, out);
        Ok(())
    }

    /// Makes the queue of that name with its defaults, and writes it, when it does not exist. The caller has seen to it
    /// that there is room for it.
    pub(super) fn make_queue(&mut self, name: &str, out: &mut Vec<Decision>) {
        if let Some((known, state)) = self.queues.get_key_value(name) {
            // Made earlier, but the store refused to keep its settings: they are written again.
            if !state.known_to_store {
                let (known, settings) = (Arc::clone(known), state.wanted().clone());
                self.write_settings(None, &known, settings, out);
            }
            return;
        }
        let settings = self.config.queue_defaults.get(name).unwrap_or(&self.config.other_queues).clone();
        let name: Arc<str> = name.into();
        self.queues.insert(Arc::clone(&name), QueueState::new(settings.clone()));
        self.touched.insert(Arc::clone(&name));
        self.write_settings(None, &name, settings, out);
    }

    /// Jobs whose queues take none, by their places.
    pub(super) fn refused_by_queues(&self, jobs: &[JobInsert]) -> BTreeMap<usize, InsertError> {
        let mut refused = BTreeMap::new();
        let mut new: BTreeSet<&str> = BTreeSet::new();
        for (place, job) in jobs.iter().enumerate() {
            match self.queues.get(&job.queue) {
                Some(state) if state.wanted().draining => {
                    refused.insert(place, InsertError::QueueDraining(job.queue.to_string()));
                }
                Some(_) => {}
                None if new.contains(&*job.queue) => {}
                None if self.queues.len() + new.len() < MAX_QUEUES => {
                    new.insert(&job.queue);
                }
                None => {
                    refused.insert(place, InsertError::TooManyQueues);
                }
            }
        }
        refused
    }

    pub(super) fn write_settings(
        &mut self,
        request: Option<RequestId>,
        queue: &Arc<str>,
        settings: QueueSettings,
        out: &mut Vec<Decision>,
    ) {
        if let Some(state) = self.queues.get_mut(queue) {
            state.known_to_store = true;
            state.changing.push_back(settings.clone());
        }
        let op = WriteOp::ConfigureQueue { queue: Arc::clone(queue), settings: settings.clone() };
        self.write(Pending::Configure { request, queue: Arc::clone(queue), settings }, op, out);
    }

    pub(super) fn configure(
        &mut self,
        request: RequestId,
        queue: &str,
        change: &QueueChange,
        out: &mut Vec<Decision>,
    ) {
        let settings = match self.changed_settings(queue, change) {
            Ok(settings) => settings,
            Err(error) => return out.push(Decision::Answer(request, Err(error))),
        };
        let Some((name, _)) = self.queues.get_key_value(queue) else { return };
        let name = Arc::clone(name);
        let op = WriteOp::ConfigureQueue { queue: Arc::clone(&name), settings: settings.clone() };
        let pending = Pending::Configure {
            request: Some(request),
            queue: Arc::clone(&name),
            settings: settings.clone(),
        };
        if self.request(request, pending, op, out)
            && let Some(state) = self.queues.get_mut(&name)
        {
            state.changing.push_back(settings);
        }
    }

    fn changed_settings(&self, queue: &str, change: &QueueChange) -> Result<QueueSettings, QueueError> {
        let state = self.queues.get(queue).ok_or_else(|| QueueError::NoSuchQueue(queue.to_owned()))?;
        let wanted = state.wanted();
        let settings = QueueSettings {
            paused: change.paused.unwrap_or(wanted.paused),
            draining: change.draining.unwrap_or(wanted.draining),
            concurrency: change.concurrency.unwrap_or(wanted.concurrency),
            max_attempts: change.max_attempts.unwrap_or(wanted.max_attempts),
            timeout_ms: change.timeout_ms.unwrap_or(wanted.timeout_ms),
            retention: wanted.retention.changed(&change.retention.unwrap_or_default()),
        };
        settings.check().map_err(QueueError::BadSetting)?;
        Ok(settings)
    }
}
