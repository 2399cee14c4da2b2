//! What the rate limiter can be told.

use actix::Message;
use taskyard_shared::limit::Rate;
use taskyard_shared::service::LimiterStatus;

use super::keys::Verdict;
use crate::services::ServiceError;

/// Whether something may be done under this key now. If so, it counts as done.
#[derive(Message)]
#[rtype(result = "Result<Verdict, ServiceError>")]
pub struct Check {
    pub key: String,
    pub rate: Rate,
}

#[derive(Message)]
#[rtype(result = "LimiterStatus")]
pub struct ShowLimiter;

/// Makes the handler panic: how tests show what supervision does.
#[derive(Message)]
#[rtype(result = "Result<Verdict, ServiceError>")]
pub struct Panic;
