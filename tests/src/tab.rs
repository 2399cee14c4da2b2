//! A tab without a browser: the live protocol over a real WebSocket. It takes frames in and acknowledges
//! them as the board does, and fails where the server breaks the protocol.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use taskyard_shared::PROTOCOL_VERSION;
use taskyard_shared::command::{ClientFrame, Command, Reply, Resume};
use taskyard_shared::event::ServerFrame;
use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::log::{LogLine, apply_lines};
use taskyard_shared::new_job::NewJob;
use taskyard_shared::queue::{QueueStatus, StateCounts, apply_queues};
use taskyard_shared::view::{
    JobsQuery, JobsWindow, SortOrder, ViewDelta, ViewId, ViewQuery, ViewSnapshot, WindowStart,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// For something to come over the socket.
pub const FRAME: Duration = Duration::from_secs(30);

pub struct Tab {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub instance: String,
    next_id: u64,
    replies: HashMap<u64, Reply>,
    views: HashMap<ViewId, View>,
    /// Watches that are not answered yet.
    asked: HashMap<u64, (ViewQuery, Option<View>)>,
}

/// A view as the tab knows it.
#[derive(Clone, Debug)]
pub struct View {
    pub query: ViewQuery,
    /// None until the first snapshot.
    pub shown: Option<ViewSnapshot>,
    pub seq: u64,
    pub snapshots: u64,
    pub deltas: u64,
}

/// The newest jobs, of any state.
pub fn newest(limit: u32) -> ViewQuery {
    let (sort, start) = (SortOrder::Newest, WindowStart::Top);
    ViewQuery::Jobs { query: JobsQuery { filter: Default::default(), sort, start, limit } }
}

impl Tab {
    /// Connects and says hello.
    pub async fn open(address: &str) -> Result<Self> {
        let mut tab = Tab::connect(address, None).await?;
        tab.send(&ClientFrame::Hello { version: PROTOCOL_VERSION }).await?;
        match tab.frame().await? {
            ServerFrame::Hello { instance, .. } => tab.instance = instance,
            other => bail!("the answer to hello is {other:?}"),
        }
        Ok(tab)
    }

    /// Connects as a page of `origin` would, and says nothing.
    pub async fn connect(address: &str, origin: Option<&str>) -> Result<Self> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        let (socket, _) = timeout(FRAME, connect_async(request)).await.context("no handshake")??;
        Ok(Tab {
            socket,
            instance: String::new(),
            next_id: 1,
            replies: HashMap::new(),
            views: HashMap::new(),
            asked: HashMap::new(),
        })
    }

    pub async fn send(&mut self, frame: &ClientFrame) -> Result<()> {
        self.send_text(&serde_json::to_string(frame)?).await
    }

    pub async fn send_text(&mut self, text: &str) -> Result<()> {
        self.send_message(Message::text(text)).await
    }

    pub async fn send_message(&mut self, message: Message) -> Result<()> {
        timeout(FRAME, self.socket.send(message)).await.context("the server does not read")??;
        Ok(())
    }

    /// The next frame, looked at by nobody yet. Dropping the future loses nothing.
    pub async fn frame(&mut self) -> Result<ServerFrame> {
        loop {
            let message = timeout(FRAME, self.socket.next()).await.context("nothing comes")?;
            match message.ok_or_else(|| anyhow!("the socket has ended"))?? {
                Message::Text(text) => {
                    return serde_json::from_str(&text).with_context(|| format!("not a frame: {text}"));
                }
                Message::Close(reason) => bail!("the server closed the socket: {reason:?}"),
                _ => {}
            }
        }
    }

    /// Takes in the next frame, and acknowledges it if it is a view's.
    pub async fn step(&mut self) -> Result<()> {
        let frame = self.frame().await?;
        self.take(frame).await
    }

    async fn take(&mut self, frame: ServerFrame) -> Result<()> {
        match frame {
            ServerFrame::Reply { id, reply } => {
                if let (Reply::Watching { view }, Some((query, had))) = (&reply, self.asked.remove(&id)) {
                    let fresh = View { query, shown: None, seq: 0, snapshots: 0, deltas: 0 };
                    self.views.insert(*view, had.unwrap_or(fresh));
                }
                self.replies.insert(id, reply);
            }
            ServerFrame::Snapshot { view, seq, snapshot } => {
                let known = self.views.get_mut(&view).context("a snapshot of an unknown view")?;
                known.shown = Some(snapshot);
                known.seq = seq;
                known.snapshots += 1;
                self.send(&ClientFrame::Ack { view, seq }).await?;
            }
            ServerFrame::Delta { view, seq, delta } => {
                let known = self.views.get_mut(&view).context("a delta of an unknown view")?;
                ensure!(seq == known.seq + 1, "frame {seq} follows frame {}", known.seq);
                known.apply(&delta)?;
                known.seq = seq;
                known.deltas += 1;
                self.send(&ClientFrame::Ack { view, seq }).await?;
            }
            ServerFrame::Error { error } => bail!("the server complains: {error}"),
            ServerFrame::Stopping {} => bail!("the server is stopping"),
            ServerFrame::Hello { .. } => bail!("a second hello"),
        }
        Ok(())
    }

    /// Takes in frames until there is an answer.
    pub async fn until<T>(&mut self, mut look: impl FnMut(&mut Tab) -> Option<T>) -> Result<T> {
        let reached = timeout(FRAME, async {
            loop {
                if let Some(answer) = look(self) {
                    return Ok(answer);
                }
                self.step().await?;
            }
        });
        match reached.await {
            Ok(answer) => answer,
            Err(_) => bail!("it does not come; the views: {:?}", self.views),
        }
    }

    /// Takes in what comes until `work` is done.
    pub async fn while_doing<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                frame = self.frame() => self.take(frame?).await?,
            }
        }
    }

    /// Says a command; answers its number, under which the reply comes.
    pub async fn say(&mut self, command: Command) -> Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&ClientFrame::Command { id, command }).await?;
        Ok(id)
    }

    pub async fn reply_to(&mut self, id: u64) -> Result<Reply> {
        self.until(|tab| tab.replies.remove(&id)).await
    }

    pub async fn ask(&mut self, command: Command) -> Result<Reply> {
        let id = self.say(command).await?;
        self.reply_to(id).await
    }

    pub async fn add(&mut self, job: NewJob) -> Result<JobId> {
        match self.ask(Command::AddJob { job }).await? {
            Reply::JobAdded { id, .. } => Ok(id),
            other => bail!("the job was not added: {other:?}"),
        }
    }

    pub async fn set_concurrency(&mut self, queue: &str, concurrency: u32) -> Result<()> {
        let queue = queue.to_owned();
        match self.ask(Command::SetConcurrency { queue, concurrency }).await? {
            Reply::QueueChanged { .. } => Ok(()),
            other => bail!("the concurrency was not set: {other:?}"),
        }
    }

    /// Watches, and waits for the first snapshot.
    pub async fn watch(&mut self, query: ViewQuery) -> Result<ViewId> {
        let view = self.start_watching(query, None, None).await?;
        self.until(|tab| tab.view(view).shown.is_some().then_some(())).await?;
        Ok(view)
    }

    /// Watches on from where another tab of the same server was.
    pub async fn resume(&mut self, before: &Tab, view: ViewId) -> Result<ViewId> {
        let had = before.view(view).clone();
        let resume = Resume { instance: before.instance.clone(), view, seq: had.seq };
        self.start_watching(had.query.clone(), Some(resume), Some(had)).await
    }

    async fn start_watching(
        &mut self,
        query: ViewQuery,
        resume: Option<Resume>,
        had: Option<View>,
    ) -> Result<ViewId> {
        let id = self.next_id;
        self.next_id += 1;
        self.asked.insert(id, (query.clone(), had));
        self.send(&ClientFrame::Watch { id, query, resume }).await?;
        match self.reply_to(id).await? {
            Reply::Watching { view } => Ok(view),
            other => bail!("it may not watch: {other:?}"),
        }
    }

    /// A view that [`Tab::watch`] or [`Tab::resume`] answered.
    pub fn view(&self, view: ViewId) -> &View {
        &self.views[&view]
    }

    pub fn job(&self, view: ViewId, id: JobId) -> Option<&JobSummary> {
        self.view(view).window()?.rows.iter().find(|job| job.id == id)
    }

    /// Waits until the view shows the job in this state.
    pub async fn job_when(&mut self, view: ViewId, id: JobId, state: JobState) -> Result<JobSummary> {
        let reached = self.until(|tab| tab.job(view, id).filter(|job| job.state == state).cloned()).await;
        reached.with_context(|| format!("job {id} is not shown as {state}"))
    }

    /// Waits until the queues' view shows that every job has ended.
    pub async fn until_idle(&mut self, queues: ViewId) -> Result<StateCounts> {
        self.until(|tab| {
            let counts = tab.view(queues).counts();
            (counts.unfinished() == 0).then_some(counts)
        })
        .await
        .context("there is still work")
    }
}

