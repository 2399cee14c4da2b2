//! The kind that does nothing, to measure what everything around a job costs. Registered only on request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::JobContext;
use super::worker::{JobResult, Label, QueueDefaults, Worker};

/// See the module.
pub struct Noop;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "No operation")]
pub struct NoopArgs {
    /// Carried along and never looked at: to measure with arguments of some size.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(title = "Payload")]
    pub payload: String,
}

impl Worker for Noop {
    const KIND: &'static str = "noop";
    const DESCRIPTION: &'static str = "Does nothing: for measurements.";
    type Args = NoopArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 100 }
    }

    fn label(&self, _args: &NoopArgs) -> Label {
        Label { name: "noop".to_owned(), detail: String::new() }
    }

    async fn perform(&self, _args: NoopArgs, _ctx: JobContext) -> JobResult {
        Ok(Value::Null)
    }
}
