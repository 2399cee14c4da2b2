//! Operations on all jobs that match a filter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::DEFAULT_UNDO_MS;
use crate::object::objects_only;
use crate::view::JobFilter;

objects_only!(BulkAction, NewOperation);

/// The number of an operation. Counts up from 1 and is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct OperationId(pub u64);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for OperationId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(OperationId)
    }
}

/// What is done to each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "BulkAction", tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum BulkAction {
    /// Jobs that have not ended.
    Cancel {},
    /// Failed and cancelled jobs.
    Retry {},
    /// Jobs that have ended.
    Delete {},
    /// Jobs that have not begun.
    Reprioritise { priority: i16 },
}

impl BulkAction {
    /// The word for people, and its `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            BulkAction::Cancel {} => "cancel",
            BulkAction::Retry {} => "retry",
            BulkAction::Delete {} => "delete",
            BulkAction::Reprioritise { .. } => "reprioritise",
        }
    }
}

/// An operation as somebody wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "NewOperation", deny_unknown_fields)]
pub struct NewOperation {
    pub action: BulkAction,
    /// Jobs that match when the operation begins, of those that were stored when it was asked for.
    pub filter: JobFilter,
    /// For so long it only waits, and may be undone: 0 to [`crate::limits::MAX_UNDO_MS`].
    #[serde(default = "default_undo")]
    pub undo_ms: u32,
}

/// An operation as it stands. The newest [`crate::limits::MAX_KEPT_OPERATIONS`] are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operation {
    pub id: OperationId,
    pub action: BulkAction,
    pub filter: JobFilter,
    pub state: OperationState,
    pub created_at_ms: i64,
    /// Until then it may be undone.
    pub starts_at_ms: i64,
    pub finished_at_ms: Option<i64>,
    /// Jobs looked at so far, and about how many there are to look at.
    pub looked_at: u64,
    pub to_look_at: u64,
    /// Jobs it was done to.
    pub done: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// It may be undone.
    Waiting,
    Running,
    Done,
    /// It was undone before it began; nothing was changed.
    Undone,
}

fn default_undo() -> u32 {
    DEFAULT_UNDO_MS
}
