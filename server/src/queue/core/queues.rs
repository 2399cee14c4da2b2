//! One queue as the core knows it, and when it may claim.

use std::collections::VecDeque;
use std::sync::Arc;

use taskyard_shared::limits::{MAX_CONCURRENCY, MAX_QUEUES};
use taskyard_shared::queue::{QueueStatus, StateCounts};

use super::{Core, Decision, Mode, Pending, RequestId};
use crate::queue::messages::QueueError;
use crate::store::{QueueSettings, WriteOp};

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
    /// Slots that a claim under way may fill. There is never more than one claim under way for a queue.
    pub claiming: u32,
    /// Whether the settings are on the disk, or on their way there.
    pub known_to_store: bool,
    /// The store refused a claim: no further one before the core is woken.
    pub claim_refused: bool,
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
            known_to_store: false,
            claim_refused: false,
        }
    }

    pub fn status(&self, name: &str) -> QueueStatus {
        QueueStatus {
            name: name.to_owned(),
            concurrency: self.settings.concurrency,
            paused: self.settings.paused,
            counts: self.counts,
            stopping: self.stopping,
        }
    }

    /// How many jobs a claim may take now, if that many wait. Changes that are on their way to the disk bind
    /// where they are stricter: a claim behind one in the same transaction must not pass it by.
    fn room(&self) -> u32 {
        if self.claiming > 0 || self.claim_refused {
            return 0;
        }
        let allowed = |settings: &QueueSettings| if settings.paused { 0 } else { settings.concurrency };
        let strictest = self.changing.iter().map(allowed).fold(allowed(&self.settings), u32::min);
        strictest.saturating_sub(self.slots_used)
    }

    /// As asked for last: what the next change starts from.
    fn wanted(&self) -> &QueueSettings {
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

    /// How many jobs the queue should claim now, when `added` more are stored in the same transaction.
    fn claimable(&self, added: u32) -> u32 {
        let waiting = u32::try_from(self.counts.pending).unwrap_or(u32::MAX);
        self.room().min(waiting.saturating_add(added))
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
        state.claiming = limit;
        self.write(
            Pending::Claim { queue: Arc::clone(queue) },
            WriteOp::Claim { queue: Arc::clone(queue), limit },
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

    /// The queue of that name, made with its defaults (and written) when it does not exist.
    pub(super) fn ensure_queue(&mut self, name: &str, out: &mut Vec<Decision>) -> Result<(), QueueError> {
        if let Some((known, state)) = self.queues.get_key_value(name) {
            // Made earlier, but the store refused to keep its settings: they are written again.
            if !state.known_to_store {
                let (known, settings) = (Arc::clone(known), state.wanted().clone());
                self.write_settings(None, &known, settings, out);
            }
            return Ok(());
        }
        if self.queues.len() >= MAX_QUEUES {
            return Err(QueueError::TooManyQueues);
        }
        let settings = self.config.queue_defaults.get(name).unwrap_or(&self.config.other_queues).clone();
        let name: Arc<str> = name.into();
        self.queues.insert(Arc::clone(&name), QueueState::new(settings.clone()));
        self.touched.insert(Arc::clone(&name));
        self.write_settings(None, &name, settings, out);
        Ok(())
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
        paused: Option<bool>,
        concurrency: Option<u32>,
        out: &mut Vec<Decision>,
    ) {
        let settings = match self.changed_settings(queue, paused, concurrency) {
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

    fn changed_settings(
        &self,
        queue: &str,
        paused: Option<bool>,
        concurrency: Option<u32>,
    ) -> Result<QueueSettings, QueueError> {
        let state = self.queues.get(queue).ok_or_else(|| QueueError::NoSuchQueue(queue.to_owned()))?;
        if let Some(concurrency) = concurrency
            && !(1..=MAX_CONCURRENCY).contains(&concurrency)
        {
            return Err(QueueError::BadConcurrency(concurrency));
        }
        Ok(QueueSettings {
            paused: paused.unwrap_or(state.wanted().paused),
            concurrency: concurrency.unwrap_or(state.wanted().concurrency),
        })
    }
}
