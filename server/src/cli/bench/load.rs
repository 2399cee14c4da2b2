//! Callers that add jobs one by one, each waiting for its answer before the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use taskyard::Yard;
use taskyard::shared::new_job::NewJob;

use super::run::failed;
use crate::cli::error::CliError;

/// A retryable refusal is answered by trying again after so long.
pub const RETRY_AFTER: Duration = Duration::from_millis(2);

/// What the callers saw.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    pub jobs: u64,
    /// From the first call to the last answer.
    pub time: Duration,
    /// Calls that were refused for now and made again.
    pub retries: u64,
}

/// Adds `jobs` jobs with `callers` callers. `make` gives each job, and is called again for a retry.
pub async fn add_one_by_one<F>(yard: &Yard, jobs: u64, callers: u32, make: F) -> Result<Added, CliError>
where
    F: Fn() -> NewJob + Clone + Send + 'static,
{
    let left = AtomicU64::new(jobs);
    let take = |left: u64| left.checked_sub(1);
    let goes_on = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
    add_while(yard, callers, goes_on, make).await
}

/// The same, as many jobs as the callers can until there is `enough`.
pub async fn add_until<F>(
    yard: &Yard,
    callers: u32,
    enough: Arc<AtomicBool>,
    make: F,
) -> Result<Added, CliError>
where
    F: Fn() -> NewJob + Clone + Send + 'static,
{
    add_while(yard, callers, move || !enough.load(Ordering::Relaxed), make).await
}

/// `goes_on` is asked before each job.
async fn add_while<F>(
    yard: &Yard,
    callers: u32,
    goes_on: impl Fn() -> bool + Send + Sync + 'static,
    make: F,
) -> Result<Added, CliError>
where
    F: Fn() -> NewJob + Clone + Send + 'static,
{
    let goes_on = Arc::new(goes_on);
    let retries = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let caller = call(yard.clone(), Arc::clone(&goes_on), Arc::clone(&retries), make.clone());
            tokio::spawn(caller)
        })
        .collect();
    let mut jobs = 0;
    for caller in callers {
        let outcome = caller.await.map_err(|error| failed("a caller ended", error))?;
        jobs += outcome?;
    }
    Ok(Added { jobs, time: began.elapsed(), retries: retries.load(Ordering::Relaxed) })
}

/// Answers how many jobs it added.
async fn call(
    yard: Yard,
    goes_on: Arc<impl Fn() -> bool>,
    retries: Arc<AtomicU64>,
    make: impl Fn() -> NewJob,
) -> Result<u64, CliError> {
    let mut added = 0;
    while goes_on() {
        while let Err(error) = yard.add(make()).await {
            if !error.code.is_retryable() {
                return Err(failed("a job was refused", error));
            }
            retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(RETRY_AFTER).await;
        }
        added += 1;
    }
    Ok(added)
}
