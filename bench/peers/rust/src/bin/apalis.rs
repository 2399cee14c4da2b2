//! apalis-sqlite. The address is that of a file: `sqlite:///…`.

use std::str::FromStr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use apalis::prelude::*;
use apalis_sqlite::{Config, SqliteStorage};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use taskyard_bench_shape::{
    CONCURRENCY, LOOK_EVERY, PATIENCE, Ran, Told, bulks, check_stored, one_by_one, payload, per_second, tell,
};

/// As many as a pool of sqlx has unless told.
const CONNECTIONS: u32 = 10;

static RAN: LazyLock<Ran> = LazyLock::new(Ran::default);

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Noop {
    number: u64,
    payload: String,
}

fn job(number: u64) -> Noop {
    Noop { number, payload: payload() }
}

async fn noop(job: Noop) -> Result<(), BoxDynError> {
    RAN.note(job.number.to_string());
    Ok(())
}

async fn connect(told: &Told, connections: u32) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::from_str(&told.address)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30));
    Ok(SqlitePoolOptions::new().max_connections(connections).connect_with(options).await?)
}

async fn count(pool: &SqlitePool, sql: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

#[tokio::main]
async fn main() -> Result<()> {
    let told = Told::read()?;
    // `setup` turns synchronous off on the connection that it gets: that one is not used again.
    let making = connect(&told, 1).await?;
    SqliteStorage::setup(&making).await?;
    making.close().await;
    let pool = connect(&told, CONNECTIONS).await?;
    const STORED: &str = "SELECT count(*) FROM Jobs";
    const LEFT: &str = "SELECT count(*) FROM Jobs WHERE status <> 'Done'";
    let config = Config::default().queue("noop");
    let config = if told.is_best { config.batch_size(CONCURRENCY).lock_tasks(false) } else { config };
    let storage = SqliteStorage::<Noop>::new(&pool).with_config(config);

    let adding = storage.clone();
    let add = one_by_one(told.jobs, move || {
        let mut storage = adding.clone();
        async move { storage.push(job(0)).await.map_err(|error| anyhow::anyhow!("{error}")) }
    })
    .await?;
    check_stored(told.jobs, count(&pool, STORED).await?)?;
    sqlx::query("DELETE FROM Jobs").execute(&pool).await?;

    let mut number = 0;
    let began = Instant::now();
    for size in bulks(told.jobs) {
        let jobs: Vec<Noop> = (number..number + size).map(job).collect();
        number += size;
        storage.clone().push_bulk(jobs).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    let bulk = per_second(told.jobs, began);
    check_stored(told.jobs, count(&pool, STORED).await?)?;

    let began = Instant::now();
    let working = match told.is_best {
        true => {
            let backend = storage.clone().poll_with_interval(Duration::from_millis(5));
            let worker = WorkerBuilder::new("bench").backend(backend).concurrency(CONCURRENCY).build(noop);
            tokio::spawn(async move { worker.run().await.map_err(|error| anyhow::anyhow!("{error}")) })
        }
        false => {
            let worker =
                WorkerBuilder::new("bench").backend(storage.clone()).concurrency(CONCURRENCY).build(noop);
            tokio::spawn(async move { worker.run().await.map_err(|error| anyhow::anyhow!("{error}")) })
        }
    };
    while RAN.calls() < told.jobs || count(&pool, LEFT).await? > 0 {
        if working.is_finished() {
            working.await?.context("the worker ended")?;
            bail!("the worker ended by itself");
        }
        if began.elapsed() > PATIENCE {
            bail!("it has not run down after {PATIENCE:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let rundown = per_second(told.jobs, began);
    working.abort();
    RAN.check(told.jobs, count(&pool, LEFT).await?)?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&pool).await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&pool).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await?;
    tell(add, bulk, rundown, &format!("SQLite {version}, {journal}, synchronous={synchronous} (2 is FULL)"));
    Ok(())
}
