//! What a client may ask over the wire, and what does it.

use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::WireError;

use super::Yard;
use crate::queue::messages::{ClearFinished, RetryJob};

impl Yard {
    /// Does what a client asks. What it answers is committed.
    ///
    /// # Errors
    /// A code from the closed list and a sentence for the person; then nothing was changed.
    pub async fn execute(&self, command: Command) -> Result<Reply, WireError> {
        match command {
            Command::AddJob { job } => self.add(job).await.map(|id| Reply::JobAdded { id }),
            Command::CancelJob { id } => {
                self.cancel(id).await.map(|was_running| Reply::JobCancelled { id, was_running })
            }
            Command::RetryJob { id } => self.ask(RetryJob { id }).await.map(|()| Reply::JobRetried { id }),
            Command::ClearFinished { queue } => {
                self.ask(ClearFinished { queue }).await.map(|count| Reply::FinishedCleared { count })
            }
            Command::PauseQueue { queue } => self.configured(queue, Some(true), None).await,
            Command::ResumeQueue { queue } => self.configured(queue, Some(false), None).await,
            Command::SetConcurrency { queue, concurrency } => {
                self.configured(queue, None, Some(concurrency)).await
            }
            Command::ShowJob { id } => {
                self.job(id).await.map(|detail| Reply::Job { detail: Box::new(detail) })
            }
            Command::ListKinds {} => Ok(Reply::Kinds { kinds: self.kinds() }),
        }
    }

    async fn configured(
        &self,
        queue: String,
        paused: Option<bool>,
        concurrency: Option<u32>,
    ) -> Result<Reply, WireError> {
        self.configure(queue, paused, concurrency).await.map(|queue| Reply::QueueChanged { queue })
    }
}
