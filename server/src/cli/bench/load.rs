//! Callers that add jobs one by one, each waiting for its answer before the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use taskyard::Yard;
use taskyard::shared::job::NewJob;

use super::run::failed;
use crate::cli::error::CliError;

/// A retryable refusal is answered by trying again after so long.
const RETRY_AFTER: Duration = Duration::from_millis(2);

/// What the callers saw.
#[derive(Clone, Copy, Debug)]
pub struct Added {
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
    let left = Arc::new(AtomicU64::new(jobs));
    let retries = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let caller = call(yard.clone(), Arc::clone(&left), Arc::clone(&retries), make.clone());
            tokio::spawn(caller)
        })
        .collect();
    for caller in callers {
        let outcome = caller.await.map_err(|error| failed("a caller ended", error))?;
        outcome?;
    }
    Ok(Added { time: began.elapsed(), retries: retries.load(Ordering::Relaxed) })
}

async fn call(
    yard: Yard,
    left: Arc<AtomicU64>,
    retries: Arc<AtomicU64>,
    make: impl Fn() -> NewJob,
) -> Result<(), CliError> {
    let take = |left: u64| left.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        while let Err(error) = yard.add(make()).await {
            if !error.code.is_retryable() {
                return Err(failed("a job was refused", error));
            }
            retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
    Ok(())
}
