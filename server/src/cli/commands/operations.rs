//! `taskyard operations`, `undo`, and starting an operation on many jobs.

use std::io::IsTerminal;

use serde_json::json;
use taskyard::shared::limits::DEFAULT_UNDO_MS;
use taskyard::shared::operation::{BulkAction, NewOperation, Operation, OperationState};
use taskyard::shared::view::{JobFilter, ViewQuery};

use super::operation_progress::Progress;
use crate::cli::args::{BulkArgs, ClientArgs, UndoArgs};
use crate::cli::client::{Api, Feed};
use crate::cli::error::{CliError, Exit};
use crate::cli::format;
use crate::cli::interrupts::interrupts;
use crate::cli::output::{self, Form};
use crate::cli::table::Table;

pub async fn list(args: ClientArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args)?.get(&["operations"], &[]).await?;
    if args.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let operations: Vec<Operation> = answer.part("operations")?;
    if operations.is_empty() {
        output::remark("no operations");
        return Ok(Exit::Done);
    }
    output::table(&table(&operations))?;
    Ok(Exit::Done)
}

pub async fn undo(args: UndoArgs) -> Result<Exit, CliError> {
    let answer =
        Api::new(&args.client)?.post(&["operations", &args.id.to_string(), "undo"], &json!({})).await?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => output::line(&format!("operation {} is undone; nothing was changed", args.id))?,
    }
    Ok(Exit::Done)
}

/// Starts an operation and shows how it goes until it is done, or undone.
pub async fn start(
    client: &ClientArgs,
    bulk: &BulkArgs,
    action: BulkAction,
    filter: JobFilter,
) -> Result<Exit, CliError> {
    let api = Api::new(client)?;
    let undo_ms = bulk.undo_for.unwrap_or(DEFAULT_UNDO_MS);
    if !bulk.yes && !is_wanted(action, &filter)? {
        output::remark("nothing was changed");
        return Ok(Exit::Cancelled);
    }
    // From here on Ctrl-C means: undo it.
    let interrupts = interrupts().await;
    let events = Feed::open(&api, vec![ViewQuery::Yard {}]).await?.into_events();
    let answer = api.post(&["operations"], &NewOperation { action, filter, undo_ms }).await?;
    let operation: Operation = answer.part("operation")?;
    let progress = Progress { api: &api, events, interrupts, form: client.form() };
    let operation = progress.until_done(operation).await?;
    match client.form() {
        Form::Json => output::json(&api.get(&["operations", &operation.id.to_string()], &[]).await?.json)?,
        Form::Text => output::line(&outcome(&operation))?,
    }
    Ok(match operation.state {
        OperationState::Done => Exit::Done,
        OperationState::Undone => Exit::Cancelled,
        // Somebody did not want to wait any longer.
        OperationState::Waiting | OperationState::Running => Exit::Failed,
    })
}

/// Asks the person.
fn is_wanted(action: BulkAction, filter: &JobFilter) -> Result<bool, CliError> {
    let question = format!("{} {}?", in_words(action), format::filter(filter));
    if !std::io::stdin().is_terminal() {
        let message = format!("{question} There is nobody here to ask: add --yes if that is meant");
        return Err(CliError::Usage(message));
    }
    output::ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(CliError::Output)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What it is about to do: `cancel`, `set priority 5 of`.
pub fn in_words(action: BulkAction) -> String {
    match action {
        BulkAction::Reprioritise { priority } => format!("set priority {priority} of"),
        action => action.as_str().to_owned(),
    }
}

/// What it did, or is doing.
pub fn outcome(operation: &Operation) -> String {
    let id = operation.id;
    match operation.state {
        OperationState::Done => {
            let jobs = format::one_or_more(operation.done, "job");
            match operation.action {
                BulkAction::Cancel {} => format!("{jobs} cancelled"),
                BulkAction::Retry {} => format!("{jobs} to run again"),
                BulkAction::Delete {} => format!("{jobs} deleted"),
                BulkAction::Reprioritise { priority } => format!("{jobs} given priority {priority}"),
            }
        }
        OperationState::Undone => format!("operation {id} is undone; nothing was changed"),
        OperationState::Waiting | OperationState::Running => {
            format!("operation {id} goes on in the server; `taskyard operations` shows how far it is")
        }
    }
}

fn table(operations: &[Operation]) -> Table {
    let now_ms = format::now_ms();
    let mut table =
        Table::new(&["ID", "STATE", "ACTION", "JOBS", "DONE", "LOOKED AT", "ASKED FOR", "STARTS"])
            .with_optional(&["STARTS"]);
    for operation in operations {
        let (state, starts) = match operation.state {
            OperationState::Waiting => ("waiting", format::until(operation.starts_at_ms, now_ms)),
            OperationState::Running => ("running", String::new()),
            OperationState::Done => ("done", String::new()),
            OperationState::Undone => ("undone", String::new()),
        };
        let action = match operation.action {
            BulkAction::Reprioritise { priority } => format!("priority {priority}"),
            action => action.as_str().to_owned(),
        };
        table.row([
            operation.id.to_string(),
            state.to_owned(),
            action,
            format::filter(&operation.filter),
            format::thousands(operation.done),
            looked_at(operation),
            format::ago(operation.created_at_ms, now_ms),
            starts,
        ]);
    }
    table
}

/// `500 of about 12,000` while it runs.
pub fn looked_at(operation: &Operation) -> String {
    let looked_at = format::thousands(operation.looked_at);
    match operation.state {
        OperationState::Running => {
            format!("{looked_at} of about {}", format::thousands(operation.to_look_at))
        }
        _ => looked_at,
    }
}
