//! What the cache can be told.

use actix::Message;
use taskyard_shared::service::CacheStatus;

use super::computation::Computation;
use super::entries::{Cached, Wanted};
use super::flights::Landing;
use crate::services::ServiceError;

#[derive(Message)]
#[rtype(result = "Result<Option<Cached>, ServiceError>")]
pub struct Get {
    pub key: String,
}

/// Answers whether it is kept: not when it is too large.
#[derive(Message)]
#[rtype(result = "Result<bool, ServiceError>")]
pub struct Put {
    pub key: String,
    pub cached: Cached,
}

/// Answers whether there was such an entry.
#[derive(Message)]
#[rtype(result = "Result<bool, ServiceError>")]
pub struct Invalidate {
    pub key: String,
}

/// Drops everything. Answers how many entries that were.
#[derive(Message)]
#[rtype(result = "Result<u64, ServiceError>")]
pub struct Drop;

#[derive(Message)]
#[rtype(result = "CacheStatus")]
pub struct ShowCache;

/// As [`Get`]; when the value is not there the caller is told to compute it, or gets what another computes.
#[derive(Message)]
#[rtype(result = "Result<Found, ServiceError>")]
pub(super) struct Ask {
    pub key: String,
    pub wanted: Wanted,
}

pub(super) enum Found {
    There(Cached),
    Compute(Computation),
    Wait(Landing),
}

/// What an [`Ask`] that was told to compute came to.
#[derive(Message)]
#[rtype(result = "Result<(), ServiceError>")]
pub(super) struct Computed {
    pub key: String,
    pub flight: u64,
    /// None: it failed, or was given up.
    pub cached: Option<Cached>,
}

/// Makes the handler panic: how tests show what supervision does.
#[derive(Message)]
#[rtype(result = "Result<(), ServiceError>")]
pub struct Panic;
