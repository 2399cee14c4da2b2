//! A kind of job: what work it is, and which arguments it takes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::new_job::Backoff;

/// What a client needs to know of a kind to offer it to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KindInfo {
    /// Its name in [`crate::new_job::NewJob::kind`].
    pub kind: String,
    /// A sentence for people.
    pub description: String,
    /// The queue its jobs wait in unless they name another.
    pub queue: String,
    /// Attempts of a job that may fail, unless the job or its queue says otherwise.
    pub max_attempts: u32,
    pub backoff: Backoff,
    /// Longest time of an attempt, unless the job or its queue says otherwise; None: no bound.
    pub timeout_ms: Option<u64>,
    /// How old the result of an earlier job with the same arguments may be to be used again, unless a job says
    /// otherwise; None: each job does its own work.
    pub cache_for_ms: Option<u64>,
    /// JSON Schema (2020-12) of its arguments. The board makes its form from this: an object with
    /// `properties`, `required`, `title`, `description`, `default`, `minimum`, `maximum`, `enum`, `minLength`,
    /// `maxLength`. A property with `"format": "upload"` takes the SHA-256 of an upload.
    pub args_schema: Value,
}
