//! Starting: the store is opened and recovered, then the parts start in the order in which they need each
//! other, and the yard is handed out when the queue has loaded.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Addr, Arbiter, Supervisor, System, SystemRegistry};

use taskyard_shared::error::FieldError;
use taskyard_shared::limits::{IDENTIFIER_RULE, is_identifier};

use super::builder::YardBuilder;
use super::handle::{Inner, Yard};
use super::housekeeping;
use crate::clock::Clock;
use crate::executor::Executor;
use crate::files::{FileError, FileStore};
use crate::kinds::registry::{KindRegistry, RegistryError};
use crate::pubsub::{PubSub, Subscribe};
use crate::queue::core::CoreConfig;
use crate::queue::messages::ListQueues;
use crate::queue::{JobQueue, JobQueueParts, WriterSlot};
use crate::services::Services;
use crate::services::pool::PoolSetupError;
use crate::store::memory::MemoryStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{QueueSettings, Store, StoreError, StoreReader, StoreWriter};
use crate::supervision::Supervision;
use crate::views::{HubLimits, LiveCounters, ViewHub, ViewHubConfig};
use crate::webhooks;

/// Why a yard did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the files of the data folder cannot be used: {0}")]
    Files(#[from] FileError),
    #[error(transparent)]
    Kinds(#[from] RegistryError),
    #[error("the operating system gave no threads: {0}")]
    Threads(#[from] std::io::Error),
    #[error("\"{name}\" cannot name a queue: a name has {IDENTIFIER_RULE}")]
    BadQueueName { name: String },
    #[error("queue \"{name}\" cannot be made: {setting}: {message}")]
    BadQueueSetting { name: String, setting: String, message: String },
    #[error("the pool of connections \"{name}\" cannot be set up: {reason}")]
    BadPool { name: String, reason: PoolSetupError },
    #[error("a yard must be started inside an actix System: use #[actix_web::main]")]
    NoSystem,
    #[error("this actix System has a yard already")]
    SecondYard,
    #[error("the yard gave up while it started: {0}")]
    GaveUp(String),
}

/// A job that was running at so many deaths of the process is failed: it may be what kills it.
const MAX_LOSSES: u32 = 3;
/// Jobs of a queue that nobody declared run one at a time, until somebody says otherwise.
const UNDECLARED_CONCURRENCY: u32 = 1;

struct Opened {
    store: Arc<dyn Store>,
    writer: Box<dyn StoreWriter>,
    files: Arc<FileStore>,
}

pub(super) async fn start(builder: YardBuilder) -> Result<Yard, StartError> {
    let builder = builder.with_reports();
    if let Some(error) = builder.wrong {
        return Err(error.into());
    }
    let mut builder = builder;
    if !builder.webhooks.is_empty() {
        let settings = QueueSettings::with_concurrency(webhooks::CONCURRENCY);
        builder.queues.entry(webhooks::QUEUE.to_owned()).or_insert(settings);
    }
    check_queues(&builder.queues)?;
    let kinds = Arc::new(builder.kinds.build());
    let data_dir = builder.data_dir.clone();
    let opened = open(builder.data_dir, builder.files_quota_bytes, builder.clock.clone()).await?;
    let reader = opened.store.reader();
    let executor = Executor::new(
        Arc::clone(&kinds),
        Arc::clone(&opened.files),
        Arc::downgrade(&reader),
        builder.clock.clone(),
        builder.executor_threads,
    )?;
    // Nothing behind this fails without the yard being of no use.
    claim_system()?;
    let supervision = Supervision::new(builder.restart_budget);
    let arbiters = [Arbiter::new(), Arbiter::new(), Arbiter::new()];
    let [queue_arbiter, live_arbiter, services_arbiter] = &arbiters;

    let live = start_live(live_arbiter, Arc::clone(&reader), builder.frame_interval, &supervision);
    let submissions = builder.services.submissions;
    let services = Services::start(
        builder.services,
        services_arbiter,
        &live.hub.clone().recipient(),
        &builder.clock,
        &supervision,
    )
    .map_err(|(name, reason)| StartError::BadPool { name, reason })?;
    executor.provide(services.clone());
    let writer = WriterSlot::default();
    let refused = Arc::new(AtomicU64::new(0));
    let parts = JobQueueParts {
        store: opened.writer,
        executor: Arc::clone(&executor),
        pubsub: live.pubsub.clone(),
        supervision: supervision.clone(),
        clock: builder.clock.clone(),
        core: core_config(&kinds, builder.queues),
        writer: Arc::clone(&writer),
        refused: Arc::clone(&refused),
    };
    let queue = Supervisor::start_in_arbiter(&queue_arbiter.handle(), |_| JobQueue::new(parts));
    SystemRegistry::set(queue.clone());
    wait_until_loaded(&queue, &supervision).await?;
    housekeeping::start(live_arbiter, Arc::clone(&opened.files), Arc::clone(&reader));
    let instance = format!("{:x}-{:x}", builder.clock.now_ms(), std::process::id());
    let live_arbiter = live_arbiter.handle();
    let yard = Yard {
        inner: Arc::new(Inner {
            queue,
            hub: live.hub,
            services,
            submissions,
            pubsub: live.pubsub,
            refused,
            live_counters: live.counters,
            kinds,
            files: opened.files,
            store: opened.store,
            reader,
            executor,
            supervision,
            writer,
            arbiters,
            stopping: AtomicBool::new(false),
            instance,
            clock: builder.clock,
        }),
    };
    webhooks::start(&yard, builder.webhooks, &live_arbiter, data_dir).await;
    Ok(yard)
}

fn check_queues(queues: &HashMap<String, QueueSettings>) -> Result<(), StartError> {
    for (name, settings) in queues {
        if !is_identifier(name) {
            return Err(StartError::BadQueueName { name: name.clone() });
        }
        if let Err(FieldError { field, message }) = settings.check() {
            let setting = field.trim_start_matches('$').to_owned();
            return Err(StartError::BadQueueSetting { name: name.clone(), setting, message });
        }
    }
    Ok(())
}

/// The services of a System are registered once.
fn claim_system() -> Result<(), StartError> {
    static WITH_YARD: Mutex<Option<HashSet<usize>>> = Mutex::new(None);
    let system = System::try_current().ok_or(StartError::NoSystem)?;
    let mut taken = WITH_YARD.lock().unwrap_or_else(PoisonError::into_inner);
    if taken.get_or_insert_default().insert(system.id()) { Ok(()) } else { Err(StartError::SecondYard) }
}

async fn open(
    data_dir: Option<std::path::PathBuf>,
    files_quota_bytes: Option<u64>,
    clock: Clock,
) -> Result<Opened, StartError> {
    let opening =
        tokio::task::spawn_blocking(move || open_blocking(data_dir.as_deref(), files_quota_bytes, &clock));
    match opening.await {
        Ok(opened) => opened,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

fn open_blocking(
    data_dir: Option<&Path>,
    files_quota_bytes: Option<u64>,
    clock: &Clock,
) -> Result<Opened, StartError> {
    let (store, files): (Arc<dyn Store>, _) = match data_dir {
        Some(dir) => (Arc::new(SqliteStore::open(dir)?), FileStore::open(dir.join("files"))?),
        None => (Arc::new(MemoryStore::new()), FileStore::temporary()?),
    };
    let mut writer = store.writer()?;
    let lost = writer.recover_lost(MAX_LOSSES, clock.now_ms())?;
    if lost > 0 {
        tracing::warn!(jobs = lost, "jobs were running when the server died; they run again");
    }
    Ok(Opened { store, writer, files: Arc::new(files.with_quota(files_quota_bytes)) })
}

struct Live {
    pubsub: Addr<PubSub>,
    hub: Addr<ViewHub>,
    counters: Arc<LiveCounters>,
}

fn start_live(
    arbiter: &Arbiter,
    reader: Arc<dyn StoreReader>,
    frame_interval: Option<Duration>,
    supervision: &Supervision,
) -> Live {
    let counters = Arc::new(LiveCounters::default());
    let mut limits = HubLimits::default();
    if let Some(interval) = frame_interval {
        limits.frame_interval = interval;
    }
    let config =
        ViewHubConfig { reader, counters: Arc::clone(&counters), limits, supervision: supervision.clone() };
    let hub = Supervisor::start_in_arbiter(&arbiter.handle(), |_| ViewHub::new(config));
    let supervision = supervision.clone();
    let pubsub = Supervisor::start_in_arbiter(&arbiter.handle(), |_| PubSub::new(supervision));
    SystemRegistry::set(pubsub.clone());
    // Before the queue starts, so that the hub hears its first event, which names every queue.
    pubsub.do_send(Subscribe { subscriber: hub.clone().recipient() });
    Live { pubsub, hub, counters }
}

fn core_config(kinds: &KindRegistry, declared: HashMap<String, QueueSettings>) -> CoreConfig {
    let mut queue_defaults: HashMap<String, QueueSettings> = kinds
        .queues()
        .into_iter()
        .map(|queue| (queue.name.to_owned(), QueueSettings::with_concurrency(queue.concurrency)))
        .collect();
    queue_defaults.extend(declared);
    let known = kinds.infos().into_iter().map(|info| info.kind).collect();
    CoreConfig {
        queue_defaults,
        other_queues: QueueSettings::with_concurrency(UNDECLARED_CONCURRENCY),
        kinds: Some(Arc::new(known)),
    }
}

async fn wait_until_loaded(queue: &Addr<JobQueue>, supervision: &Supervision) -> Result<(), StartError> {
    let loaded = async { while !matches!(queue.send(ListQueues).await, Ok(Ok(_))) {} };
    tokio::select! {
        () = loaded => Ok(()),
        reason = supervision.gave_up() => Err(StartError::GaveUp(reason)),
    }
}
