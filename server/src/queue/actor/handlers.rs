//! What the queue is told, handed to the core, and what the core answers, handed back. Translation only.

use actix::prelude::*;

use super::JobQueue;
use super::start::FromWriter;
use crate::queue::core::{Answer, Input, Mode};
use crate::queue::messages::{
    AddJobs, AttemptEnded, CancelJob, ClearFinished, ConfigureQueue, Drain, ListQueues, Panic,
    ProgressReported, QueueError, RetryJob,
};
use crate::store::writer::Written;

impl Handler<FromWriter> for JobQueue {
    type Result = ();

    fn handle(&mut self, FromWriter(written): FromWriter, ctx: &mut Self::Context) {
        match written {
            Written::Committed { commit, results } => {
                self.apply(Input::Committed { commit, results }, ctx);
            }
            Written::Failed { ops, error } => {
                tracing::error!(%error, operations = ops.len(), "the store refused a batch");
                self.apply(Input::WriteFailed { ops, error }, ctx);
            }
            // Delivered past the mailbox, which waits for it.
            Written::Loaded { .. } => {}
        }
    }
}

impl Handler<AddJobs> for JobQueue {
    type Result = ResponseFuture<<AddJobs as Message>::Result>;

    fn handle(&mut self, AddJobs { jobs }: AddJobs, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Add { request, jobs },
            |answer| match answer {
                Answer::Added(ids) => Some(ids),
                _ => None,
            },
        )
    }
}

impl Handler<CancelJob> for JobQueue {
    type Result = ResponseFuture<<CancelJob as Message>::Result>;

    fn handle(&mut self, CancelJob { id }: CancelJob, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Cancel { request, id },
            |answer| match answer {
                Answer::Cancelled { was_running } => Some(was_running),
                _ => None,
            },
        )
    }
}

impl Handler<RetryJob> for JobQueue {
    type Result = ResponseFuture<<RetryJob as Message>::Result>;

    fn handle(&mut self, RetryJob { id }: RetryJob, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Retry { request, id },
            |answer| matches!(answer, Answer::Retried).then_some(()),
        )
    }
}

impl Handler<ClearFinished> for JobQueue {
    type Result = ResponseFuture<<ClearFinished as Message>::Result>;

    fn handle(&mut self, ClearFinished { queue }: ClearFinished, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Clear { request, queue },
            |answer| match answer {
                Answer::Cleared { count } => Some(count),
                _ => None,
            },
        )
    }
}

impl Handler<ConfigureQueue> for JobQueue {
    type Result = ResponseFuture<<ConfigureQueue as Message>::Result>;

    fn handle(&mut self, change: ConfigureQueue, ctx: &mut Self::Context) -> Self::Result {
        let ConfigureQueue { queue, paused, concurrency } = change;
        self.ask(
            ctx,
            |request| Input::Configure { request, queue, paused, concurrency },
            |answer| match answer {
                Answer::Configured(status) => Some(status),
                _ => None,
            },
        )
    }
}

impl Handler<ListQueues> for JobQueue {
    type Result = <ListQueues as Message>::Result;

    fn handle(&mut self, _: ListQueues, _: &mut Self::Context) -> Self::Result {
        let core = self.core.as_ref().ok_or(QueueError::Restarting)?;
        Ok((core.commit(), core.statuses()))
    }
}

impl Handler<AttemptEnded> for JobQueue {
    type Result = ();

    fn handle(&mut self, ended: AttemptEnded, ctx: &mut Self::Context) {
        let AttemptEnded { attempt, end, artifacts } = ended;
        self.apply(Input::Ended { attempt, end, artifacts }, ctx);
    }
}

impl Handler<ProgressReported> for JobQueue {
    type Result = ();

    fn handle(&mut self, ProgressReported { reports }: ProgressReported, ctx: &mut Self::Context) {
        self.apply(Input::Progress { reports }, ctx);
    }
}

impl Handler<Drain> for JobQueue {
    type Result = ResponseFuture<<Drain as Message>::Result>;

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) -> Self::Result {
        self.mode = Mode::Draining;
        self.ask(
            ctx,
            |request| Input::Drain { request },
            |answer| matches!(answer, Answer::Drained).then_some(()),
        )
    }
}

impl Handler<Panic> for JobQueue {
    type Result = ();

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) {
        self.guarded(ctx, |_, _| panic!("a panic that was asked for"));
    }
}
