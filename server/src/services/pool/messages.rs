//! What the pools can be told.

use std::sync::Arc;

use actix::Message;
use taskyard_shared::job::JobId;
use taskyard_shared::service::{PoolKind, PoolStatus};

use super::any::AnyPool;
use super::books::PlaceNumber;
use super::faults::Faults;
use super::place::Place;
use crate::services::ServiceError;

/// A caller wants a connection of this pool, and now waits.
#[derive(Message)]
#[rtype(result = "Result<Entered, ServiceError>")]
pub(super) struct Enter {
    pub pool: Arc<str>,
    pub kind: PoolKind,
    /// None: not a job, but the server itself.
    pub job: Option<JobId>,
}

pub(super) struct Entered {
    pub place: Place,
    pub pool: AnyPool,
    pub target: Arc<str>,
    pub faults: Arc<Faults>,
    pub timeout_s: u64,
}

/// The caller at this place got its connection.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Took {
    pub pool: Arc<str>,
    pub place: PlaceNumber,
}

/// The caller at this place has given its connection back, or given up waiting.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Left {
    pub pool: Arc<str>,
    pub place: PlaceNumber,
}

/// How all pools stand, sorted by name.
#[derive(Message)]
#[rtype(result = "Vec<PoolStatus>")]
pub struct ShowPools;

/// Makes the handler panic: how tests show what supervision does.
#[derive(Message)]
#[rtype(result = "Result<(), ServiceError>")]
pub(super) struct Panic;
