//! `taskyard queues`, `queue`, `pause`, `resume` and `concurrency`.

use taskyard::shared::job::JobState;
use taskyard::shared::queue::{Keep, QueueChange, QueueStatus, RetentionChange};

use crate::cli::args::{ClientArgs, ConcurrencyArgs, QueueArgs, QueueNameArgs, QueueSettingArgs, Setting};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{one_or_more, thousands};
use crate::cli::output::{self, Form};
use crate::cli::table::Table;
use crate::cli::values::in_words;

pub async fn list(args: ClientArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args)?.get(&["queues"], &[]).await?;
    if args.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let queues: Vec<QueueStatus> = answer.part("queues")?;
    output::table(&table(queues.iter()))?;
    Ok(Exit::Done)
}

pub async fn pause(args: QueueNameArgs) -> Result<Exit, CliError> {
    let change = QueueChange { paused: Some(true), ..QueueChange::default() };
    change_queue(&args.client, &args.queue, &change).await
}

pub async fn resume(args: QueueNameArgs) -> Result<Exit, CliError> {
    let change = QueueChange { paused: Some(false), ..QueueChange::default() };
    change_queue(&args.client, &args.queue, &change).await
}

pub async fn concurrency(args: ConcurrencyArgs) -> Result<Exit, CliError> {
    let change = QueueChange { concurrency: Some(args.concurrency), ..QueueChange::default() };
    change_queue(&args.client, &args.queue, &change).await
}

/// Changes what is said; shows the queue when nothing is.
pub async fn configure(args: QueueArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let change = change(&args.settings);
    let answer = if change == QueueChange::default() {
        api.get(&["queues", &args.queue], &[]).await?
    } else {
        api.patch(&["queues", &args.queue], &change).await?
    };
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    settings(&answer.read()?).iter().try_for_each(|line| output::line(line))?;
    Ok(Exit::Done)
}

fn change(said: &QueueSettingArgs) -> QueueChange {
    let retention = RetentionChange {
        completed: said.keep_completed,
        failed: said.keep_failed,
        cancelled: said.keep_cancelled,
    };
    let draining = match (said.drain, said.no_drain) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    QueueChange {
        paused: None,
        draining,
        concurrency: said.concurrency,
        max_attempts: said.max_attempts.map(Setting::value),
        timeout_ms: said.timeout.map(Setting::value),
        retention: (retention != RetentionChange::default()).then_some(retention),
    }
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
        "SCHEDULED",
        "WAITING",
        "",
    ])
    .with_optional(&["SCHEDULED", "WAITING"]);
    for queue in queues {
        let count = |state| match (state, queue.counts[state]) {
            (JobState::Scheduled | JobState::Waiting, 0) => String::new(),
            (_, count) => thousands(count),
        };
        let mut cells = vec![queue.name.clone(), thousands(u64::from(queue.concurrency))];
        cells.extend(JobState::ALL.map(count));
        cells.push(notes(queue).join(", "));
        table.row(cells);
    }
    table
}

/// What is out of the ordinary.
pub fn notes(queue: &QueueStatus) -> Vec<String> {
    let paused = queue.paused.then(|| "paused".to_owned());
    let draining = queue.draining.then(|| "draining".to_owned());
    let stopping = (queue.stopping > 0).then(|| format!("{} stopping", queue.stopping));
    paused.into_iter().chain(draining).chain(stopping).collect()
}

async fn change_queue(client: &ClientArgs, queue: &str, change: &QueueChange) -> Result<Exit, CliError> {
    let answer = Api::new(client)?.patch(&["queues", queue], change).await?;
    match client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => output::line(&sentence(&answer.read()?))?,
    }
    Ok(Exit::Done)
}

fn sentence(status: &QueueStatus) -> String {
    let state = if status.paused { "paused" } else { "running" };
    let draining = if status.draining { ", takes no more jobs" } else { "" };
    format!("queue {} is {state}, {} at a time{draining}", status.name, status.concurrency)
}

fn settings(status: &QueueStatus) -> Vec<String> {
    let kinds = || "as the kind says".to_owned();
    let keep = &status.retention;
    let facts = [
        ("max attempts", status.max_attempts.map_or_else(kinds, |attempts| attempts.to_string())),
        ("timeout", status.timeout_ms.map_or_else(kinds, in_words)),
        ("keeps completed", keep_in_words(keep.completed)),
        ("keeps failed", keep_in_words(keep.failed)),
        ("keeps cancelled", keep_in_words(keep.cancelled)),
    ];
    let facts = facts.into_iter().map(|(name, value)| format!("  {name:<15} {value}"));
    std::iter::once(sentence(status)).chain(facts).collect()
}

fn keep_in_words(keep: Keep) -> String {
    let age = keep.max_age_ms.map(|age| format!("for {}", in_words(age)));
    let count = keep.max_count.map(|count| format!("the newest {}", one_or_more(count, "job")));
    let bounds: Vec<String> = age.into_iter().chain(count).collect();
    if bounds.is_empty() { "all".to_owned() } else { bounds.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_jobs_read_as_words() {
        let both = Keep { max_age_ms: Some(604_800_000), max_count: Some(10_000) };
        assert_eq!(keep_in_words(both), "for 7d, the newest 10,000 jobs");
        assert_eq!(keep_in_words(Keep::default()), "all");
    }
}
