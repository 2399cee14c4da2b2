//! `taskyard batch`.

use taskyard::shared::batch::BatchStatus;
use taskyard::shared::job::JobState;

use crate::cli::args::BatchArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{ago, now_ms, one_or_more, plain, thousands};
use crate::cli::output::{self, Form};

pub async fn run(args: BatchArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args.client)?.get(&["batches", &args.id.to_string()], &[]).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let batch: BatchStatus = answer.read()?;
    let counts = &batch.counts;
    let ended = format!("{} of {}", thousands(counts.finished()), one_or_more(counts.total(), "job"));
    let added = ago(batch.created_at_ms, now_ms());
    output::line(&format!("batch {} {}: {ended} ended, added {added}", batch.id, plain(&batch.name)))?;
    for state in JobState::ALL.into_iter().filter(|state| counts[*state] > 0) {
        output::line(&format!("  {state:<10} {}", thousands(counts[state])))?;
    }
    output::remark(&format!("`taskyard list --batch {}` lists them", batch.id));
    Ok(Exit::Done)
}
