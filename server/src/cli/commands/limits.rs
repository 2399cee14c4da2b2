//! `taskyard limits` and `limit`.

use taskyard::shared::limit::{Limit, LimitStatus};

use crate::cli::args::{ClientArgs, LimitArgs, NameArgs};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{plain, thousands};
use crate::cli::output::{self, Form};
use crate::cli::table::Table;
use crate::cli::values::rate_in_words;

pub async fn list(args: ClientArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args)?.get(&["limits"], &[]).await?;
    if args.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let limits: Vec<LimitStatus> = answer.part("limits")?;
    if limits.is_empty() {
        output::remark("no limits; set one with `taskyard limit set`");
        return Ok(Exit::Done);
    }
    output::table(&table(&limits))?;
    Ok(Exit::Done)
}

pub async fn set(args: LimitArgs) -> Result<Exit, CliError> {
    let limit = Limit {
        name: args.name.clone(),
        queue: args.queue,
        kind: args.kind,
        key: args.key,
        concurrency: args.concurrency,
        rate: args.rate,
    };
    let answer = Api::new(&args.client)?.put(&["limits", &args.name], &limit).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let status: LimitStatus = answer.part("limit")?;
    output::line(&sentence(&status.limit))?;
    Ok(Exit::Done)
}

pub async fn remove(args: NameArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args.client)?.delete(&["limits", &args.name]).await?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => output::line(&format!("limit {} is removed", args.name))?,
    }
    Ok(Exit::Done)
}

fn sentence(limit: &Limit) -> String {
    let jobs = [("queue", &limit.queue), ("kind", &limit.kind)]
        .into_iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!(" of {name} {value}")))
        .collect::<String>();
    let key = limit.key.as_ref().map(|key| format!(" with the same {}", plain(key))).unwrap_or_default();
    let at_a_time = limit.concurrency.map(|count| format!("{} at a time", thousands(u64::from(count))));
    let starts = limit.rate.as_ref().map(|rate| format!("starts at {}", rate_in_words(rate)));
    let bounds: Vec<String> = at_a_time.into_iter().chain(starts).collect();
    format!("limit {}: jobs{jobs}{key}, {}", limit.name, bounds.join(" and "))
}

fn table(limits: &[LimitStatus]) -> Table {
    let headings =
        ["LIMIT", "KIND", "QUEUE", "KEY", "CONCURRENCY", "RATE", "RUNNING", "HELD BACK", "KEYS IN USE"];
    let mut table = Table::new(&headings).with_optional(&["KIND", "QUEUE", "KEY", "CONCURRENCY", "RATE"]);
    for status in limits {
        let limit = &status.limit;
        table.row([
            limit.name.clone(),
            limit.kind.clone().unwrap_or_default(),
            limit.queue.clone().unwrap_or_default(),
            limit.key.clone().unwrap_or_default(),
            limit.concurrency.map(|count| thousands(u64::from(count))).unwrap_or_default(),
            limit.rate.as_ref().map(rate_in_words).unwrap_or_default(),
            thousands(status.running),
            thousands(status.held_back),
            thousands(status.keys),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_as_a_sentence() {
        let limit = Limit {
            name: "mail".to_owned(),
            queue: None,
            kind: Some("http".to_owned()),
            key: Some("/customer".to_owned()),
            concurrency: Some(1),
            rate: crate::cli::values::rate("10/s:5").ok(),
        };
        assert_eq!(
            sentence(&limit),
            "limit mail: jobs of kind http with the same /customer, 1 at a time and starts at 10/s:5"
        );
    }
}
