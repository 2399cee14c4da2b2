//! honker. The address is that of a file: `sqlite:///…`.

use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use honker::{Database, EnqueueOpts, Queue, QueueOpts};
use serde_json::json;
use taskyard_bench_shape::{
    CONCURRENCY, PATIENCE, Ran, Told, bulks, check_stored, one_by_one, payload, per_second, tell,
};

const STORED: &str = "SELECT count(*) FROM _honker_live";

/// honker opens its file at synchronous=NORMAL, which may lose the last commits with the power.
fn open(path: &str) -> Result<Database> {
    let database = Database::open(path)?;
    database.with_conn(|connection| connection.pragma_update(None, "synchronous", "FULL"))?;
    Ok(database)
}

fn count(database: &Database) -> Result<i64> {
    Ok(database.with_conn(|connection| connection.query_row(STORED, [], |row| row.get(0)))?)
}

fn add_in_bulk(database: &Database, queue: &Queue, jobs: u64) -> Result<f64> {
    let began = Instant::now();
    for size in bulks(jobs) {
        let transaction = database.transaction()?;
        for _ in 0..size {
            queue.enqueue_tx(&transaction, &json!({ "payload": payload() }), EnqueueOpts::default())?;
        }
        transaction.commit()?;
    }
    Ok(per_second(jobs, began))
}

/// One thread, batches both ways: all threads share one connection, more of them only wait for it.
fn run_in_batches(queue: &Queue, ran: &Ran) -> Result<()> {
    loop {
        let jobs = queue.claim_batch("bench", CONCURRENCY as i64)?;
        if jobs.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = jobs.iter().map(|job| job.id).collect();
        ids.iter().for_each(|id| ran.note(id.to_string()));
        let acknowledged = queue.ack_batch(&ids, "bench")?;
        ensure!(acknowledged == ids.len() as i64, "{acknowledged} of {} were acknowledged", ids.len());
    }
}

/// As the documentation shows it: a worker claims one job, runs it, acknowledges it.
fn run_each(queue: &Queue, ran: &Ran, jobs: u64) -> Result<()> {
    let began = Instant::now();
    thread::scope(|scope| {
        let work = |worker: usize| -> Result<()> {
            let name = format!("bench-{worker}");
            while ran.calls() < jobs {
                if began.elapsed() > PATIENCE {
                    bail!("it has not run down after {PATIENCE:?}");
                }
                if let Some(job) = queue.claim_one(&name)? {
                    ran.note(job.id.to_string());
                    ensure!(job.ack()?, "job {} was not acknowledged", job.id);
                }
            }
            Ok(())
        };
        let workers: Vec<_> = (0..CONCURRENCY).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker panicked"))?)
    })
}

#[tokio::main]
async fn main() -> Result<()> {
    let told = Told::read()?;
    let path = told.address.strip_prefix("sqlite://").context("the address is not one of SQLite")?;
    let database = open(path)?;
    let queue = database.queue("noop", QueueOpts::default());

    let adding = queue.clone();
    let add = one_by_one(told.jobs, move || {
        let queue = adding.clone();
        async move {
            queue.enqueue(&json!({ "payload": payload() }), EnqueueOpts::default())?;
            Ok(())
        }
    })
    .await?;
    check_stored(told.jobs, count(&database)?)?;
    database.with_conn(|connection| connection.execute("DELETE FROM _honker_live", []))?;

    let bulk = add_in_bulk(&database, &queue, told.jobs)?;
    check_stored(told.jobs, count(&database)?)?;

    let ran = Ran::default();
    let began = Instant::now();
    match told.is_best {
        true => run_in_batches(&queue, &ran)?,
        false => run_each(&queue, &ran, told.jobs)?,
    }
    let rundown = per_second(told.jobs, began);
    ran.check(told.jobs, count(&database)?)?;
    let durability = database.with_conn(|connection| {
        connection.query_row(
            "SELECT 'SQLite ' || sqlite_version() || ', ' || j.journal_mode || ', synchronous=' || s.synchronous
                    || ' (2 is FULL)'
             FROM pragma_journal_mode AS j, pragma_synchronous AS s",
            [],
            |row| row.get::<_, String>(0),
        )
    })?;
    tell(add, bulk, rundown, &durability);
    Ok(())
}
