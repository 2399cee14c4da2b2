//! Reports of real databases: SQLite files, and a PostgreSQL server that is started here.

mod cluster;
mod memory;
mod postgres;
mod sqlite;

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use taskyard_shared::job::{JobDetail, JobId, JobState};
use taskyard_shared::new_job::NewJob;
use taskyard_shared::service::PoolStatus;
use tempfile::TempDir;

use crate::Yard;
use crate::services::ServicesConfig;
use crate::services::pool::{PoolSettings, PoolTarget, SqliteSettings};
use crate::yard::Stopped;

/// Longest that a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A yard with a pool, and with its own data as another.
struct Office {
    yard: Yard,
    folder: TempDir,
}

impl Office {
    async fn open(pool: &str, target: impl FnOnce(&TempDir) -> PoolTarget) -> Office {
        Office::open_with(pool, |folder| PoolSettings::new(target(folder))).await
    }

    async fn open_with(pool: &str, settings: impl FnOnce(&TempDir) -> PoolSettings) -> Office {
        let folder = tempfile::tempdir().expect("a folder");
        let pools = [(pool.to_owned(), settings(&folder))].into();
        let services = ServicesConfig { pools, ..ServicesConfig::default() };
        let builder = Yard::builder().data_dir(folder.path().join("data")).services(services).reports();
        Office { yard: builder.start().await.expect("started"), folder }
    }

    /// With the pool `shop`: a file in which these statements were run.
    async fn with_shop(sql: &str) -> Office {
        Office::open("shop", |folder| {
            let path = folder.path().join("shop.db");
            let shop = rusqlite::Connection::open(&path).expect("opened");
            shop.execute_batch(sql).expect("made");
            PoolTarget::Sqlite(SqliteSettings { path })
        })
        .await
    }

    async fn add(&self, args: Value) -> JobId {
        self.yard.add(NewJob::new("report", args)).await.expect("accepted")
    }

    async fn until(&self, id: JobId, wanted: impl Fn(&JobDetail) -> bool) -> JobDetail {
        let begun = Instant::now();
        loop {
            let job = self.yard.job(id).await.expect("the job is there");
            if wanted(&job) {
                return job;
            }
            assert!(begun.elapsed() < PATIENCE, "{job:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The job when its first attempt has ended.
    async fn ended(&self, args: Value) -> JobDetail {
        let id = self.add(args).await;
        self.until(id, |job| !matches!(job.job.state, JobState::Pending | JobState::Processing)).await
    }

    async fn made(&self, args: Value) -> JobDetail {
        let job = self.ended(args).await;
        assert_eq!(job.job.state, JobState::Completed, "{:?}", job.error);
        job
    }

    /// Why it fails for good, without a second attempt.
    async fn refused(&self, args: Value) -> String {
        let job = self.ended(args).await;
        assert_eq!(job.job.state, JobState::Failed, "{:?}", job.error);
        assert!(job.artifacts.is_empty());
        job.error.expect("it says why")
    }

    fn bytes(&self, job: &JobDetail, name: &str) -> Vec<u8> {
        let file = job.artifacts.iter().find(|file| file.name == name);
        let file = file.unwrap_or_else(|| panic!("no {name} among {:?}", job.artifacts));
        self.yard.files().read(&file.sha256).expect("it is on the disk")
    }

    fn text(&self, job: &JobDetail, name: &str) -> String {
        String::from_utf8(self.bytes(job, name)).expect("UTF-8")
    }

    /// The XML of the workbook's sheet.
    fn sheet(&self, job: &JobDetail) -> String {
        let content = std::io::Cursor::new(self.bytes(job, "report.xlsx"));
        let mut workbook = zip::ZipArchive::new(content).expect("a workbook");
        let mut sheet = String::new();
        let mut entry = workbook.by_name("xl/worksheets/sheet1.xml").expect("a sheet");
        entry.read_to_string(&mut sheet).expect("XML");
        sheet
    }

    /// The pool when it is so.
    async fn until_pool(&self, pool: &str, wanted: impl Fn(&PoolStatus) -> bool) -> PoolStatus {
        let begun = Instant::now();
        loop {
            let pools = self.yard.services().pools.status().await.expect("answered");
            let status = pools.into_iter().find(|status| status.name == pool).expect("the pool");
            if wanted(&status) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{status:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn pool_is_unused(&self, pool: &str) {
        self.until_pool(pool, |status| status.users.is_empty()).await;
    }

    async fn close(self) {
        assert_eq!(self.yard.stop(PATIENCE).await, Stopped::Drained);
        drop(self.folder);
    }
}

/// Arguments for the pool with this query, and others besides.
fn asking(pool: &str, query: &str, more: Value) -> Value {
    let mut args = json!({ "pool": pool, "query": query });
    if let (Some(args), Value::Object(more)) = (args.as_object_mut(), more) {
        args.extend(more);
    }
    args
}