impl View {
    pub fn window(&self) -> Option<&JobsWindow> {
        match &self.shown {
            Some(ViewSnapshot::Jobs { window }) => Some(window),
            _ => None,
        }
    }

    pub fn queues(&self) -> &[QueueStatus] {
        match &self.shown {
            Some(ViewSnapshot::Queues { queues }) => queues,
            _ => &[],
        }
    }

    pub fn log(&self) -> &[LogLine] {
        match &self.shown {
            Some(ViewSnapshot::Log { lines }) => lines,
            _ => &[],
        }
    }

    /// Of all queues together.
    pub fn counts(&self) -> StateCounts {
        let mut counts = StateCounts::default();
        self.queues().iter().for_each(|queue| counts.add(&queue.counts));
        counts
    }

    fn apply(&mut self, delta: &ViewDelta) -> Result<()> {
        match (&mut self.shown, &self.query, delta) {
            (Some(ViewSnapshot::Jobs { window }), ViewQuery::Jobs { query }, ViewDelta::Jobs { changes }) => {
                window.apply(changes, query.sort, query.limit)
            }
            (Some(ViewSnapshot::Queues { queues }), _, ViewDelta::Queues { queues: changed }) => {
                apply_queues(queues, changed);
            }
            (Some(ViewSnapshot::Log { lines }), _, ViewDelta::Log { lines: added }) => {
                apply_lines(lines, added);
            }
            (Some(ViewSnapshot::Services { services }), _, ViewDelta::Services { limiter, cache, pools }) => {
                services.apply(limiter.clone(), cache.clone(), pools.clone())
            }
            _ => bail!("a delta of another sort than the view"),
        }
        Ok(())
    }
}
