//! What a client may ask over the wire, and what does it.

use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::WireError;
use taskyard_shared::operation::NewOperation;
use taskyard_shared::queue::QueueChange;
use taskyard_shared::schedule::{Schedule, ScheduleStatus};

use super::{Yard, checks};
use crate::queue::core::NewSchedule;
use crate::queue::messages::{
    ClearFinished, DeleteJob, PauseSchedule, RemoveLimit, RemoveSchedule, RetryJob, RunSchedule, SetLimit,
    SetPriority, SetSchedule, StartOperation, UndoOperation,
};

/// Runs that a preview shows.
const PREVIEW_RUNS: usize = 10;

impl Yard {
    /// Does what a client asks. What it answers is committed.
    ///
    /// # Errors
    /// A code from the closed list and a sentence for the person; then nothing was changed.
    pub async fn execute(&self, command: Command) -> Result<Reply, WireError> {
        match command {
            Command::AddJob { job } => {
                let added = self.add_with(job, None).await?;
                Ok(Reply::JobAdded { id: added.id, is_new: added.is_new })
            }
            Command::AddJobs { jobs } => {
                let added = self.add_all(jobs, None).await?;
                Ok(Reply::JobsAdded { batch: added.batch, outcomes: added.outcomes })
            }
            Command::CancelJob { id } => {
                self.cancel(id).await.map(|was_running| Reply::JobCancelled { id, was_running })
            }
            Command::RetryJob { id } => self.ask(RetryJob { id }).await.map(|()| Reply::JobRetried { id }),
            Command::DeleteJob { id } => self.ask(DeleteJob { id }).await.map(|()| Reply::JobDeleted { id }),
            Command::SetPriority { id, priority } => {
                checks::priority(priority)?;
                self.ask(SetPriority { id, priority }).await.map(|()| Reply::PrioritySet { id, priority })
            }
            Command::ExplainJob { id } => {
                self.explain(id).await.map(|explanation| Reply::Explained { explanation })
            }
            Command::ShowJob { id } => {
                self.job(id).await.map(|detail| Reply::Job { detail: Box::new(detail) })
            }
            Command::ShowBatch { id } => self.batch(id).await.map(|batch| Reply::Batch { batch }),
            Command::ListKinds {} => Ok(Reply::Kinds { kinds: self.kinds() }),
            Command::ListYard {} => self.lists().await.map(|yard| Reply::Yard { yard }),
            Command::ListServices {} => {
                let services = self.services().status().await?;
                Ok(Reply::Services { services })
            }
            Command::DropCached { key } => {
                let cache = &self.services().cache;
                let count = match key {
                    Some(key) => u64::from(cache.invalidate(key).await?),
                    None => cache.clear().await?,
                };
                Ok(Reply::CacheDropped { count })
            }
            command => self.manage(command).await,
        }
    }

    /// What concerns more than one job.
    async fn manage(&self, command: Command) -> Result<Reply, WireError> {
        match command {
            Command::ClearFinished { queue } => {
                self.ask(ClearFinished { queue }).await.map(|count| Reply::FinishedCleared { count })
            }
            Command::PauseQueue { queue } => {
                self.changed(queue, QueueChange { paused: Some(true), ..QueueChange::default() }).await
            }
            Command::ResumeQueue { queue } => {
                self.changed(queue, QueueChange { paused: Some(false), ..QueueChange::default() }).await
            }
            Command::SetConcurrency { queue, concurrency } => {
                let change = QueueChange { concurrency: Some(concurrency), ..QueueChange::default() };
                self.changed(queue, change).await
            }
            Command::ConfigureQueue { queue, change } => self.changed(queue, change).await,
            Command::StartOperation { operation } => self.start_operation(operation).await,
            Command::UndoOperation { id } => {
                self.ask(UndoOperation { id }).await.map(|operation| Reply::Operation { operation })
            }
            Command::SetLimit { limit } => {
                checks::limit(&limit)?;
                self.ask(SetLimit { limit }).await.map(|limit| Reply::LimitSet { limit })
            }
            Command::RemoveLimit { name } => {
                self.ask(RemoveLimit { name: name.clone() }).await.map(|()| Reply::LimitRemoved { name })
            }
            command => self.manage_schedules(command).await,
        }
    }

    async fn manage_schedules(&self, command: Command) -> Result<Reply, WireError> {
        let set = |status: ScheduleStatus| Reply::ScheduleSet { schedule: Box::new(status) };
        match command {
            Command::SetSchedule { schedule } => self.set_schedule(schedule).await.map(set),
            Command::RemoveSchedule { name } => {
                let removed = self.ask(RemoveSchedule { name: name.clone() }).await;
                removed.map(|()| Reply::ScheduleRemoved { name })
            }
            Command::PauseSchedule { name } => self.ask(PauseSchedule { name, paused: true }).await.map(set),
            Command::ResumeSchedule { name } => {
                self.ask(PauseSchedule { name, paused: false }).await.map(set)
            }
            Command::RunSchedule { name } => self.ask(RunSchedule { name }).await.map(set),
            Command::PreviewSchedule { cron, zone } => {
                let cron = checks::cron(&cron, &zone)?;
                let runs_at_ms = cron.preview(self.inner.clock.now_ms(), PREVIEW_RUNS);
                Ok(Reply::Preview { runs_at_ms })
            }
            other => unreachable!("execute and manage take every other command: {other:?}"),
        }
    }

    async fn changed(&self, queue: String, change: QueueChange) -> Result<Reply, WireError> {
        self.configure(queue, change).await.map(|queue| Reply::QueueChanged { queue })
    }

    async fn start_operation(&self, operation: NewOperation) -> Result<Reply, WireError> {
        checks::operation(&operation)?;
        self.ask(StartOperation { operation }).await.map(|operation| Reply::Operation { operation })
    }

    async fn set_schedule(&self, schedule: Schedule) -> Result<ScheduleStatus, WireError> {
        checks::schedule(&schedule)?;
        let cron = checks::cron(&schedule.cron, &schedule.zone)?;
        let job = self
            .inner
            .kinds
            .prepare(schedule.job.clone(), &self.inner.files, self.inner.clock.now_ms())
            .await?;
        self.ask(SetSchedule { schedule: Box::new(NewSchedule { schedule, cron, job }) }).await
    }
}
