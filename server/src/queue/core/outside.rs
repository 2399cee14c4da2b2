//! Jobs that others added to the same file in transactions of their own: the core learns of them from the store,
//! with the next commit of its writer.

use super::decision::Decision;
use super::pending::Pending;
use super::queues::QueueState;
use super::state::Core;
use crate::pubsub::{CommitEvents, JobChange};
use crate::store::{Outside, StoredQueue, WriteOp};

impl Core {
    /// Asks the store what others have added. One question at a time: what is told while one is under way may be too
    /// late for it, so another follows.
    pub(super) fn catch_up(&mut self, out: &mut Vec<Decision>) {
        if self.times.catch_up_wanted && !self.times.catching_up {
            self.times.catch_up_wanted = false;
            self.times.catching_up = true;
            self.write(Pending::CatchUp, WriteOp::CatchUp, out);
        }
    }

    /// Takes over the counts as others left them: exactly those between two commits of the writer, whose results the
    /// core has in that order.
    pub(super) fn learn(&mut self, outside: Option<Box<Outside>>, out: &mut Vec<Decision>) {
        // What an earlier core did not hear of any more has been loaded with everything else.
        let Some(outside) = outside.filter(|outside| outside.commit > self.commit) else { return };
        let Outside { commit, queues, limits, jobs, due_at_ms, unresolved } = *outside;
        self.commit = commit;
        for queue in queues {
            self.learn_queue(queue);
        }
        self.limits_changed(Some(limits));
        self.times.promote_by(due_at_ms);
        self.times.resolve_wanted |= unresolved;
        let reload = jobs.is_none();
        let changes = jobs.into_iter().flatten().map(JobChange::Changed).collect();
        out.push(Decision::Publish(CommitEvents { commit, changes, reload, ..Default::default() }));
    }

    fn learn_queue(&mut self, queue: StoredQueue) {
        let StoredQueue { name, settings, counts } = queue;
        let state = self.queues.entry(name.clone()).or_insert_with(|| {
            let mut state = QueueState::new(settings);
            state.known_to_store = true;
            self.touched.insert(name.clone());
            state
        });
        if state.counts != counts {
            state.counts = counts;
            state.exhausted = false;
            self.touched.insert(name);
        }
    }
}
