//! Clients that watch as a browser's tab does: a real socket, the newest jobs and the queues, every frame
//! acknowledged. All of them share one thread, apart from the yard's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use taskyard::shared::PROTOCOL_VERSION;
use taskyard::shared::command::ClientFrame;
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, ViewId, ViewQuery, WindowStart};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::reached::Reached;
use super::run::failed;
use crate::cli::error::CliError;

/// Rows that a tab watches.
const ROWS: u32 = 50;
/// Tabs that connect at the same time: a listener's queue has room for more.
const CONNECTING: usize = 64;
/// Read at a time, by each tab: the room is cleared for each reading, so more of it costs more.
const READ_BYTES: usize = 16 * 1024;
/// Files that this process opens besides two for each tab, at most.
const OTHER_FILES: u64 = 256;
/// How long all tabs together may take to get their first snapshots.
const OPENING: Duration = Duration::from_secs(60);

/// Which tabs there are to be.
#[derive(Clone, Copy, Debug)]
pub struct TabsPlan {
    pub count: u32,
    /// Different lists of jobs that the tabs watch, in turn: the same jobs, in lists of different lengths.
    pub views: u32,
    /// Of the tabs, those that show their first snapshots and never read again.
    pub silent: u32,
}

/// Open tabs.
pub struct Tabs {
    counters: Arc<Counters>,
    reached: Arc<Reached>,
    count: u32,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Counters {
    frames: AtomicU64,
    bytes: AtomicU64,
    lost: AtomicU64,
}

/// What the tabs took in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TabFigures {
    pub tabs: u32,
    pub frames: u64,
    pub bytes: u64,
    /// Tabs whose connection ended before it should: then the figures are not of that many tabs.
    pub lost: u64,
}

/// As much of a frame as tells what to acknowledge: the tabs' own cost should stay small.
#[derive(Debug, PartialEq, Deserialize)]
struct FrameHead {
    view: Option<ViewId>,
    seq: Option<u64>,
}

impl FrameHead {
    /// What comes before the content is read alone, where the server writes that last, as it does.
    fn of(frame: &str) -> serde_json::Result<FrameHead> {
        let content = [",\"delta\":", ",\"snapshot\":"].into_iter().find_map(|name| frame.find(name));
        match content {
            Some(at) if at < LONGEST_HEAD => serde_json::from_str(&format!("{}}}", &frame[..at])),
            _ => serde_json::from_str(frame),
        }
    }
}

/// Bytes before the content of a frame.
const LONGEST_HEAD: usize = 120;

impl Tabs {
    /// Opens `count` tabs, and waits until each shows the newest jobs. None when there are to be none.
    pub async fn open(address: SocketAddr, count: u32) -> Result<Option<Self>, CliError> {
        Tabs::open_as(address, TabsPlan { count, views: 1, silent: 0 }).await
    }

    /// The same, with views and readers as planned.
    pub async fn open_as(address: SocketAddr, plan: TabsPlan) -> Result<Option<Self>, CliError> {
        let count = plan.count;
        if count == 0 {
            return Ok(None);
        }
        let_so_many_files_be_open(u64::from(count) * 2 + OTHER_FILES)?;
        let reached = Arc::new(Reached::default());
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = oneshot::channel();
        let (ready, mut all_ready) = mpsc::channel(16);
        let shared = Shared { counters: Arc::clone(&counters), reached: Arc::clone(&reached) };
        let thread = std::thread::Builder::new()
            .name("bench-tabs".to_owned())
            .spawn(move || run_tabs(address, plan, &shared, &ready, stopped))
            .map_err(|error| failed("the operating system gave no thread", error))?;
        let opening = async {
            for _ in 0..count {
                match all_ready.recv().await {
                    Some(Ok(())) => {}
                    Some(Err(reason)) => return Err(failed("a tab could not be opened", reason)),
                    None => return Err(failed("a tab could not be opened", "its thread ended")),
                }
            }
            Ok(())
        };
        tokio::time::timeout(OPENING, opening)
            .await
            .map_err(|_| failed("not every tab could be opened", "it took more than a minute"))??;
        Ok(Some(Tabs { counters, reached, count, stop, thread }))
    }

    pub fn reached(&self) -> &Reached {
        &self.reached
    }

    /// As far as they are.
    pub fn figures(&self) -> TabFigures {
        TabFigures {
            tabs: self.count,
            frames: self.counters.frames.load(Ordering::Relaxed),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            lost: self.counters.lost.load(Ordering::Relaxed),
        }
    }

    /// Closes them all, if there are any.
    pub async fn close(tabs: Option<Self>) -> Result<Option<TabFigures>, CliError> {
        match tabs {
            Some(tabs) => tabs.close_all().await.map(Some),
            None => Ok(None),
        }
    }

    async fn close_all(self) -> Result<TabFigures, CliError> {
        let figures = self.figures();
        // Its thread waits for this word or has ended already.
        let _ = self.stop.send(());
        match tokio::task::spawn_blocking(|| self.thread.join()).await {
            Ok(Ok(())) => Ok(figures),
            _ => Err(failed("the tabs ended early", "their thread panicked")),
        }
    }
}

