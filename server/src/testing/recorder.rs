//! Hears which attempts ran.

use std::collections::HashMap;

use actix::{Actor, Context, Handler, Message};
use taskyard_shared::job::{JobId, JobState, JobSummary};

use crate::pubsub::{JobChange, Publish};

/// Commits that may wait for the recorder. With more, PubSub says that some were missed, and the test is told.
const MAILBOX_CAPACITY: usize = 65_536;
/// Attempts kept between two looks; with more the test is told.
const MAX_RAN: usize = 1_000_000;

/// An attempt that ran to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub id: JobId,
    pub kind: String,
    /// Counts up from 1.
    pub attempt: u32,
    /// What became of the job by that: `scheduled` when it is tried again later.
    pub state: JobState,
    /// The attempt's error, its first 200 characters.
    pub error: Option<String>,
}

#[derive(Default)]
pub(super) struct Recorder {
    /// Bounded by the slots of all queues.
    running: HashMap<JobId, u32>,
    ran: Vec<Ran>,
    missed: bool,
}

/// Gives away what ran since the last time, in order. None: some of it was missed.
#[derive(Message)]
#[rtype(result = "Option<Vec<Ran>>")]
pub(super) struct TakeRan;

impl Actor for Recorder {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
    }
}

impl Handler<Publish> for Recorder {
    type Result = ();

    fn handle(&mut self, Publish(events): Publish, _: &mut Self::Context) {
        self.missed |= events.reload;
        for change in &events.changes {
            if let JobChange::Changed(job) = change {
                self.changed(job);
            }
        }
    }
}

impl Recorder {
    fn changed(&mut self, job: &JobSummary) {
        if job.state == JobState::Processing {
            self.running.insert(job.id, job.attempt);
        } else if let Some(attempt) = self.running.remove(&job.id) {
            if self.ran.len() == MAX_RAN {
                self.missed = true;
                return;
            }
            let (kind, error) = (job.kind.clone(), job.error.clone());
            self.ran.push(Ran { id: job.id, kind, attempt, state: job.state, error });
        }
    }
}

impl Handler<TakeRan> for Recorder {
    type Result = Option<Vec<Ran>>;

    fn handle(&mut self, _: TakeRan, _: &mut Self::Context) -> Self::Result {
        let ran = std::mem::take(&mut self.ran);
        (!std::mem::take(&mut self.missed)).then_some(ran)
    }
}
