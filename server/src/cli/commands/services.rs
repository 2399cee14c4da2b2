//! `taskyard services` and `drop-cached`.

use taskyard::shared::service::{LimiterStatus, PoolStatus, Services};

use crate::cli::args::{ClientArgs, DropCachedArgs};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{bytes, moment, one_or_more, plain, thousands};
use crate::cli::output::{self, Form};
use crate::cli::table::Table;
use crate::cli::values::rate_in_words;

/// Rows of a table; the board shows more.
const ROWS: usize = 20;

pub async fn list(args: ClientArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args)?.get(&["services"], &[]).await?;
    if args.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let services: Services = answer.read()?;
    limiter(&services.limiter)?;
    cache(&services)?;
    if !services.pools.is_empty() {
        output::line("")?;
        output::table(&pools(&services.pools))?;
    }
    Ok(Exit::Done)
}

pub async fn drop_cached(args: DropCachedArgs) -> Result<Exit, CliError> {
    let query: Vec<(&str, String)> = args.key.into_iter().map(|key| ("key", key)).collect();
    let answer = Api::new(&args.client)?.delete_with(&["cache"], &query).await?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => {
            let count: u64 = answer.part("count")?;
            let entries = if count == 1 { "entry" } else { "entries" };
            output::line(&format!("{} {entries} dropped", thousands(count)))?;
        }
    }
    Ok(Exit::Done)
}

fn limiter(status: &LimiterStatus) -> Result<(), CliError> {
    let submissions = match &status.submissions {
        Some(rate) => format!("a client may submit {}", rate_in_words(rate)),
        None => "clients may submit as often as they like".to_owned(),
    };
    output::line(&format!(
        "rate limiter: {submissions}; {} allowed, {} refused, {}",
        thousands(status.allowed),
        thousands(status.refused),
        one_or_more(status.keys, "key")
    ))?;
    if status.latest.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["KEY", "RATE", "REMAINING", "ALLOWED", "REFUSED", "NEXT"]);
    for key in status.latest.iter().take(ROWS) {
        table.row([
            plain(&key.key),
            rate_in_words(&key.rate),
            thousands(key.remaining.into()),
            thousands(key.allowed),
            thousands(key.refused),
            key.next_at_ms.map(moment).unwrap_or_default(),
        ]);
    }
    output::table(&table)?;
    output::line("")
}

fn cache(services: &Services) -> Result<(), CliError> {
    let status = &services.cache;
    let entries = if status.entries == 1 { "entry" } else { "entries" };
    output::line(&format!(
        "cache: {} {entries} of {} (of {}); {}, {}, {} shared, {}",
        thousands(status.entries),
        bytes(status.bytes),
        bytes(status.max_bytes),
        one_or_more(status.hits, "hit"),
        if status.misses == 1 { "1 miss".to_owned() } else { format!("{} misses", thousands(status.misses)) },
        thousands(status.shared),
        one_or_more(status.evictions, "eviction"),
    ))?;
    if status.latest.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["KEY", "SIZE", "HITS", "PUT", "UNTIL", "JOB"]).with_optional(&["JOB"]);
    for entry in status.latest.iter().take(ROWS) {
        table.row([
            plain(&entry.key),
            bytes(entry.bytes),
            thousands(entry.hits),
            moment(entry.put_at_ms),
            moment(entry.expires_at_ms),
            entry.job.map(|job| job.to_string()).unwrap_or_default(),
        ]);
    }
    output::table(&table)
}

fn pools(pools: &[PoolStatus]) -> Table {
    let headings = ["POOL", "TO", "OPEN", "IDLE", "IN USE", "WAITING", "CHECKOUTS", "ERRORS", "LAST ERROR"];
    let mut table = Table::new(&headings).with_optional(&["LAST ERROR"]);
    for pool in pools {
        table.row([
            pool.name.clone(),
            plain(&pool.target),
            format!("{} of {}", pool.size, pool.max_size),
            pool.idle.to_string(),
            pool.users.len().to_string(),
            pool.waiting.to_string(),
            thousands(pool.checkouts),
            thousands(pool.errors),
            pool.last_error.as_ref().map(|error| plain(&error.message)).unwrap_or_default(),
        ]);
    }
    table
}
