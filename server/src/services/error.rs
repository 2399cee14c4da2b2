//! Why a service did not answer.

use actix::MailboxError;
use taskyard_shared::error::{ErrorCode, WireError};

/// Everything but [`ServiceError::Refused`] may go well a moment later: a job that passes it on with `?` is tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    #[error("the {0} is restarting; try again in a moment")]
    Restarting(&'static str),
    #[error("the {0} has stopped")]
    Stopped(&'static str),
    /// What was asked for is wrong, and will be the next time too.
    #[error("{0}")]
    Refused(String),
}

impl ServiceError {
    /// A message was not answered. `connected`: whether the actor still takes messages.
    pub(crate) fn unanswered(service: &'static str, error: &MailboxError, connected: bool) -> Self {
        match error {
            MailboxError::Closed if !connected => ServiceError::Stopped(service),
            MailboxError::Closed | MailboxError::Timeout => ServiceError::Restarting(service),
        }
    }
}

impl From<ServiceError> for WireError {
    fn from(error: ServiceError) -> Self {
        let code = match error {
            ServiceError::Refused(_) => ErrorCode::InvalidArguments,
            ServiceError::Restarting(_) | ServiceError::Stopped(_) => ErrorCode::Unavailable,
        };
        WireError::new(code, error.to_string())
    }
}
