//! `taskyard queues`, `pause`, `resume` and `concurrency`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard::shared::job::JobState;
use taskyard::shared::queue::QueueStatus;

use crate::cli::args::{ConcurrencyArgs, QueueArgs, ReadArgs, ServerArg};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::thousands;
use crate::cli::output;
use crate::cli::table::Table;

#[derive(Serialize, Deserialize)]
struct Queues {
    queues: Vec<QueueStatus>,
}

pub async fn list(args: ReadArgs) -> Result<Exit, CliError> {
    let queues: Queues = Api::new(&args.server)?.get(&["api", "v1", "queues"], &[]).await?;
    if args.json {
        output::json(&queues)?;
        return Ok(Exit::Done);
    }
    for line in table(queues.queues.iter()).lines(output::width()) {
        output::line(&line)?;
    }
    Ok(Exit::Done)
}

pub async fn pause(args: QueueArgs) -> Result<Exit, CliError> {
    change(&args.server, &args.queue, &json!({ "paused": true })).await
}

pub async fn resume(args: QueueArgs) -> Result<Exit, CliError> {
    change(&args.server, &args.queue, &json!({ "paused": false })).await
}

pub async fn concurrency(args: ConcurrencyArgs) -> Result<Exit, CliError> {
    change(&args.server, &args.queue, &json!({ "concurrency": args.concurrency })).await
}

/// The queues as `queues` and `watch` show them.
pub fn table<'a>(queues: impl Iterator<Item = &'a QueueStatus>) -> Table {
    let mut table = Table::new(&[
        "QUEUE",
        "CONCURRENCY",
        "PENDING",
        "PROCESSING",
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "",
    ]);
    for queue in queues {
        let counts = JobState::ALL.map(|state| thousands(queue.counts[state]));
        let mut cells = vec![queue.name.clone(), thousands(u64::from(queue.concurrency))];
        cells.extend(counts);
        cells.push(notes(queue));
        table.row(cells);
    }
    table
}

fn notes(queue: &QueueStatus) -> String {
    let stopping = (queue.stopping > 0).then(|| format!("{} stopping", queue.stopping));
    let paused = queue.paused.then(|| "paused".to_owned());
    paused.into_iter().chain(stopping).collect::<Vec<_>>().join(", ")
}

async fn change(server: &ServerArg, queue: &str, change: &Value) -> Result<Exit, CliError> {
    let status: QueueStatus = Api::new(server)?.patch(&["api", "v1", "queues", queue], change).await?;
    let state = if status.paused { "paused" } else { "running" };
    output::line(&format!("queue {} is {state}, {} at a time", status.name, status.concurrency))?;
    Ok(Exit::Done)
}
