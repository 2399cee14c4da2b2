//! The yard: everything that runs, and the handle through which the API, the sockets, the command line and
//! other Rust programs speak to it.

use std::sync::Arc;

use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::WireError;
use taskyard_shared::job::{JobDetail, JobId, NewJob};
use taskyard_shared::view::JobsQuery;

use crate::store::{JobsPage, StoreReader};

/// A running yard. Cheap to clone; every clone is the same yard.
#[derive(Clone)]
pub struct Yard {
    inner: Arc<Inner>,
}

struct Inner {
    reader: Arc<dyn StoreReader>,
}

impl Yard {
    /// Does what a client asks. What it answers is committed.
    ///
    /// # Errors
    /// A code from the closed list and a sentence for the person; then nothing was changed.
    pub async fn execute(&self, command: Command) -> Result<Reply, WireError> {
        let _ = command;
        unreachable!("not wired yet")
    }

    /// Stores a job and answers its id; from then on it survives a power cut.
    pub async fn add(&self, job: NewJob) -> Result<JobId, WireError> {
        let _ = job;
        unreachable!("not wired yet")
    }

    /// One window of the list.
    pub async fn list(&self, query: JobsQuery) -> Result<JobsPage, WireError> {
        let _ = (query, &self.inner.reader);
        unreachable!("not wired yet")
    }

    pub async fn job(&self, id: JobId) -> Result<JobDetail, WireError> {
        let _ = id;
        unreachable!("not wired yet")
    }
}
