//! The kind to try the yard out with: it sleeps, tells how far it is, and sometimes fails.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taskyard_shared::error::FieldError;

use super::context::JobContext;
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, Worker};

/// See the module.
pub struct Demo;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Demo")]
pub struct DemoArgs {
    /// What the list calls the job.
    #[schemars(title = "Name", length(min = 1, max = 200))]
    pub name: String,
    /// How long it works, in seconds; tenths are allowed.
    #[serde(default = "three")]
    #[schemars(title = "Duration (seconds)", range(min = 1, max = 30), extend("multipleOf" = 0.1))]
    pub duration: f64,
    /// How likely it fails at the end: 0 never, 1 always.
    #[serde(default = "five_percent")]
    #[schemars(title = "Failure chance", range(min = 0, max = 1))]
    pub failure_chance: f64,
}

fn three() -> f64 {
    3.0
}

fn five_percent() -> f64 {
    0.05
}

impl Worker for Demo {
    const KIND: &'static str = "demo";
    const DESCRIPTION: &'static str =
        "Sleeps for a while in ten steps, and fails now and then: to try things out.";
    type Args = DemoArgs;

    /// Its chance failure is there to be seen.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy::once()
    }

    fn label(&self, args: &DemoArgs) -> Label {
        Label { name: args.name.trim().to_owned(), detail: format!("{} s", args.duration) }
    }

    fn check(&self, args: &DemoArgs) -> Result<(), Vec<FieldError>> {
        if args.name.trim().is_empty() {
            let message = "name must not be empty".to_owned();
            return Err(vec![FieldError { field: "/name".to_owned(), message }]);
        }
        Ok(())
    }

    async fn perform(&self, args: DemoArgs, ctx: JobContext) -> JobResult {
        let step = Duration::try_from_secs_f64(args.duration / 10.0)?;
        ctx.info(format!("sleeps {} s in ten steps", args.duration));
        for done in 1..=10 {
            tokio::time::sleep(step).await;
            ctx.progress(f64::from(done) / 10.0);
            ctx.info(format!("step {done} of 10 done"));
        }
        if fastrand::f64() < args.failure_chance {
            return Err(JobError::new(format!("failed by chance ({} %)", percent(args.failure_chance))));
        }
        Ok(json!({ "slept_s": args.duration }))
    }
}

/// In tenths at most, so that 0.07 is `7` and not `7.000000000000001`.
fn percent(chance: f64) -> f64 {
    (chance * 1000.0).round() / 10.0
}
