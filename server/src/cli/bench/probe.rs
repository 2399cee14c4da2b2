//! The kind of job that is measured: it does nothing but note how long it took to be started.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard::kinds::{JobContext, JobResult, Label, QueueDefaults, Worker};
use taskyard::shared::new_job::NewJob;

use super::figures::{Latency, new_histogram};

/// The queue of the jobs that are measured.
pub const QUEUE: &str = "noop";
/// About 100 bytes of arguments with the rest of them, as other queues' benches have.
const PAYLOAD: &str = "taskyard taskyard taskyard taskyard taskyard taskyard taskyard";

/// Shared by the callers, who stamp jobs, and the worker, who reads the stamps.
pub struct Probe {
    clock: Instant,
    ran: AtomicU64,
    /// Microseconds from the call of add to the start of the work.
    starts: Mutex<Histogram<u64>>,
}

impl Probe {
    pub fn new() -> Arc<Self> {
        Arc::new(Probe { clock: Instant::now(), ran: AtomicU64::new(0), starts: Mutex::new(new_histogram()) })
    }

    /// A job stamped with this moment.
    pub fn job(&self) -> NewJob {
        self.stamped(self.now_us())
    }

    /// A job stamped with the moment at which it was due to be added.
    pub fn job_due(&self, at: Instant) -> NewJob {
        self.stamped(at.saturating_duration_since(self.clock).as_micros() as u64)
    }

    fn stamped(&self, sent_us: u64) -> NewJob {
        NewJob::new(NoopProbe::KIND, json!({ "sent_us": sent_us, "payload": PAYLOAD }))
    }

    /// Jobs that began since the last reset.
    pub fn ran(&self) -> u64 {
        self.ran.load(Ordering::Relaxed)
    }

    pub fn latency(&self) -> Latency {
        Latency::of(&self.starts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what ran before the measurement.
    pub fn reset(&self) {
        self.ran.store(0, Ordering::Relaxed);
        self.starts.lock().unwrap_or_else(PoisonError::into_inner).reset();
    }

    fn started(&self, sent_us: u64) {
        self.ran.fetch_add(1, Ordering::Relaxed);
        let waited = self.now_us().saturating_sub(sent_us);
        self.starts.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(waited);
    }

    fn now_us(&self) -> u64 {
        self.clock.elapsed().as_micros() as u64
    }
}

pub struct NoopProbe(pub Arc<Probe>);

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeArgs {
    /// Microseconds on the probe's clock.
    sent_us: u64,
    payload: String,
}

impl Worker for NoopProbe {
    const KIND: &'static str = "noop";
    const DESCRIPTION: &'static str = "Does nothing: for measurements.";
    type Args = ProbeArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: QUEUE, concurrency: 1 }
    }

    fn label(&self, _args: &ProbeArgs) -> Label {
        Label { name: "noop".to_owned(), detail: String::new() }
    }

    async fn perform(&self, args: ProbeArgs, _ctx: JobContext) -> JobResult {
        self.0.started(args.sent_us);
        Ok(Value::Null)
    }
}
