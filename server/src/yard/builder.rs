//! What a yard is made of, before it starts.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use super::Yard;
use super::start::{StartError, start};
use crate::clock::Clock;
use crate::config::WebhookConfig;
use crate::kinds::Worker;
use crate::kinds::command::{Command, CommandConfig};
use crate::kinds::email::Email;
use crate::kinds::http::HttpConfig;
use crate::kinds::registry::{KindRegistryBuilder, RegistryError};
use crate::kinds::report::{self, Report};
use crate::services::ServicesConfig;
use crate::services::pool::{PoolSettings, PoolTarget, SqliteSettings};
use crate::store::QueueSettings;
use crate::store::sqlite::DATA_FILE;
use crate::supervision::RestartBudget;

/// Collects what a yard is made of. Without anything said it keeps its jobs in memory and knows no kinds.
#[derive(Default)]
pub struct YardBuilder {
    pub(super) data_dir: Option<PathBuf>,
    pub(super) kinds: KindRegistryBuilder,
    /// The first kind that could not be registered, told by `start`.
    pub(super) wrong: Option<RegistryError>,
    pub(super) queues: HashMap<String, QueueSettings>,
    pub(super) executor_threads: Option<usize>,
    pub(super) files_quota_bytes: Option<u64>,
    pub(super) restart_budget: RestartBudget,
    pub(super) frame_interval: Option<Duration>,
    pub(super) clock: Clock,
    pub(super) webhooks: BTreeMap<String, WebhookConfig>,
    pub(super) services: ServicesConfig,
    pub(super) reports: bool,
}

impl YardBuilder {
    /// Keeps jobs in a SQLite file, and files, in this folder; it is made when it does not exist. Without
    /// it, nothing outlives the yard.
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(dir.into());
        self
    }

    /// Adds a kind of job.
    pub fn worker<W: Worker>(self, worker: W) -> Self {
        self.register(|kinds| kinds.register(worker))
    }

    /// Adds the kinds that need nothing but the yard: `demo`, `http`, `image` and `contact-sheet`. The others that the
    /// program `taskyard` comes with are added by [`YardBuilder::email`], [`YardBuilder::commands`] and
    /// [`YardBuilder::reports`].
    pub fn built_in_kinds(self, http: HttpConfig) -> Self {
        self.register(|kinds| kinds.register_built_in(&http))
    }

    /// Adds the kind `email`, whose jobs send by these pools' SMTP servers; the pools themselves are part of
    /// [`YardBuilder::services`]. Without an SMTP pool there is no such kind.
    pub fn email(self, pools: &BTreeMap<String, PoolSettings>) -> Self {
        match Email::new(pools) {
            Some(email) => self.worker(email),
            None => self,
        }
    }

    /// Adds the kind `command`, whose jobs run these programs, by name. Without any there is no such kind.
    pub fn commands(self, commands: &BTreeMap<String, CommandConfig>) -> Self {
        if commands.is_empty() {
            return self;
        }
        self.register(|kinds| kinds.register(Command::new(commands)?))
    }

    /// Adds the kind `report`, whose jobs ask the databases among the pools ([`YardBuilder::services`]), and the pool
    /// `yard`, the yard's own data for reading, unless a pool is called so already. Without any database there is no such
    /// kind; a yard that keeps its jobs in memory is none.
    pub fn reports(mut self) -> Self {
        self.reports = true;
        self
    }

    /// Settings for a queue when it is made; a queue that exists keeps what people set since.
    pub fn queue(mut self, name: impl Into<String>, settings: QueueSettings) -> Self {
        self.queues.insert(name.into(), settings);
        self
    }

    /// Threads that run jobs (blocking work has threads of its own). Without it: one per core.
    pub fn executor_threads(mut self, threads: usize) -> Self {
        self.executor_threads = Some(threads);
        self
    }

    /// How much uploads and files that jobs make may take together, in bytes. Without it: as much as the disk holds.
    pub fn files_quota(mut self, quota_bytes: Option<u64>) -> Self {
        self.files_quota_bytes = quota_bytes;
        self
    }

    /// How many crashes of its parts the yard bears before it gives up.
    pub fn restart_budget(mut self, budget: RestartBudget) -> Self {
        self.restart_budget = budget;
        self
    }

    /// The shortest time between two frames of a live view; 50 ms without it.
    pub fn frame_interval(mut self, interval: Duration) -> Self {
        self.frame_interval = Some(interval);
        self
    }

    /// Where times come from; the system without it.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Tells these of jobs that ended, by jobs of the kind `http` in a queue called `webhooks`. Their secrets are names
    /// in [`HttpConfig::secrets`].
    pub fn webhooks(mut self, webhooks: BTreeMap<String, WebhookConfig>) -> Self {
        self.webhooks = webhooks;
        self
    }

    /// Settings of the rate limiter, the cache and the pools of connections.
    pub fn services(mut self, services: ServicesConfig) -> Self {
        self.services = services;
        self
    }

    /// Starts the yard. Must be called inside an actix System (`#[actix_web::main]`), and only once in each:
    /// its actors are the System's services.
    ///
    /// # Errors
    /// See [`StartError`]; then nothing runs.
    pub async fn start(self) -> Result<Yard, StartError> {
        start(self).await
    }

    /// What can be said of the pools only when everything is known of the yard.
    pub(super) fn with_reports(mut self) -> Self {
        if !self.reports {
            return self;
        }
        if let Some(dir) = &self.data_dir {
            let own = PoolTarget::Sqlite(SqliteSettings { path: dir.join(DATA_FILE) });
            self.services.pools.entry(report::YARD.to_owned()).or_insert_with(|| PoolSettings::new(own));
        }
        match Report::new(&self.services.pools) {
            Some(report) => self.worker(report),
            None => self,
        }
    }

    fn register(
        mut self,
        add: impl FnOnce(KindRegistryBuilder) -> Result<KindRegistryBuilder, RegistryError>,
    ) -> Self {
        match add(std::mem::take(&mut self.kinds)) {
            Ok(kinds) => self.kinds = kinds,
            Err(error) => {
                self.wrong.get_or_insert(error);
            }
        }
        self
    }
}
