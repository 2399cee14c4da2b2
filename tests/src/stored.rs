//! Data folders that hold many jobs before the server starts: written as the server writes, only faster.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use taskyard::store::sqlite::SqliteStore;
use taskyard::store::{AddTerms, JobInsert, KindSays, QueueSettings, Store, WriteOp};
use taskyard_shared::job::JobOptions;

const JOBS_A_COMMIT: u64 = 5_000;
const QUEUE: &str = "demo";

/// Stores `count` waiting `demo` jobs, called `stored 1` and so on, in a queue that is paused.
pub fn waiting_jobs(data_folder: &Path, count: u64) -> Result<()> {
    let store = SqliteStore::open(data_folder).context("cannot open the data folder")?;
    let mut writer = store.writer()?;
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let settings = QueueSettings { paused: true, ..QueueSettings::with_concurrency(1) };
    writer.apply(&[WriteOp::ConfigureQueue { queue: QUEUE.into(), settings }], now_ms)?;
    for first in (1..=count).step_by(JOBS_A_COMMIT as usize) {
        let last = count.min(first + JOBS_A_COMMIT - 1);
        let jobs = (first..=last).map(demo_job).collect();
        writer.apply(&[WriteOp::Insert { jobs, terms: AddTerms::default() }], now_ms)?;
    }
    Ok(())
}

fn demo_job(number: u64) -> JobInsert {
    JobInsert {
        kind: Arc::from("demo"),
        queue: Arc::from(QUEUE),
        name: format!("stored {number}"),
        detail: "1 s".to_owned(),
        args: format!(r#"{{"name":"stored {number}","duration":1.0,"failure_chance":0.0}}"#),
        inputs: Vec::new(),
        priority: 0,
        run_at_ms: None,
        max_attempts: 1,
        options: JobOptions::default(),
        kind_says: KindSays::default(),
        unique: None,
        after: Vec::new(),
        takes_results: false,
        number: 1,
    }
}
