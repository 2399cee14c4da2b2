//! What the queue is told, handed to the core, and what the core answers, handed back. Translation only.

use actix::prelude::*;
use taskyard_shared::operation::Operation;
use taskyard_shared::schedule::ScheduleStatus;

use super::JobQueue;
use super::start::FromWriter;
use crate::queue::core::{Answer, Input, Mode};
use crate::queue::messages::{
    AddJobs, AddedOutside, AttemptsEnded, AwaitIdle, CancelJob, ClearFinished, ConfigureQueue, DeleteJob,
    Drain, ExplainJob, ListQueues, ListYard, LogsReported, Panic, PauseSchedule, ProgressReported,
    QueueError, RemoveLimit, RemoveSchedule, RetryJob, RunSchedule, SetLimit, SetPriority, SetSchedule,
    StartOperation, UndoOperation,
};
use crate::store::writer::Written;

impl Handler<FromWriter> for JobQueue {
    type Result = ();

    fn handle(&mut self, FromWriter(written): FromWriter, ctx: &mut Self::Context) {
        match written {
            Written::Committed { commit, results, limits, outside } => {
                self.apply(Input::Committed { commit, results, limits, outside }, ctx);
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

    fn handle(&mut self, AddJobs { jobs, terms, by }: AddJobs, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Add { request, jobs, terms, by },
            |answer| match answer {
                Answer::Added(added) => Some(added),
                _ => None,
            },
        )
    }
}

impl Handler<AddedOutside> for JobQueue {
    type Result = ();

    fn handle(&mut self, _: AddedOutside, ctx: &mut Self::Context) {
        self.apply(Input::AddedOutside, ctx);
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

impl Handler<DeleteJob> for JobQueue {
    type Result = ResponseFuture<<DeleteJob as Message>::Result>;

    fn handle(&mut self, DeleteJob { id }: DeleteJob, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Delete { request, id },
            |answer| matches!(answer, Answer::Deleted).then_some(()),
        )
    }
}

impl Handler<SetPriority> for JobQueue {
    type Result = ResponseFuture<<SetPriority as Message>::Result>;

    fn handle(&mut self, SetPriority { id, priority }: SetPriority, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::SetPriority { request, id, priority },
            |answer| matches!(answer, Answer::PrioritySet).then_some(()),
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

    fn handle(
        &mut self,
        ConfigureQueue { queue, change }: ConfigureQueue,
        ctx: &mut Self::Context,
    ) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Configure { request, queue, change },
            |answer| match answer {
                Answer::Configured(status) => Some(*status),
                _ => None,
            },
        )
    }
}

impl Handler<SetLimit> for JobQueue {
    type Result = ResponseFuture<<SetLimit as Message>::Result>;

    fn handle(&mut self, SetLimit { limit }: SetLimit, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::SetLimit { request, limit },
            |answer| match answer {
                Answer::LimitSet(status) => Some(status),
                _ => None,
            },
        )
    }
}

impl Handler<RemoveLimit> for JobQueue {
    type Result = ResponseFuture<<RemoveLimit as Message>::Result>;

    fn handle(&mut self, RemoveLimit { name }: RemoveLimit, ctx: &mut Self::Context) -> Self::Result {
        self.ask(ctx, |request| Input::RemoveLimit { request, name }, removed)
    }
}

impl Handler<SetSchedule> for JobQueue {
    type Result = ResponseFuture<<SetSchedule as Message>::Result>;

    fn handle(&mut self, SetSchedule { schedule }: SetSchedule, ctx: &mut Self::Context) -> Self::Result {
        self.ask(ctx, |request| Input::SetSchedule { request, schedule }, read_schedule)
    }
}

impl Handler<RemoveSchedule> for JobQueue {
    type Result = ResponseFuture<<RemoveSchedule as Message>::Result>;

    fn handle(&mut self, RemoveSchedule { name }: RemoveSchedule, ctx: &mut Self::Context) -> Self::Result {
        self.ask(ctx, |request| Input::RemoveSchedule { request, name }, removed)
    }
}

impl Handler<PauseSchedule> for JobQueue {
    type Result = ResponseFuture<<PauseSchedule as Message>::Result>;

