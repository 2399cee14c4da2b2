//! `taskyard cancel`, `retry` and `clear`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::args::{ClearArgs, JobsArgs};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::thousands;
use crate::cli::output;

#[derive(Deserialize)]
struct Cancelled {
    was_running: bool,
}

#[derive(Deserialize)]
struct Cleared {
    count: u64,
}

pub async fn cancel(args: JobsArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.server)?;
    let mut refused = Refusals::default();
    for id in args.ids {
        let done: Result<Cancelled, _> = api.post(&path(&id.to_string(), "cancel"), &[], &json!({})).await;
        if let Some(done) = refused.note(done)? {
            let note = if done.was_running { "; its work is being stopped" } else { "" };
            output::line(&format!("job {id} is cancelled{note}"))?;
        }
    }
    Ok(refused.exit())
}

pub async fn retry(args: JobsArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.server)?;
    let mut refused = Refusals::default();
    for id in args.ids {
        let done: Result<Value, _> = api.post(&path(&id.to_string(), "retry"), &[], &json!({})).await;
        if refused.note(done)?.is_some() {
            output::line(&format!("job {id} is pending again"))?;
        }
    }
    Ok(refused.exit())
}

pub async fn clear(args: ClearArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.server)?;
    let query: Vec<_> = args.queue.into_iter().map(|queue| ("queue", queue)).collect();
    let cleared: Cleared = api.post(&["api", "v1", "jobs", "clear"], &query, &json!({})).await?;
    let jobs = if cleared.count == 1 { "job" } else { "jobs" };
    output::line(&format!("{} finished {jobs} deleted", thousands(cleared.count)))?;
    Ok(Exit::Done)
}

fn path<'a>(id: &'a str, action: &'a str) -> [&'a str; 5] {
    ["api", "v1", "jobs", id, action]
}

/// A refusal concerns one job: the others are still done, and the exit code tells.
#[derive(Default)]
struct Refusals {
    any: bool,
}

impl Refusals {
    fn note<T>(&mut self, outcome: Result<T, CliError>) -> Result<Option<T>, CliError> {
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(CliError::Refused(error)) => {
                self.any = true;
                output::complain(&error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn exit(&self) -> Exit {
        if self.any { Exit::Usage } else { Exit::Done }
    }
}
