//! Making a core from what the store keeps and what the executor is doing: at the start of a process, and
//! again after the queue's actor has panicked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use taskyard_shared::job::{FileRef, JobId};
use taskyard_shared::new_job::Backoff;

use super::decision::{AttemptId, Decision};
use super::queues::QueueState;
use super::schedules::ScheduleState;
use super::state::{Core, CoreConfig, Mode, Phase, Rerun, Working};
use crate::pubsub::CommitEvents;
use crate::store::{AttemptEnd, ClaimedJob, StoredYard};

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
    /// | else, and counted towards limits | unknown | it was claimed, cancelled and never started: that is given back |
    /// | else | ended | what it took of limits is given back, then settled |
    pub fn rebuild(
        config: CoreConfig,
        stored: StoredYard,
        known: Vec<KnownAttempt>,
        next_ticket: u64,
        mode: Mode,
        now_ms: i64,
    ) -> (Core, Vec<Decision>) {
        let mut core = Core::empty(config, next_ticket, mode);
        core.commit = stored.commit;
        core.times.promote_at_ms = stored.due_at_ms;
        core.times.resolve_wanted = stored.unresolved;
        core.limits = stored.limits;
        core.operations = stored.operations;
        let schedules = stored.schedules.into_iter();
        core.schedules = schedules
            .map(|schedule| (schedule.status.schedule.name.clone(), ScheduleState::new(schedule)))
            .collect();
        core.changed.limits = true;
        core.changed.schedules = true;
        core.changed.operations = true;
        for queue in stored.queues {
            let mut state = QueueState::new(queue.settings);
            state.counts = queue.counts;
            state.known_to_store = true;
            core.touched.insert(Arc::clone(&queue.name));
            core.queues.insert(queue.name, state);
        }
        let mut out =
            vec![Decision::Publish(CommitEvents { commit: core.commit, reload: true, ..Default::default() })];
        let mut processing: HashMap<AttemptId, ClaimedJob> =
            stored.processing.into_iter().map(|claimed| (AttemptId::of(&claimed), claimed)).collect();
        let at_work: HashSet<JobId> = known.iter().map(|known| known.attempt.job).collect();
        for id in stored.still_counted.into_iter().filter(|id| !at_work.contains(id)) {
            core.work_ended(AttemptId { job: id, attempt: 0 }, true, &mut out);
        }
        for known in known {
            core.take_over(known, &mut processing, now_ms, &mut out);
        }
        let mut never_started: Vec<ClaimedJob> = processing.into_values().collect();
        never_started.sort_by_key(|claimed| claimed.job.id);
        for claimed in never_started {
            let queue: Arc<str> = claimed.job.queue.as_str().into();
            core.start(&queue, claimed, now_ms, &mut out);
        }
        core.make_declared_queues(&mut out);
        core.go_on(now_ms, &mut out);
        (core, out)
    }

    fn take_over(
        &mut self,
        known: KnownAttempt,
        processing: &mut HashMap<AttemptId, ClaimedJob>,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let KnownAttempt { attempt, queue, ended } = known;
        let working = |phase, rerun, is_limited| Working {
            attempt: attempt.attempt,
            queue,
            phase,
            since_ms: now_ms,
            rerun,
            is_limited,
        };
        match (processing.remove(&attempt), ended) {
            (Some(claimed), None) => {
                let working = working(Phase::Running, Rerun::of(&claimed), claimed.is_limited);
                self.take_slot(attempt.job, working);
            }
            (Some(claimed), Some((end, artifacts))) => {
                self.decide_end(attempt, end, &Rerun::of(&claimed), artifacts, now_ms, out);
            }
            (None, None) => {
                // Cancelled: nothing follows from how it ends. Whether it counts towards limits is not known any
                // more; to give back what was not taken changes nothing.
                let rerun = Rerun { failures: 0, max_attempts: 1, backoff: Backoff::default() };
                self.take_slot(attempt.job, working(Phase::Stopping, rerun, true));
                out.push(Decision::Stop(attempt));
            }
            (None, Some(_)) => self.work_ended(attempt, true, out),
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
            unwritten_progress: Default::default(),
            unwritten_lines: 0,
            unwritten_jobs: 0,
            unwritten_bytes: 0,
            requests: 0,
            commit: Default::default(),
            refused_ends: Vec::new(),
            times: Default::default(),
            retention: Default::default(),
            limits: Vec::new(),
            limits_being_set: Default::default(),
            schedules: Default::default(),
            operations: Vec::new(),
            operations_starting: 0,
            stepping: false,
            mode,
            drain_request: None,
            idle_requests: Vec::new(),
            touched: Default::default(),
            changed: Default::default(),
        }
    }
}
