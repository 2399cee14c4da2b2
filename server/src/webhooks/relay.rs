//! Waits for commits, reads which jobs ended, and adds the jobs that tell of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ArbiterHandle, Context, Handler};
use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::JobSummary;
use taskyard_shared::new_job::{AddMode, NewJobs};
use tokio::sync::Notify;

use super::ended::{Ends, PAGE};
use super::message::{new_job, wants};
use super::position::{Position, PositionFile};
use crate::config::WebhookConfig;
use crate::pubsub::{CommitEvents, JobChange, Publish, Subscribe};
use crate::yard::{WeakYard, Yard};

/// Where webhook jobs wait. Ends of jobs in it are told to nobody, so that no message begets another.
pub(crate) const QUEUE: &str = "webhooks";
/// How soon what failed is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How far the position on the disk may lag behind, in milliseconds of ends. After a crash so many are read again, and
/// most find their message by its unique key.
const LAG_MS: i64 = 1_000;

type Webhooks = BTreeMap<String, WebhookConfig>;

/// Tells the webhooks of what ends from now on, and of what ended since the last time, until the arbiter stops. Without
/// webhooks it only forgets how far it was.
pub(crate) async fn start(
    yard: &Yard,
    webhooks: Webhooks,
    arbiter: &ArbiterHandle,
    data_dir: Option<PathBuf>,
) {
    let file = PositionFile(data_dir);
    if webhooks.is_empty() {
        if let Err(error) = file.remove() {
            tracing::warn!(%error, "the position of webhooks cannot be removed");
        }
        return;
    }
    let stored = file.load().unwrap_or_else(|error| {
        tracing::error!(%error, "the position of webhooks cannot be read; they begin anew");
        None
    });
    let position = Position::resumed(stored, webhooks.keys().cloned(), yard.now_ms());
    let ended = Arc::new(Notify::new());
    // What ended while nobody listened is looked for at once.
    ended.notify_one();
    let bell = Bell { ended: Arc::clone(&ended) };
    let bell = Bell::start_in_arbiter(arbiter, move |_| bell);
    yard.pubsub().do_send(Subscribe { subscriber: bell.recipient() });
    let relay =
        Relay { yard: yard.downgrade(), webhooks, ends: Ends::since(position.told_until_ms), position, file };
    arbiter.spawn(relay.run(ended));
}

/// Rings when a commit ended a job that may be told of. Keeps nothing.
struct Bell {
    ended: Arc<Notify>,
}

impl Actor for Bell {
    type Context = Context<Self>;
}

impl Handler<Publish> for Bell {
    type Result = ();

    fn handle(&mut self, Publish(events): Publish, _: &mut Self::Context) {
        if may_tell(&events) {
            self.ended.notify_one();
        }
    }
}

fn may_tell(events: &CommitEvents) -> bool {
    let ended = |change: &JobChange| match change {
        JobChange::Changed(job) => job.state.is_finished() && job.queue != QUEUE,
        JobChange::Progressed(..) | JobChange::Removed(_) => false,
    };
    events.reload || events.changes.iter().any(ended)
}

struct Relay {
    yard: WeakYard,
    webhooks: Webhooks,
    ends: Ends,
    /// As it is on the disk.
    position: Position,
    file: PositionFile,
}

impl Relay {
    async fn run(mut self, ended: Arc<Notify>) {
        self.save().await;
        loop {
            ended.notified().await;
            loop {
                match self.pass().await {
                    Ok(Pass::AllTold) => break,
                    Ok(Pass::YardStopped) => return,
                    Err(error) => {
                        tracing::warn!(%error, "webhooks cannot be told yet");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            if self.ends.at_ms() > self.position.told_until_ms + LAG_MS {
                self.save().await;
            }
        }
    }

    /// Tells all that has ended by now. What was not told when it fails is told by the next pass.
    async fn pass(&mut self) -> Result<Pass, WireError> {
        loop {
            let Some(yard) = self.yard.upgrade().filter(Yard::takes_jobs) else {
                return Ok(Pass::YardStopped);
            };
            let from = self.ends.begin();
            let page = yard.read(move |reader| reader.ended(from, PAGE)).await?;
            let mut next = self.ends.clone();
            let (new, more) = next.take(page);
            self.tell(&yard, &new).await?;
            self.ends = next;
            if !more {
                return Ok(Pass::AllTold);
            }
        }
    }

    async fn tell(&self, yard: &Yard, ended: &[Arc<JobSummary>]) -> Result<(), WireError> {
        let mut jobs = Vec::new();
        for job in ended {
            for (name, webhook) in &self.webhooks {
                let since = self.position.since_ms.get(name).copied().unwrap_or_default();
                if job.finished_at_ms.is_some_and(|at_ms| at_ms >= since) && wants(webhook, job) {
                    jobs.push(new_job(name, webhook, job));
                }
            }
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let jobs = NewJobs { jobs, mode: AddMode::Each, batch: None, then: None, chain: false };
        for outcome in yard.add_all(jobs, None).await?.outcomes {
            match outcome {
                AddOutcome::Refused { error } if is_for_good(&error) => {
                    tracing::error!(%error, fields = ?error.fields, "a webhook cannot be told of a job");
                }
                AddOutcome::Refused { error } => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn save(&mut self) {
        self.position.told_until_ms = self.position.told_until_ms.max(self.ends.at_ms());
        let (file, position) = (self.file.clone(), self.position.clone());
        match tokio::task::spawn_blocking(move || file.save(&position)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the position of webhooks cannot be written"),
            Err(_) => tracing::error!("writing the position of webhooks panicked"),
        }
    }
}

enum Pass {
    AllTold,
    YardStopped,
}

/// Whether adding the job again would be refused again.
fn is_for_good(error: &WireError) -> bool {
    matches!(error.code, ErrorCode::InvalidArguments | ErrorCode::TooLarge | ErrorCode::UnknownKind)
}