impl TabFigures {
    /// Figures are only good when every tab stayed to the end.
    pub fn check(self) -> Result<(), CliError> {
        match self.lost {
            0 => Ok(()),
            lost => Err(CliError::Failed(format!("{lost} tabs lost their connection"))),
        }
    }
}

/// Raises the number of files that this process may open, where it is too low for so many.
#[cfg(unix)]
fn let_so_many_files_be_open(files: u64) -> Result<(), CliError> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|most| most < files) {
        let most = limit.maximum.unwrap_or_default();
        return Err(failed(
            "too many tabs",
            format!("{files} open files are needed, and {most} are allowed"),
        ));
    }
    let raised = Rlimit { current: Some(files), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| failed("the limit of open files cannot be raised", error))
}

#[cfg(not(unix))]
fn let_so_many_files_be_open(_: u64) -> Result<(), CliError> {
    Ok(())
}

type Ready = mpsc::Sender<Result<(), String>>;

/// What all tabs report to.
#[derive(Clone)]
struct Shared {
    counters: Arc<Counters>,
    reached: Arc<Reached>,
}

fn run_tabs(
    address: SocketAddr,
    plan: TabsPlan,
    shared: &Shared,
    ready: &Ready,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.try_send(Err(error.to_string()));
            return;
        }
    };
    runtime.block_on(async {
        let may_connect = Arc::new(Semaphore::new(CONNECTING));
        for number in 0..plan.count {
            let (shared, ready, may_connect) = (shared.clone(), ready.clone(), Arc::clone(&may_connect));
            let rows = ROWS + number % plan.views;
            let reads = number >= plan.silent;
            tokio::spawn(async move {
                if let Err(reason) = tab(address, rows, reads, &shared, &ready, &may_connect).await {
                    shared.counters.lost.fetch_add(1, Ordering::Relaxed);
                    let _ = ready.send(Err(reason)).await;
                }
            });
        }
        let _ = stopped.await;
    });
}

/// One tab, until its connection ends.
async fn tab(
    address: SocketAddr,
    rows: u32,
    reads: bool,
    Shared { counters, reached }: &Shared,
    ready: &Ready,
    may_connect: &Semaphore,
) -> Result<(), String> {
    let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
    let connecting = may_connect.acquire().await.map_err(|error| error.to_string())?;
    let (mut socket, _) = connect_async_with_config(format!("ws://{address}/ws"), Some(config), true)
        .await
        .map_err(|error| error.to_string())?;
    let query = JobsQuery {
        filter: JobFilter::default(),
        sort: SortOrder::Newest,
        start: WindowStart::Top,
        limit: rows,
    };
    let frames = [
        ClientFrame::Hello { version: PROTOCOL_VERSION },
        ClientFrame::Watch { id: 1, query: ViewQuery::Queues {}, resume: None },
        ClientFrame::Watch { id: 2, query: ViewQuery::Jobs { query }, resume: None },
    ];
    for frame in &frames {
        socket.send(message(frame)?).await.map_err(|error| error.to_string())?;
    }
    drop(connecting);
    if reads {
        reached.join();
    }
    let (mut views, mut shown) = (0, 0);
    while let Some(received) = socket.next().await {
        let Message::Text(text) = received.map_err(|error| error.to_string())? else { continue };
        counters.frames.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        let head = FrameHead::of(&text).map_err(|error| error.to_string())?;
        if let (Some(view), Some(seq)) = (head.view, head.seq) {
            socket
                .send(message(&ClientFrame::Ack { view, seq })?)
                .await
                .map_err(|error| error.to_string())?;
            views += 1;
            // The first frame of each of the two views is its snapshot.
            if views == 2 {
                let _ = ready.send(Ok(())).await;
                if !reads {
                    std::future::pending::<()>().await;
                }
            }
            let last = last_job(&text);
            if reads && last > shown {
                reached.advance(shown, last);
                shown = last;
            }
        }
    }
    Err("the server closed the connection".to_owned())
}

/// The highest number of a job whose row is in the frame; 0: there is none.
fn last_job(frame: &str) -> u64 {
    const ROW: &str = "{\"id\":";
    frame
        .match_indices(ROW)
        .filter_map(|(at, _)| {
            let number = &frame[at + ROW.len()..];
            let end = number.find(|c: char| !c.is_ascii_digit())?;
            number[..end].parse().ok()
        })
        .max()
        .unwrap_or(0)
}

fn message(frame: &ClientFrame) -> Result<Message, String> {
    serde_json::to_string(frame).map(Message::text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_job_of_a_frame_is_the_highest_of_its_rows() {
        let frame =
            r#"{"type":"delta","view":2,"seq":7,"delta":{"changed":[{"id":9,"name":"a"},{"id":12,"x":1}]}}"#;
        assert_eq!(last_job(frame), 12);
        assert_eq!(FrameHead::of(frame).unwrap(), FrameHead { view: Some(ViewId(2)), seq: Some(7) });
        assert_eq!(last_job(r#"{"type":"delta","view":1,"seq":7}"#), 0);
    }
}
