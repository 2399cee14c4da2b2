//! Limits: how many jobs of a queue, a kind or a key may be at work at the same time, and how often one may start.

use serde::{Deserialize, Serialize};

use crate::object::objects_only;

objects_only!(Limit, Rate);

/// A limit. It names a queue, a kind or both, and applies to the jobs of these; with a `key`, to each value of
/// that argument for itself. It has a concurrency, a rate or both. A job that is held back by a limit does not hold up the ones behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Limit", deny_unknown_fields)]
pub struct Limit {
    /// See [`crate::limits::is_identifier`].
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// JSON Pointer (RFC 6901) to an argument: `/customer`. Jobs without that argument share one key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// At work at the same time: 1 to [`crate::limits::MAX_CONCURRENCY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// Starts per time, spread evenly: with `burst` 1 one start every `per_ms / count`, so that no span of `per_ms` ever
/// sees more than `count`. After a pause up to `burst` may start at once, and such a span may see up to
/// `count + burst - 1`. (The generic cell rate algorithm, ITU-T I.371.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Rate", deny_unknown_fields)]
pub struct Rate {
    /// 1 to [`crate::limits::MAX_RATE_COUNT`].
    pub count: u32,
    /// 1 to [`crate::limits::MAX_DELAY_MS`].
    pub per_ms: u64,
    /// 1 to `count`.
    #[serde(default = "one")]
    pub burst: u32,
}

fn one() -> u32 {
    1
}

/// A limit with what it does at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LimitStatus {
    pub limit: Limit,
    /// Keys that are in use or hold jobs back; 1 or 0 for a limit without a key.
    pub keys: u64,
    /// Jobs at work that count towards it.
    pub running: u64,
    /// Pending jobs that it holds back.
    pub held_back: u64,
}
