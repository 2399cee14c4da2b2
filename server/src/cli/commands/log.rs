//! `taskyard log`.

use taskyard::shared::job::JobId;
use taskyard::shared::log::LogLine;
use taskyard::shared::view::ViewQuery;

use super::log_tail::{LogTail, log_line};
use super::wait::row_of;
use crate::cli::args::LogArgs;
use crate::cli::client::{Api, Feed, FeedEvent, LiveRows};
use crate::cli::error::{CliError, Exit};
use crate::cli::interrupts::interrupts;
use crate::cli::output::{self, Form};

pub async fn run(args: LogArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let form = args.client.form();
    if args.follow {
        return follow(&api, args.id, args.limit, form).await;
    }
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.attempt.map(|attempt| ("attempt", attempt.to_string())));
    let answer = api.get(&["jobs", &args.id.to_string(), "log"], &query).await?;
    if form == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let lines: Vec<LogLine> = answer.part("lines")?;
    if lines.is_empty() {
        output::remark("nothing was written");
    }
    lines.iter().try_for_each(|line| output::line(&log_line(line)))?;
    Ok(Exit::Done)
}

/// Until the job has ended, or Ctrl-C.
async fn follow(api: &Api, id: JobId, limit: u32, form: Form) -> Result<Exit, CliError> {
    // A job that is not there would be waited for in vain.
    api.get(&["jobs", &id.to_string()], &[]).await?;
    let feed = Feed::open(api, vec![ViewQuery::Log { job: id }, row_of(id)]).await?;
    let (mut events, mut interrupts) = (feed.into_events(), interrupts().await);
    let (mut rows, mut tail) = (LiveRows::default(), LogTail::newest(limit));
    loop {
        let event = tokio::select! {
            Some(()) = interrupts.recv() => return Ok(Exit::Done),
            event = events.recv() => event,
        };
        let Some(event) = event.transpose()? else { return Ok(Exit::Done) };
        if let (FeedEvent::Lost { reason, .. }, Form::Text) = (&event, form) {
            output::remark(&format!("connection lost ({reason}); trying again"));
        }
        tail.take_in(&event).iter().try_for_each(|line| print(line, form))?;
        rows.apply(&event);
        if rows.job(id).is_some_and(|job| job.state.is_finished()) {
            break;
        }
    }
    // The last lines may come later than the news that the job has ended.
    tail.rest(api, id).await?.iter().try_for_each(|line| print(line, form))?;
    Ok(Exit::Done)
}

fn print(line: &LogLine, form: Form) -> Result<(), CliError> {
    match form {
        Form::Json => output::json_line(line),
        Form::Text => output::line(&log_line(line)),
    }
}
