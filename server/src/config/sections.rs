//! What can be set, with its defaults. The names of the fields are the keys of the file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use taskyard_shared::job::JobState;
use taskyard_shared::limit::Rate;
use taskyard_shared::queue::QueueStatus;

use super::commands::CommandConfig;
use super::secret::SecretText;
use crate::services::CacheLimits;
use crate::services::pool::PoolSettings;
use crate::store::QueueSettings;

/// Everything a server can be told before it starts. The bounds stand in `checks.rs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub data: DataConfig,
    pub files: FilesConfig,
    pub executor: ExecutorConfig,
    pub http: HttpConfig,
    pub shutdown: ShutdownConfig,
    pub log: LogConfig,
    pub supervision: SupervisionConfig,
    pub submissions: SubmissionsConfig,
    pub cache: CacheConfig,
    /// Settings that a queue gets when it is made. A queue that exists keeps what people set since.
    pub queues: BTreeMap<String, QueueConfig>,
    /// Pools of connections, read by `pools.rs`, which knows which keys go together.
    #[serde(skip)]
    pub pools: BTreeMap<String, PoolSettings>,
    /// What jobs of the kind `command` may run. Without any there is no such kind.
    pub commands: BTreeMap<String, CommandConfig>,
    /// Who is told of jobs that ended, by a name for each.
    pub webhooks: BTreeMap<String, WebhookConfig>,
}

/// Where the server listens, and to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Port 0 takes any free port.
    pub bind: SocketAddr,
    /// Pages of these origins (`https://jobs.example.org`) may use the server, besides its own.
    pub allowed_origins: Vec<String>,
    /// Names under which the server is reached, besides addresses and `localhost`. Without this, a foreign
    /// page could point its own name at the server (DNS rebinding).
    pub allowed_hosts: Vec<String>,
    /// Most live connections at a time; further ones are refused.
    pub max_sessions: usize,
    /// Threads that answer requests.
    pub workers: usize,
    /// Addresses of proxies (`10.1.0.0/16`) whose header `X-Forwarded-For` says who a client is.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            max_sessions: 10_000,
            workers: cores(),
            trusted_proxies: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The folder of the database, uploads and artifacts. Made when it does not exist.
    pub dir: PathBuf,
}

impl Default for DataConfig {
    fn default() -> Self {
        DataConfig { dir: PathBuf::from("./data") }
    }
}

/// Uploads, and files that jobs make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesConfig {
    /// How much they may take together, in MiB; what goes beyond is refused. 0: as much as the disk holds.
    pub quota_mb: u64,
}

impl FilesConfig {
    /// In bytes. None: no bound.
    pub fn quota_bytes(&self) -> Option<u64> {
        (self.quota_mb > 0).then(|| self.quota_mb.saturating_mul(1024 * 1024))
    }
}

impl Default for FilesConfig {
    fn default() -> Self {
        FilesConfig { quota_mb: 10_240 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutorConfig {
    /// Threads that run jobs. Work that blocks has threads of its own.
    pub threads: usize,
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        ExecutorConfig { threads: cores() }
    }
}

/// What jobs of the kind `http` may call beyond public addresses. The default: nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Lets them call loopback, private and link-local addresses, all of them. Whoever may add jobs then reaches
    /// what this server reaches.
    pub allow_private_addresses: bool,
    /// Lets them call these ranges (`10.1.0.0/16`) although they are private.
    pub allow: Vec<IpNet>,
    /// Sends all requests by this proxy: `http://[user:password@]host:port`. Empty: none. Where a request may go is
    /// checked before the proxy hears of it.
    pub proxy: String,
    /// What requests can be signed with, by name. Jobs name a secret; nobody is told what it is.
    pub secrets: BTreeMap<String, SecretText>,
}

/// Someone who is told of jobs that ended. An empty filter lets everything pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where the messages go.
    pub url: String,
    /// What they are signed with: a name in `[http.secrets]`.
    pub secret: String,
    #[serde(default)]
    pub kinds: Vec<String>,
    #[serde(default)]
    pub queues: Vec<String>,
    /// Of `completed`, `failed` and `cancelled`.
    #[serde(default)]
    pub states: Vec<JobState>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShutdownConfig {
    /// How long running jobs may still work after the server was told to stop, in seconds.
    pub deadline_s: u64,
}

impl ShutdownConfig {
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_s)
    }
}

impl Default for ShutdownConfig {
    fn default() -> Self {
        ShutdownConfig { deadline_s: 30 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, `trace` or `off`; or by part: `info,taskyard::queue=debug`.
    pub level: String,
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig { level: "info,actix_server=warn".to_owned(), format: LogFormat::Text }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How often a part may crash before the process gives up: more than `max_restarts` times in `within_s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SupervisionConfig {
    pub max_restarts: u32,
    pub within_s: u64,
}

impl SupervisionConfig {
    pub fn within(&self) -> Duration {
        Duration::from_secs(self.within_s)
    }
}

impl Default for SupervisionConfig {
    fn default() -> Self {
        SupervisionConfig { max_restarts: 5, within_s: 60 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// What the cache may hold, in MiB; 0: nothing.
    pub max_mb: u64,
}

impl CacheConfig {
    pub fn limits(&self) -> CacheLimits {
        CacheLimits { max_bytes: self.max_mb.saturating_mul(1024 * 1024) }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig { max_mb: 64 }
    }
}

/// How often one client may submit: add one job, or many in one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubmissionsConfig {
    /// So many times in `per_s`; 0: as often as it likes.
    pub count: u32,
    pub per_s: u64,
    /// So many at once after a pause; 0: `count`.
    pub burst: u32,
}

impl SubmissionsConfig {
    pub fn rate(&self) -> Option<Rate> {
        let burst = if self.burst == 0 { self.count } else { self.burst.min(self.count) };
        let rate = Rate { count: self.count, per_ms: self.per_s.saturating_mul(1_000), burst };
        (self.count > 0).then_some(rate)
    }
}

impl Default for SubmissionsConfig {
    fn default() -> Self {
        SubmissionsConfig { count: 10_000, per_s: 1, burst: 0 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Most jobs of the queue at work at the same time.
    pub concurrency: u32,
    #[serde(default)]
    pub paused: bool,
    /// Attempts of its jobs, where these do not say themselves.
    #[serde(default)]
    pub max_attempts: Option<u32>,
    /// Time-out of its jobs in seconds, where these do not say themselves.
    #[serde(default)]
    pub timeout_s: Option<u64>,
}

impl QueueConfig {
    /// Whether the queue is as it would be made.
    pub fn is_kept_by(&self, queue: &QueueStatus) -> bool {
        let QueueConfig { concurrency, paused, max_attempts, timeout_s: _ } = *self;
        concurrency == queue.concurrency
            && paused == queue.paused
            && max_attempts == queue.max_attempts
            && self.timeout_ms() == queue.timeout_ms
    }

    fn timeout_ms(&self) -> Option<u64> {
        self.timeout_s.map(|seconds| seconds.saturating_mul(1_000))
    }

    /// What a queue is made with.
    pub fn settings(&self) -> QueueSettings {
        QueueSettings {
            paused: self.paused,
            max_attempts: self.max_attempts,
            timeout_ms: self.timeout_ms(),
            ..QueueSettings::with_concurrency(self.concurrency)
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
