//! A server of live sessions on a free port, and a client that speaks the protocol.

use std::sync::Arc;
use std::time::Duration;

use actix::{Addr, Supervisor};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use futures_util::{SinkExt, StreamExt};
use taskyard_shared::command::{ClientFrame, Command, Reply};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::event::ServerFrame;
use taskyard_shared::job::JobId;
use taskyard_shared::view::{ViewId, ViewQuery};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use crate::pubsub::{CommitEvents, Publish};
use crate::session::{Execute, LiveConfig, LiveState, connect};
use crate::supervision::Supervision;
use crate::views::tests::model::Model;
pub use crate::views::tests::model::newest;
use crate::views::{HubLimits, LiveCounters, ViewHub, ViewHubConfig};

/// Longer than anything takes; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct TestServer {
    pub port: u16,
    pub model: Model,
    pub hub: Addr<ViewHub>,
    pub counters: Arc<LiveCounters>,
    pub stopping: CancellationToken,
    handle: ServerHandle,
}

/// Executes nothing: each command has an answer of its own, or none.
fn execute() -> Execute {
    Arc::new(|_, command| {
        Box::pin(async move {
            match command {
                Command::ListKinds {} => Ok(Reply::Kinds { kinds: Vec::new() }),
                Command::ClearFinished { .. } => Ok(Reply::FinishedCleared { count: 3 }),
                Command::CancelJob { id: JobId(0) } => std::future::pending().await,
                Command::CancelJob { id } => {
                    Err(WireError::new(ErrorCode::NotFound, format!("there is no job {id}")))
                }
                Command::RetryJob { .. } => panic!("told to panic"),
                _ => Err(WireError::new(ErrorCode::Internal, "not for tests")),
            }
        })
    })
}

impl TestServer {
    pub async fn start(config: LiveConfig) -> Self {
        let model = Model::default();
        let counters = Arc::new(LiveCounters::default());
        let hub_config = ViewHubConfig {
            reader: Arc::new(model.clone()),
            counters: Arc::clone(&counters),
            limits: HubLimits { frame_interval: Duration::from_millis(5), ..HubLimits::default() },
            supervision: Supervision::default(),
        };
        let hub = Supervisor::start(|_| ViewHub::new(hub_config));
        hub.do_send(Publish(model.reload()));
        let stopping = CancellationToken::new();
        let state = web::Data::new(LiveState::new(
            execute(),
            hub.clone(),
            "this-instance".to_owned(),
            Arc::clone(&counters),
            stopping.clone(),
            config,
        ));
        let app = move || App::new().app_data(state.clone()).route("/ws", web::get().to(connect));
        let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).expect("a free port");
        let port = server.addrs()[0].port();
        let server = server.disable_signals().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        TestServer { port, model, hub, counters, stopping, handle }
    }

    pub async fn connect(&self) -> Client {
        let mut client = self.connect_without_hello(None).await.expect("a socket");
        client.send(&ClientFrame::Hello { version: taskyard_shared::PROTOCOL_VERSION }).await;
        match client.frame().await {
            ServerFrame::Hello { .. } => client,
            other => panic!("no hello: {other:?}"),
        }
    }

    pub async fn connect_without_hello(&self, origin: Option<&str>) -> Result<Client, Error> {
        let url = format!("ws://127.0.0.1:{}/ws", self.port);
        let mut request = url.into_client_request().expect("a request");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_str(origin).expect("a header"));
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Client { socket })
    }

    pub fn publish(&self, events: Arc<CommitEvents>) {
        self.hub.do_send(Publish(events));
    }

    /// Adds a job and publishes it.
    pub fn add_job(&self, name: &str) {
        self.publish(self.model.add("a", name));
    }

    /// The job's work writes lines.
    pub fn write_log(&self, job: JobId, count: u32) {
        self.publish(self.model.write(job, 1, count));
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub async fn send(&mut self, frame: &ClientFrame) {
        self.send_text(serde_json::to_string(frame).expect("JSON")).await;
    }

    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.send_raw(Message::text(text.into())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.expect("the server takes it");
    }

    async fn next(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match next.expect("an open socket").expect("a frame") {
                Message::Ping(_) | Message::Pong(_) => (),
                message => return message,
            }
        }
    }

    pub async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("no text: {other:?}"),
        }
    }

    pub async fn frame(&mut self) -> ServerFrame {
        serde_json::from_str(&self.text().await).expect("a frame of the protocol")
    }

    pub async fn reply(&mut self) -> (u64, Reply) {
        match self.frame().await {
            ServerFrame::Reply { id, reply } => (id, reply),
            other => panic!("no reply: {other:?}"),
        }
    }

    pub async fn error_reply(&mut self) -> (u64, ErrorCode) {
        match self.reply().await {
            (id, Reply::Error { error }) => (id, error.code),
            other => panic!("no error: {other:?}"),
        }
    }

    pub async fn error(&mut self) -> ErrorCode {
        match self.frame().await {
            ServerFrame::Error { error } => error.code,
            other => panic!("no error: {other:?}"),
        }
    }

    /// Reads on until the server closes.
    pub async fn closed(&mut self) -> CloseFrame {
        loop {
            if let Message::Close(reason) = self.next().await {
                return reason.expect("a reason");
            }
        }
    }

    pub async fn watch(&mut self, id: u64, query: &ViewQuery) -> ViewId {
        self.send(&ClientFrame::Watch { id, query: query.clone(), resume: None }).await;
        match self.reply().await {
            (answered, Reply::Watching { view }) if answered == id => view,
            other => panic!("not watching: {other:?}"),
        }
    }

    pub async fn ack(&mut self, view: ViewId, seq: u64) {
        self.send(&ClientFrame::Ack { view, seq }).await;
    }

    pub async fn command(&mut self, id: u64, command: Command) {
        self.send(&ClientFrame::Command { id, command }).await;
    }
}
