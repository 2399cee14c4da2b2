//! The shape that every peer is measured in, and its checks: `shape.mjs` once more.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

pub const CALLERS: usize = 64;
pub const BULK: u64 = 1_000;
pub const CONCURRENCY: usize = 100;
pub const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long a queue may take to run down.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// What the command line says: address of the database, number of jobs, settings.
pub struct Told {
    pub address: String,
    pub jobs: u64,
    pub is_best: bool,
}

impl Told {
    pub fn read() -> Result<Told> {
        let mut words = std::env::args().skip(1);
        let mut next = || words.next().context("usage: ADDRESS JOBS best|defaults");
        let (address, jobs, settings) = (next()?, next()?.parse()?, next()?);
        let is_best = match settings.as_str() {
            "best" => true,
            "defaults" => false,
            other => bail!("there are no settings \"{other}\""),
        };
        Ok(Told { address, jobs, is_best })
    }
}

/// About 100 bytes as JSON.
pub fn payload() -> String {
    "taskyard ".repeat(9).trim().to_owned()
}

/// Jobs a second while callers add one job at a time, each waiting for its answer.
pub async fn one_by_one<F, A>(jobs: u64, add: F) -> Result<f64>
where
    F: Fn() -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<()>> + Send,
{
    let left = std::sync::Arc::new(AtomicU64::new(jobs));
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (left, add) = (left.clone(), add.clone());
            tokio::spawn(async move {
                let take = |left: u64| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                    add().await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(per_second(jobs, began))
}

pub fn per_second(jobs: u64, began: Instant) -> f64 {
    jobs as f64 / began.elapsed().as_secs_f64()
}

/// Sizes of the calls that add so many jobs in bulk.
pub fn bulks(jobs: u64) -> impl Iterator<Item = u64> {
    (0..jobs).step_by(BULK as usize).map(move |done| BULK.min(jobs - done))
}

/// Counts what ran: each job exactly once.
#[derive(Default)]
pub struct Ran {
    ids: Mutex<HashSet<String>>,
    calls: AtomicU64,
}

impl Ran {
    pub fn note(&self, id: String) {
        self.ids.lock().expect("nothing panics while it is held").insert(id);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn check(&self, jobs: u64, left: i64) -> Result<()> {
        let ids = self.ids.lock().expect("nothing panics while it is held").len() as u64;
        let calls = self.calls();
        ensure!(
            calls == jobs && ids == jobs && left == 0,
            "of {jobs} jobs, {ids} ran in {calls} calls, and {left} are left"
        );
        Ok(())
    }
}

pub fn check_stored(expected: u64, stored: i64) -> Result<()> {
    ensure!(i64::try_from(expected) == Ok(stored), "{expected} jobs were added, and {stored} are stored");
    Ok(())
}

/// One line for the script that asked.
pub fn tell(add: f64, bulk: f64, rundown: f64, durability: &str) {
    println!("{}", json!({ "add": add, "bulk": bulk, "rundown": rundown, "durability": durability }));
}
