//! riverqueue on PostgreSQL (`postgres://…`) or SQLite (`sqlite:///…`).

use std::str::FromStr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use riverqueue::migrate::{PostgresMigrator, SqliteMigrator};
use riverqueue::sqlx::postgres::PgPoolOptions;
use riverqueue::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use riverqueue::sqlx::{self, PgPool, SqlitePool};
use riverqueue::{Client, ClientBuilder, Job, JobArgs, QueueConfig, WorkContext, WorkOutcome, Workers};
use serde::{Deserialize, Serialize};
use taskyard_bench_shape::{
    CONCURRENCY, LOOK_EVERY, PATIENCE, Ran, Told, bulks, check_stored, one_by_one, payload, per_second, tell,
};

static RAN: LazyLock<Ran> = LazyLock::new(Ran::default);

#[derive(Clone, Debug, Deserialize, JobArgs, Serialize)]
#[river(kind = "noop")]
struct Noop {
    payload: String,
}

async fn noop(_: WorkContext, job: Job<Noop>) -> Result<WorkOutcome, std::io::Error> {
    RAN.note(job.row.id.to_string());
    Ok(WorkOutcome::Complete)
}

#[derive(Clone)]
enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Pool {
    async fn open(told: &Told) -> Result<Pool> {
        if told.address.starts_with("postgres") {
            let connections = if told.is_best { 30 } else { 10 };
            let pool = PgPoolOptions::new().max_connections(connections).connect(&told.address).await?;
            PostgresMigrator::new(pool.clone()).migrate_up().await?;
            return Ok(Pool::Postgres(pool));
        }
        let options = SqliteConnectOptions::from_str(&told.address)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30));
        // One writer at a time is all that SQLite has: more connections only wait for each other.
        let connections = if told.is_best { 2 } else { 10 };
        let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await?;
        SqliteMigrator::new(pool.clone()).migrate_up().await?;
        Ok(Pool::Sqlite(pool))
    }

    fn client(&self) -> ClientBuilder {
        match self {
            Pool::Postgres(pool) => Client::builder(pool.clone()),
            Pool::Sqlite(pool) => Client::builder(pool.clone()),
        }
    }

    async fn count(&self, sql: &'static str) -> Result<i64> {
        Ok(match self {
            Pool::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await?,
            Pool::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await?,
        })
    }

    async fn empty(&self) -> Result<()> {
        const EMPTY: &str = "DELETE FROM river_job";
        match self {
            Pool::Postgres(pool) => sqlx::query(EMPTY).execute(pool).await?.rows_affected(),
            Pool::Sqlite(pool) => sqlx::query(EMPTY).execute(pool).await?.rows_affected(),
        };
        Ok(())
    }

    async fn durability(&self) -> Result<String> {
        Ok(match self {
            Pool::Postgres(pool) => {
                let show =
                    async |sql: &'static str| sqlx::query_scalar::<_, String>(sql).fetch_one(pool).await;
                let (version, commit) =
                    (show("SHOW server_version").await?, show("SHOW synchronous_commit").await?);
                format!(
                    "PostgreSQL {version}, synchronous_commit {commit}, fsync {}",
                    show("SHOW fsync").await?
                )
            }
            Pool::Sqlite(pool) => {
                let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
                let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await?;
                let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await?;
                format!("SQLite {version}, {journal}, synchronous={synchronous} (2 is FULL)")
            }
        })
    }
}

const STORED: &str = "SELECT count(*) FROM river_job";
const LEFT: &str = "SELECT count(*) FROM river_job WHERE state <> 'completed'";

#[tokio::main]
async fn main() -> Result<()> {
    let told = Told::read()?;
    let pool = Pool::open(&told).await?;
    let inserting = pool.client().build()?;

    let client = inserting.clone();
    let add = one_by_one(told.jobs, move || {
        let client = client.clone();
        async move { Ok(client.insert(Noop { payload: payload() }).await.map(drop)?) }
    })
    .await?;
    check_stored(told.jobs, pool.count(STORED).await?)?;
    pool.empty().await?;

    let began = Instant::now();
    for size in bulks(told.jobs) {
        inserting.insert_many((0..size).map(|_| Noop { payload: payload() })).await?;
    }
    let bulk = per_second(told.jobs, began);
    check_stored(told.jobs, pool.count(STORED).await?)?;

    let mut workers = Workers::new();
    workers.add_fn(noop)?;
    let queue = match told.is_best {
        true => QueueConfig::new(CONCURRENCY)
            .with_fetch_cooldown(Duration::from_millis(1))
            .with_fetch_poll_interval(Duration::from_millis(5)),
        false => QueueConfig::new(CONCURRENCY),
    };
    let began = Instant::now();
    let mut run = pool.client().workers(workers).queue("default", queue).build()?.start()?;
    while RAN.calls() < told.jobs || pool.count(LEFT).await? > 0 {
        if began.elapsed() > PATIENCE {
            bail!("it has not run down after {PATIENCE:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let rundown = per_second(told.jobs, began);
    run.stop().await?;
    RAN.check(told.jobs, pool.count(LEFT).await?)?;
    tell(add, bulk, rundown, &pool.durability().await?);
    Ok(())
}
