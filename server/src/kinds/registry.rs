//! The kinds of jobs that a server knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;
use taskyard_shared::kind::KindInfo;
use taskyard_shared::limits::{IDENTIFIER_RULE, MAX_CONCURRENCY, is_identifier};

use super::command::CommandSetupError;
use super::contact_sheet::ContactSheet;
use super::demo::Demo;
use super::erased::{ErasedWorker, Typed};
use super::field_order::say_field_order;
use super::http::{Http, HttpConfig, HttpSetupError};
use super::image::Image;
use super::retry::check_cache_for;
use super::schema::{compile, schema_of};
use super::worker::{QueueDefaults, Worker};

/// Every kind of one server. Cheap to clone.
#[derive(Clone)]
pub struct KindRegistry {
    pub(super) kinds: Arc<BTreeMap<&'static str, Kind>>,
}

pub(super) struct Kind {
    pub worker: Arc<dyn ErasedWorker>,
    pub validator: Validator,
    /// The kind's name as jobs of it share it.
    pub name: Arc<str>,
    /// The name of its own queue, likewise.
    pub queue: Arc<str>,
}

/// Why a kind cannot be registered. Most are defects of the program that registers it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("two kinds are called \"{0}\"")]
    Twice(&'static str),
    #[error("\"{0}\" cannot name a kind or a queue: a name has {IDENTIFIER_RULE}")]
    BadName(&'static str),
    #[error("queue \"{0}\" has a concurrency of {1}; it must be 1 to {MAX_CONCURRENCY}")]
    BadConcurrency(&'static str, u32),
    #[error("the jobs of \"{kind}\" cannot be tried like that: {reason}")]
    BadRetry { kind: &'static str, reason: String },
    #[error("the results of \"{0}\" cannot be used for so long: {1}")]
    BadCacheFor(&'static str, String),
    #[error("the arguments of \"{kind}\" have no usable JSON Schema: {reason}")]
    BadSchema { kind: &'static str, reason: String },
    #[error(transparent)]
    Http(#[from] HttpSetupError),
    #[error(transparent)]
    Commands(#[from] CommandSetupError),
}

impl KindRegistry {
    pub fn builder() -> KindRegistryBuilder {
        KindRegistryBuilder::default()
    }

    pub fn worker(&self, kind: &str) -> Option<Arc<dyn ErasedWorker>> {
        self.kinds.get(kind).map(|kind| Arc::clone(&kind.worker))
    }

    /// What clients are told, sorted by name.
    pub fn infos(&self) -> Vec<KindInfo> {
        self.kinds.values().map(|kind| kind.worker.info().clone()).collect()
    }

    /// How long the slowest kind may need to stop its work.
    pub fn stop_time(&self) -> Duration {
        self.kinds.values().map(|kind| kind.worker.stop_time()).max().unwrap_or_default()
    }

    /// The queues that the kinds use unless a job names another, each once, sorted by name. Where two kinds
    /// share a queue and disagree, the smaller concurrency counts.
    pub fn queues(&self) -> Vec<QueueDefaults> {
        let mut queues: BTreeMap<&str, QueueDefaults> = BTreeMap::new();
        for kind in self.kinds.values() {
            let queue = kind.worker.queue();
            let known = queues.entry(queue.name).or_insert(queue);
            known.concurrency = known.concurrency.min(queue.concurrency);
        }
        queues.into_values().collect()
    }
}

/// Collects kinds.
#[derive(Default)]
pub struct KindRegistryBuilder {
    kinds: BTreeMap<&'static str, Kind>,
}

impl KindRegistryBuilder {
    /// Adds a kind.
    ///
    /// # Errors
    /// There is one of that name already, or the worker's constants, retries or schema are unusable.
    pub fn register<W: Worker>(mut self, worker: W) -> Result<Self, RegistryError> {
        let queue = worker.queue();
        check_names::<W>(queue)?;
        if self.kinds.contains_key(W::KIND) {
            return Err(RegistryError::Twice(W::KIND));
        }
        let retry = worker.retry();
        retry.check().map_err(|reason| RegistryError::BadRetry { kind: W::KIND, reason })?;
        let cache_for_ms = cache_for_ms(&worker)?;
        let mut args_schema = worker.narrow_schema(schema_of::<W::Args>());
        say_field_order::<W::Args>(&mut args_schema);
        let validator =
            compile(&args_schema).map_err(|reason| RegistryError::BadSchema { kind: W::KIND, reason })?;
        let info = KindInfo {
            kind: W::KIND.to_owned(),
            description: W::DESCRIPTION.to_owned(),
            queue: queue.name.to_owned(),
            max_attempts: retry.max_attempts,
            backoff: retry.backoff,
            timeout_ms: retry.timeout_ms(),
            cache_for_ms,
            args_schema,
        };
        let worker = Arc::new(Typed { worker: Arc::new(worker), info });
        let kind = Kind { worker, validator, name: W::KIND.into(), queue: queue.name.into() };
        self.kinds.insert(W::KIND, kind);
        Ok(self)
    }

    /// Adds the kinds that every server comes with.
    ///
    /// # Errors
    /// As [`KindRegistryBuilder::register`], or TLS cannot be set up.
    pub fn register_built_in(self, http: &HttpConfig) -> Result<Self, RegistryError> {
        self.register(Demo)?.register(Http::new(http.clone())?)?.register(Image)?.register(ContactSheet)
    }

    pub fn build(self) -> KindRegistry {
        KindRegistry { kinds: Arc::new(self.kinds) }
    }
}

/// None where results are not to be used again.
fn cache_for_ms<W: Worker>(worker: &W) -> Result<Option<u64>, RegistryError> {
    let Some(time) = worker.cache_for().filter(|time| !time.is_zero()) else { return Ok(None) };
    // Less than a millisecond is not the same as not at all.
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    check_cache_for(ms).map_err(|reason| RegistryError::BadCacheFor(W::KIND, reason))?;
    Ok(Some(ms))
}

fn check_names<W: Worker>(queue: QueueDefaults) -> Result<(), RegistryError> {
    for name in [W::KIND, queue.name] {
        if !is_identifier(name) {
            return Err(RegistryError::BadName(name));
        }
    }
    match queue.concurrency {
        1..=MAX_CONCURRENCY => Ok(()),
        _ => Err(RegistryError::BadConcurrency(queue.name, queue.concurrency)),
    }
}
