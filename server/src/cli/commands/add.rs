//! `taskyard add`.

use taskyard::shared::job::JobId;

use super::new_job::{with_options, with_time, with_work};
use super::wait;
use crate::cli::args::AddArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{self, Form};

pub async fn run(args: AddArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let job = with_work(&api, args.work, &args.files).await?;
    let job = with_time(with_options(job, args.options), args.when);
    let added = api.post_once(&["jobs"], &job, args.idempotency_key.as_deref()).await?;
    let id: JobId = added.part("id")?;
    let is_new: bool = added.json.get("is_new").is_none_or(|is_new| is_new == true);
    let form = args.client.form();
    if args.wait {
        if form == Form::Text {
            output::remark(&format!("job {id} {}", if is_new { "is added" } else { "is there already" }));
        }
        let log = if args.log { wait::Log::Shown } else { wait::Log::Left };
        return wait::until_ended(&api, id, log, form).await;
    }
    match form {
        Form::Json => output::json(&added.json)?,
        Form::Text => output::line(&id.to_string())?,
    }
    Ok(Exit::Done)
}
