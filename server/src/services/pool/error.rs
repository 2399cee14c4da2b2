//! Why there is no pool, or no connection.

use crate::kinds::JobError;
use crate::services::ServiceError;

/// Why a pool cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum PoolSetupError {
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    #[error("it cannot be made: {0}")]
    Pool(String),
}

/// Why there is no connection. All but [`CheckoutError::is_final`] may go well a moment later: a job that passes it on
/// with `?` is tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("no connection of the pool \"{pool}\" became free within {timeout_s} s")]
    Busy { pool: String, timeout_s: u64 },
    #[error("the pool \"{pool}\" cannot connect to {target}: {reason}")]
    NoConnection { pool: String, target: String, reason: String, is_final: bool },
}

impl CheckoutError {
    /// Whether the next try will come to the same: there is no such pool, or its password is wrong.
    pub fn is_final(&self) -> bool {
        match self {
            CheckoutError::Service(ServiceError::Refused(_)) => true,
            CheckoutError::NoConnection { is_final, .. } => *is_final,
            CheckoutError::Service(_) | CheckoutError::Busy { .. } => false,
        }
    }

    /// As an attempt's failure: the job is not tried again when that would come to the same.
    pub fn into_job_error(self) -> JobError {
        let error = JobError::new(self.to_string());
        if self.is_final() { error.do_not_retry() } else { error }
    }
}
