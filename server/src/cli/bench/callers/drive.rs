//! All callers at once, for a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use taskyard::shared::new_job::NewJob;

use super::caller::{CallError, Caller};
use crate::cli::bench::figures::new_histogram;
use crate::cli::bench::load::RETRY_AFTER;
use crate::cli::bench::run::failed;
use crate::cli::error::CliError;

/// A caller that is refused for now waits twice as long each time, from [`RETRY_AFTER`] up to so many times that.
const LONGEST_WAIT: u32 = 32;

/// What the callers saw.
pub struct Driven {
    /// Acknowledged.
    pub jobs: u64,
    /// From the first call to the last answer.
    pub time: Duration,
    /// Calls that were refused for now and made again.
    pub retries: u64,
    /// Microseconds from a call to its answer, those that it was refused for now included.
    pub calls: Histogram<u64>,
}

/// What one caller did.
#[derive(Default)]
struct Done {
    jobs: u64,
    retries: u64,
}

/// Has every caller make calls one after the other; none begins one when `length` is over. `make` gives the jobs of
/// a call, and is called again for a retry.
pub async fn drive<F>(callers: Vec<Caller>, length: Duration, make: F) -> Result<Driven, CliError>
where
    F: Fn() -> Vec<NewJob> + Clone + Send + Sync + 'static,
{
    let calls = Arc::new(Mutex::new(new_histogram()));
    let began = Instant::now();
    let callers: Vec<_> = callers
        .into_iter()
        .map(|caller| tokio::spawn(call(caller, began + length, make.clone(), Arc::clone(&calls))))
        .collect();
    let mut all = Done::default();
    for caller in callers {
        let done = caller.await.map_err(|error| failed("a caller ended", error))??;
        all.jobs += done.jobs;
        all.retries += done.retries;
    }
    let time = began.elapsed();
    let calls = calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Driven { jobs: all.jobs, time, retries: all.retries, calls })
}

async fn call(
    mut caller: Caller,
    until: Instant,
    make: impl Fn() -> Vec<NewJob>,
    calls: Arc<Mutex<Histogram<u64>>>,
) -> Result<Done, CliError> {
    let mut done = Done::default();
    while Instant::now() < until {
        let jobs = make();
        let count = jobs.len() as u64;
        let began = Instant::now();
        let mut wait = 1;
        let mut answer = caller.add(jobs).await;
        while let Err(error) = answer {
            match error {
                CallError::ForNow => {}
                CallError::Failed(error) => return Err(error),
            }
            done.retries += 1;
            tokio::time::sleep(RETRY_AFTER * wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
            answer = caller.add(make()).await;
        }
        let took_us = began.elapsed().as_micros() as u64;
        calls.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(took_us);
        done.jobs += count;
    }
    Ok(done)
}
