//! One caller, whichever way it takes.

use taskyard::shared::error::WireError;
use taskyard::shared::new_job::{AddMode, NewJob, NewJobs};

use super::http::HttpCaller;
use super::in_process;
use super::websocket::WebSocketCaller;
use crate::cli::bench::args::Via;
use crate::cli::bench::host::Host;
use crate::cli::bench::run::failed;
use crate::cli::error::CliError;

/// A caller. It makes one call at a time.
pub enum Caller {
    InProcess(taskyard::Yard),
    Http(HttpCaller),
    // Its buffers are large beside the others.
    WebSocket(Box<WebSocketCaller>),
}

/// Why a call added nothing.
#[derive(Debug)]
pub enum CallError {
    /// It may be made again.
    ForNow,
    Failed(CliError),
}

impl Caller {
    /// Connects it, where there is something to connect.
    ///
    /// # Errors
    /// The listener does not answer.
    pub async fn connect(via: Via, host: &Host) -> Result<Self, CliError> {
        Ok(match via {
            Via::InProcess => Caller::InProcess(host.yard.clone()),
            Via::Http => Caller::Http(HttpCaller::connect(host.address).await?),
            Via::Websocket => Caller::WebSocket(Box::new(WebSocketCaller::connect(host.address).await?)),
        })
    }

    /// Adds all of these jobs, at least one, and comes back when they are acknowledged.
    ///
    /// # Errors
    /// None of them was added.
    pub async fn add(&mut self, jobs: Vec<NewJob>) -> Result<(), CallError> {
        match self {
            Caller::InProcess(yard) => in_process::add(yard, jobs).await,
            Caller::Http(caller) => caller.add(jobs).await,
            Caller::WebSocket(caller) => caller.add(jobs).await,
        }
    }
}

impl From<WireError> for CallError {
    fn from(error: WireError) -> Self {
        match error.code.is_retryable() {
            true => CallError::ForNow,
            false => CallError::Failed(failed("a job was refused", error)),
        }
    }
}

/// A single job, which has a call of its own, or several.
pub(super) enum Body {
    One(Box<NewJob>),
    Several(NewJobs),
}

impl Body {
    pub fn of(mut jobs: Vec<NewJob>) -> Self {
        match jobs.pop() {
            Some(only) if jobs.is_empty() => Body::One(Box::new(only)),
            last => {
                jobs.extend(last);
                let mode = AddMode::AllOrNothing;
                Body::Several(NewJobs { jobs, mode, batch: None, then: None, chain: false })
            }
        }
    }
}
