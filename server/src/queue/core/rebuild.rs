//! Making a core from what the store keeps and what the executor is doing: at the start of a process, and
//! again after the queue's actor has panicked.

use std::collections::HashSet;
use std::sync::Arc;

use taskyard_shared::job::FileRef;

use super::queues::QueueState;
use super::{AttemptId, Core, CoreConfig, Decision, Mode, Phase};
use crate::pubsub::CommitEvents;
use crate::store::{AttemptEnd, StoredYard};

/// An attempt that the executor has and that was not settled.
#[derive(Clone, Debug)]
pub struct KnownAttempt {
    pub attempt: AttemptId,
    pub queue: Arc<str>,
    /// How it ended, with its files; None while it runs.
    pub ended: Option<(AttemptEnd, Vec<FileRef>)>,
}

impl Core {
    /// `stored` must have been loaded after everything written before, and `known` read after that.
    /// `next_ticket` follows every ticket of an earlier core; `mode` is that of the earlier core.
    ///
    /// Each attempt is in one of these cases:
    ///
    /// | store | executor | then |
    /// |---|---|---|
    /// | processing | runs | goes on, in its slot |
    /// | processing | ended | its end is written (again) |
    /// | processing | unknown | it was claimed and never started: it starts now |
    /// | else | runs | it was cancelled: it is stopped (again), and holds its slot until it has ended |
    /// | else | ended | settled |
    pub fn rebuild(
        config: CoreConfig,
        stored: StoredYard,
        known: Vec<KnownAttempt>,
        next_ticket: u64,
        mode: Mode,
    ) -> (Core, Vec<Decision>) {
        let mut core = Core::empty(config, next_ticket, mode);
        core.commit = stored.commit;
        for queue in stored.queues {
            let mut state = QueueState::new(queue.settings);
            state.counts = queue.counts;
            state.known_to_store = true;
            core.touched.insert(Arc::clone(&queue.name));
            core.queues.insert(queue.name, state);
        }
        let mut out =
            vec![Decision::Publish(CommitEvents { commit: core.commit, reload: true, ..Default::default() })];
        let processing: HashSet<AttemptId> = stored.processing.iter().map(AttemptId::of).collect();
        let mut known_ids = HashSet::new();
        for known in known {
            known_ids.insert(known.attempt);
            core.take_over(known, &processing, &mut out);
        }
        for claimed in stored.processing {
            if !known_ids.contains(&AttemptId::of(&claimed)) {
                let queue: Arc<str> = claimed.job.queue.as_str().into();
                core.start(&queue, claimed, &mut out);
            }
        }
        core.make_declared_queues(&mut out);
        core.claim_where_possible(&mut out);
        core.publish_touched(&mut out);
        (core, out)
    }

    fn take_over(&mut self, known: KnownAttempt, processing: &HashSet<AttemptId>, out: &mut Vec<Decision>) {
        let KnownAttempt { attempt, queue, ended } = known;
        match (processing.contains(&attempt), ended) {
            (true, None) => self.take_slot(&queue, attempt, Phase::Running),
            (true, Some((end, artifacts))) => self.write_end(attempt, queue, end, artifacts, out),
            (false, None) => {
                self.take_slot(&queue, attempt, Phase::Stopping);
                out.push(Decision::Stop(attempt));
            }
            (false, Some(_)) => out.push(Decision::Settle(attempt)),
        }
    }

    /// Queues that are declared exist, and are seen, before their first job.
    fn make_declared_queues(&mut self, out: &mut Vec<Decision>) {
        let mut declared: Vec<String> = self.config.queue_defaults.keys().cloned().collect();
        declared.sort();
        for name in declared {
            if self.ensure_queue(&name, out).is_err() {
                // There are as many queues as there may be: this one is made by its first job, or refused then.
                return;
            }
        }
    }

    fn empty(config: CoreConfig, next_ticket: u64, mode: Mode) -> Core {
        Core {
            config,
            queues: Default::default(),
            working: Default::default(),
            held: Default::default(),
            pending: Default::default(),
            next_ticket,
            progress_under_way: false,
            unwritten_jobs: 0,
            unwritten_bytes: 0,
            requests: 0,
            commit: Default::default(),
            refused_finishes: Vec::new(),
            wake_wanted: false,
            wake_at_ms: None,
            mode,
            drain_request: None,
            touched: Default::default(),
        }
    }
}
