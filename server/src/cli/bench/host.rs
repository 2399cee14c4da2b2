//! A yard with a listener on a thread of its own, as a server has it.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::{App, HttpServer};
use taskyard::Yard;
use taskyard::shared::queue::QueueChange;
use taskyard::store::QueueSettings;
use tokio::sync::oneshot;

use super::probe::{NoopProbe, Probe, QUEUE};
use super::run::failed;
use crate::cli::error::CliError;

/// The queue of jobs that wait from the beginning to the end.
pub const PAUSED_QUEUE: &str = "stored";
/// How long the last jobs may take to end.
const STOP_TIME: Duration = Duration::from_secs(30);

/// How long the yard's other threads may take to let go of the data folder when it has stopped.
const RELEASE_TIME: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A running yard.
pub struct Host {
    pub yard: Yard,
    pub address: SocketAddr,
    pub probe: Arc<Probe>,
    dir: PathBuf,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

type Started = Result<(Yard, SocketAddr), String>;

impl Host {
    /// Starts a yard on `dir` whose queue runs `concurrency` jobs at a time.
    pub async fn start(dir: &Path, concurrency: u32) -> Result<Self, CliError> {
        let host = Host::start_as_left(dir, concurrency).await?;
        // A data folder that was used before keeps the settings it had then.
        let settings =
            QueueChange { paused: Some(false), concurrency: Some(concurrency), ..QueueChange::default() };
        host.yard
            .configure(QUEUE.to_owned(), settings)
            .await
            .map_err(|error| failed("the queue could not be set up", error))?;
        Ok(host)
    }

    /// The same, but the queues of a data folder that was used before stay as they were left. `concurrency` is that of a
    /// new one.
    pub async fn start_as_left(dir: &Path, concurrency: u32) -> Result<Self, CliError> {
        let (started, starting) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let probe = Probe::new();
        let parts = (dir.to_owned(), Arc::clone(&probe), concurrency);
        let thread = std::thread::Builder::new()
            .name("bench-yard".to_owned())
            .spawn(move || actix_web::rt::System::new().block_on(host(parts, started, stopped)))
            .map_err(|error| failed("the operating system gave no thread", error))?;
        let (yard, address) = match starting.await {
            Ok(started) => started.map_err(|error| failed("the yard did not start", error))?,
            Err(_) => return Err(failed("the yard did not start", "its thread ended")),
        };
        Ok(Host { yard, address, probe, dir: dir.to_owned(), stop, thread })
    }

    /// Stops it; afterwards the data folder is free.
    pub async fn stop(self) -> Result<(), CliError> {
        // Its thread waits for this word or has ended already.
        let _ = self.stop.send(());
        drop(self.yard);
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        match joined {
            Ok(Ok(())) => until_free(&self.dir).await,
            _ => Err(failed("the yard did not stop cleanly", "its thread panicked")),
        }
    }
}

/// A yard's arbiters end on threads of their own, and nobody is told when: what reads the file for them holds the
/// folder until then.
async fn until_free(dir: &Path) -> Result<(), CliError> {
    let wrong = |error: std::io::Error| failed("the data folder's lock cannot be read", error);
    let lock = File::open(dir.join("lock")).map_err(wrong)?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if began.elapsed() < RELEASE_TIME => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(failed("the yard did not stop cleanly", "its data folder is still in use"));
            }
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
        }
    }
}

async fn host(
    (dir, probe, concurrency): (PathBuf, Arc<Probe>, u32),
    started: oneshot::Sender<Started>,
    stop: oneshot::Receiver<()>,
) {
    let (yard, server, address) = match serve(&dir, probe, concurrency).await {
        Ok(parts) => parts,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let handle = server.handle();
    actix_web::rt::spawn(server);
    if started.send(Ok((yard.clone(), address))).is_ok() {
        let _ = stop.await;
    }
    yard.stop(STOP_TIME).await;
    handle.stop(false).await;
}

async fn serve(
    dir: &Path,
    probe: Arc<Probe>,
    concurrency: u32,
) -> Result<(Yard, actix_web::dev::Server, SocketAddr), String> {
    let yard = Yard::builder()
        .data_dir(dir)
        .worker(NoopProbe(probe))
        .queue(QUEUE, QueueSettings::with_concurrency(concurrency))
        .queue(PAUSED_QUEUE, QueueSettings { paused: true, ..QueueSettings::with_concurrency(1) })
        .start()
        .await
        .map_err(|error| error.to_string())?;
    let mounted = yard.clone();
    let server = HttpServer::new(move || App::new().configure(taskyard::mount(&mounted)))
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .map_err(|error| error.to_string())?;
    let address = server.addrs().first().copied().ok_or("the listener has no address")?;
    Ok((yard, server.run(), address))
}
