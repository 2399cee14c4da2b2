//! Clients that watch as a browser's tab does: a real socket, the newest jobs and the queues, every frame
//! acknowledged. All of them share one thread, apart from the yard's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use taskyard::shared::PROTOCOL_VERSION;
use taskyard::shared::command::ClientFrame;
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, ViewId, ViewQuery, WindowStart};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::run::failed;
use crate::cli::error::CliError;

/// Rows that a tab watches.
const ROWS: u32 = 50;
/// How long all tabs together may take to get their first snapshots.
const OPENING: Duration = Duration::from_secs(60);

/// Open tabs.
pub struct Tabs {
    counters: Arc<Counters>,
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
#[derive(Deserialize)]
struct FrameHead {
    view: Option<ViewId>,
    seq: Option<u64>,
}

impl Tabs {
    /// Opens `count` tabs, and waits until each shows the newest jobs. None when there are to be none.
    pub async fn open(address: SocketAddr, count: u32) -> Result<Option<Self>, CliError> {
        if count == 0 {
            return Ok(None);
        }
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = oneshot::channel();
        let (ready, mut all_ready) = mpsc::channel(16);
        let shared = Arc::clone(&counters);
        let thread = std::thread::Builder::new()
            .name("bench-tabs".to_owned())
            .spawn(move || run_tabs(address, count, &shared, &ready, stopped))
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
        Ok(Some(Tabs { counters, count, stop, thread }))
    }

    /// Closes them all, if there are any.
    pub async fn close(tabs: Option<Self>) -> Result<Option<TabFigures>, CliError> {
        match tabs {
            Some(tabs) => tabs.close_all().await.map(Some),
            None => Ok(None),
        }
    }

    async fn close_all(self) -> Result<TabFigures, CliError> {
        let figures = TabFigures {
            tabs: self.count,
            frames: self.counters.frames.load(Ordering::Relaxed),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            lost: self.counters.lost.load(Ordering::Relaxed),
        };
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

type Ready = mpsc::Sender<Result<(), String>>;

fn run_tabs(
    address: SocketAddr,
    count: u32,
    counters: &Arc<Counters>,
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
        for _ in 0..count {
            let (counters, ready) = (Arc::clone(counters), ready.clone());
            tokio::spawn(async move {
                if let Err(reason) = tab(address, &counters, &ready).await {
                    counters.lost.fetch_add(1, Ordering::Relaxed);
                    let _ = ready.send(Err(reason)).await;
                }
            });
        }
        let _ = stopped.await;
    });
}

/// One tab, until its connection ends.
async fn tab(address: SocketAddr, counters: &Counters, ready: &Ready) -> Result<(), String> {
    let (mut socket, _) =
        connect_async(format!("ws://{address}/ws")).await.map_err(|error| error.to_string())?;
    let query = JobsQuery {
        filter: JobFilter::default(),
        sort: SortOrder::Newest,
        start: WindowStart::Top,
        limit: ROWS,
    };
    let frames = [
        ClientFrame::Hello { version: PROTOCOL_VERSION },
        ClientFrame::Watch { id: 1, query: ViewQuery::Queues {}, resume: None },
        ClientFrame::Watch { id: 2, query: ViewQuery::Jobs { query }, resume: None },
    ];
    for frame in &frames {
        socket.send(message(frame)?).await.map_err(|error| error.to_string())?;
    }
    let mut views = 0;
    while let Some(received) = socket.next().await {
        let Message::Text(text) = received.map_err(|error| error.to_string())? else { continue };
        counters.frames.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        let head: FrameHead = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if let (Some(view), Some(seq)) = (head.view, head.seq) {
            socket
                .send(message(&ClientFrame::Ack { view, seq })?)
                .await
                .map_err(|error| error.to_string())?;
            views += 1;
            // The first frame of each of the two views is its snapshot.
            if views == 2 {
                let _ = ready.send(Ok(())).await;
            }
        }
    }
    Err("the server closed the connection".to_owned())
}

fn message(frame: &ClientFrame) -> Result<Message, String> {
    serde_json::to_string(frame).map(Message::text).map_err(|error| error.to_string())
}