    fn handle(
        &mut self,
        PauseSchedule { name, paused }: PauseSchedule,
        ctx: &mut Self::Context,
    ) -> Self::Result {
        self.ask(ctx, |request| Input::PauseSchedule { request, name, paused }, read_schedule)
    }
}

impl Handler<RunSchedule> for JobQueue {
    type Result = ResponseFuture<<RunSchedule as Message>::Result>;

    fn handle(&mut self, RunSchedule { name }: RunSchedule, ctx: &mut Self::Context) -> Self::Result {
        self.ask(ctx, |request| Input::RunSchedule { request, name }, read_schedule)
    }
}

impl Handler<StartOperation> for JobQueue {
    type Result = ResponseFuture<<StartOperation as Message>::Result>;

    fn handle(
        &mut self,
        StartOperation { operation }: StartOperation,
        ctx: &mut Self::Context,
    ) -> Self::Result {
        self.ask(ctx, |request| Input::StartOperation { request, operation }, read_operation)
    }
}

impl Handler<UndoOperation> for JobQueue {
    type Result = ResponseFuture<<UndoOperation as Message>::Result>;

    fn handle(&mut self, UndoOperation { id }: UndoOperation, ctx: &mut Self::Context) -> Self::Result {
        self.ask(ctx, |request| Input::UndoOperation { request, id }, read_operation)
    }
}

fn removed(answer: Answer) -> Option<()> {
    matches!(answer, Answer::Removed).then_some(())
}

fn read_schedule(answer: Answer) -> Option<ScheduleStatus> {
    match answer {
        Answer::Schedule(status) => Some(*status),
        _ => None,
    }
}

fn read_operation(answer: Answer) -> Option<Operation> {
    match answer {
        Answer::Operation(operation) => Some(*operation),
        _ => None,
    }
}

impl Handler<ExplainJob> for JobQueue {
    type Result = <ExplainJob as Message>::Result;

    fn handle(&mut self, ExplainJob { facts }: ExplainJob, _: &mut Self::Context) -> Self::Result {
        let core = self.core.as_ref().ok_or(QueueError::Restarting)?;
        Ok(core.explain(&facts, self.clock.now_ms()))
    }
}

impl Handler<ListYard> for JobQueue {
    type Result = <ListYard as Message>::Result;

    fn handle(&mut self, _: ListYard, _: &mut Self::Context) -> Self::Result {
        let core = self.core.as_ref().ok_or(QueueError::Restarting)?;
        Ok((core.commit(), core.lists()))
    }
}

impl Handler<LogsReported> for JobQueue {
    type Result = ();

    fn handle(&mut self, LogsReported { lines }: LogsReported, ctx: &mut Self::Context) {
        self.apply(Input::Logged { lines }, ctx);
    }
}

impl Handler<ListQueues> for JobQueue {
    type Result = <ListQueues as Message>::Result;

    fn handle(&mut self, _: ListQueues, _: &mut Self::Context) -> Self::Result {
        let core = self.core.as_ref().ok_or(QueueError::Restarting)?;
        Ok((core.commit(), core.statuses()))
    }
}

impl Handler<AttemptsEnded> for JobQueue {
    type Result = ();

    fn handle(&mut self, AttemptsEnded(buffer): AttemptsEnded, ctx: &mut Self::Context) {
        self.apply(Input::Ended { ends: buffer.take() }, ctx);
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

impl Handler<AwaitIdle> for JobQueue {
    type Result = ResponseFuture<<AwaitIdle as Message>::Result>;

    fn handle(&mut self, _: AwaitIdle, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::AwaitIdle { request },
            |answer| match answer {
                Answer::Idle { next_at_ms } => Some(next_at_ms),
                _ => None,
            },
        )
    }
}

impl Handler<Panic> for JobQueue {
    type Result = ();

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) {
        self.guarded(ctx, |_, _| panic!("a panic that was asked for"));
    }
}
