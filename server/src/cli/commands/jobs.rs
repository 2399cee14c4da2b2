//! `taskyard cancel`, `retry`, `delete` and `clear`.

use serde_json::json;
use taskyard::shared::job::JobId;
use taskyard::shared::operation::BulkAction;

use super::operations;
use crate::cli::args::{ClearArgs, ClientArgs, JobsArgs};
use crate::cli::client::{Answer, Api};
use crate::cli::error::{CliError, Exit};
use crate::cli::format::one_or_more;
use crate::cli::output::{self, Form};

pub async fn cancel(args: JobsArgs) -> Result<Exit, CliError> {
    if let Some(filter) = args.bulk.filter().map_err(CliError::Usage)? {
        return operations::start(&args.client, &args.bulk, BulkAction::Cancel {}, filter).await;
    }
    let request = async |api: &Api, id: &str| api.post(&["jobs", id, "cancel"], &json!({})).await;
    let tell = |id: JobId, answer: &Answer| {
        let was_running: bool = answer.part("was_running")?;
        let note = if was_running { "; its work is being stopped" } else { "" };
        Ok(format!("job {id} is cancelled{note}"))
    };
    each(&args.client, &args.ids, request, tell).await
}

pub async fn retry(args: JobsArgs) -> Result<Exit, CliError> {
    if let Some(filter) = args.bulk.filter().map_err(CliError::Usage)? {
        return operations::start(&args.client, &args.bulk, BulkAction::Retry {}, filter).await;
    }
    let request = async |api: &Api, id: &str| api.post(&["jobs", id, "retry"], &json!({})).await;
    each(&args.client, &args.ids, request, |id, _| Ok(format!("job {id} is to run again"))).await
}

pub async fn delete(args: JobsArgs) -> Result<Exit, CliError> {
    if let Some(filter) = args.bulk.filter().map_err(CliError::Usage)? {
        return operations::start(&args.client, &args.bulk, BulkAction::Delete {}, filter).await;
    }
    let request = async |api: &Api, id: &str| api.delete(&["jobs", id]).await;
    each(&args.client, &args.ids, request, |id, _| Ok(format!("job {id} is deleted"))).await
}

pub async fn clear(args: ClearArgs) -> Result<Exit, CliError> {
    let query: Vec<_> = args.queue.into_iter().map(|queue| ("queue", queue)).collect();
    let answer = Api::new(&args.client)?.post_with(&["jobs", "clear"], &query, &json!({})).await?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => {
            output::line(&format!("{} deleted", one_or_more(answer.part("count")?, "finished job")))?;
        }
    }
    Ok(Exit::Done)
}

/// Does the same to each job. A refusal concerns one job: the others are still done, and the exit code tells. As
/// JSON, the answers are one list.
async fn each(
    client: &ClientArgs,
    ids: &[JobId],
    request: impl AsyncFn(&Api, &str) -> Result<Answer, CliError>,
    tell: impl Fn(JobId, &Answer) -> Result<String, CliError>,
) -> Result<Exit, CliError> {
    let api = Api::new(client)?;
    let form = client.form();
    let mut answers = Vec::new();
    for id in ids {
        match request(&api, &id.to_string()).await {
            Ok(answer) => {
                if form == Form::Text {
                    output::line(&tell(*id, &answer)?)?;
                }
                answers.push(answer.json);
            }
            Err(error @ CliError::Refused(_)) => output::complain(&error, form),
            Err(error) => return Err(error),
        }
    }
    if form == Form::Json {
        output::json(&answers)?;
    }
    Ok(if answers.len() == ids.len() { Exit::Done } else { Exit::Usage })
}
