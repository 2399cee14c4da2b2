//! `taskyard priority`.

use serde_json::json;
use taskyard::shared::job::JobId;
use taskyard::shared::operation::BulkAction;

use super::operations;
use crate::cli::args::{ClientArgs, PriorityArgs, PriorityOf};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{self, Form};

pub async fn run(args: PriorityArgs) -> Result<Exit, CliError> {
    let filter = args.bulk.filter().map_err(CliError::Usage)?.unwrap_or_default();
    match args.meaning().map_err(CliError::Usage)? {
        PriorityOf::Job(id, priority) => set(&args.client, id, priority).await,
        PriorityOf::All(priority) => {
            operations::start(&args.client, &args.bulk, BulkAction::Reprioritise { priority }, filter).await
        }
    }
}

async fn set(client: &ClientArgs, id: JobId, priority: i16) -> Result<Exit, CliError> {
    let change = json!({ "priority": priority });
    let answer = Api::new(client)?.patch(&["jobs", &id.to_string()], &change).await?;
    match client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => output::line(&format!("job {id} has priority {priority}"))?,
    }
    Ok(Exit::Done)
}
