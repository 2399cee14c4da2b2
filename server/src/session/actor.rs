//! The actor: WebSocket frames in, commands and watches out, and back. What to do is decided in the modules
//! beside it.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Handler, WrapFuture};
use actix_web_actors::ws::{CloseCode, CloseReason, WebsocketContext};
use futures_util::FutureExt;
use taskyard_shared::PROTOCOL_VERSION;
use taskyard_shared::command::{ClientFrame, Command, Reply, Resume};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::event::ServerFrame;
use taskyard_shared::limits::{MAX_FRAME_BYTES, MAX_VIEWS_PER_CONNECTION};
use taskyard_shared::view::{ViewId, ViewQuery};

use super::backlog::Backlog;
use super::credit::{Credit, Step, Verdict};
use super::fragments::Fragments;
use super::inbound::{self, BadFrame};
use super::live_state::LiveState;
use super::requests::Requests;
use crate::services::Client;
use crate::supervision::panic_text;
use crate::views::messages::{Pause, Resync, SessionEnded, SessionId, ToSession, Unwatch, Watch};
use crate::views::{OpenSession, serialise};

/// Commands of one connection that may be executed at the same time. Further ones are answered `overloaded`
/// (`refused_commands`).
const MAX_COMMANDS: usize = 32;
/// Frames that are no message of the protocol after which the socket is closed.
const MAX_BAD_FRAMES: u32 = 10;
/// How long the client has to answer our closing before the connection is cut.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

pub(super) type Ctx = WebsocketContext<Session>;

/// One socket. Its mailbox holds actix's default of 16 messages; the hub does not wait for room in it.
pub struct Session {
    pub(super) id: SessionId,
    pub(super) state: Arc<LiveState>,
    client: Client,
    pub(super) phase: Phase,
    pub(super) fragments: Fragments,
    /// A frame was announced that is too large.
    pub(super) too_large: Rc<Cell<bool>>,
    pub(super) last_heard: Instant,
    pub(super) backlog: Backlog,
    credit: Credit,
    requests: Requests,
    commands: usize,
    bad_frames: u32,
    _open: OpenSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    AwaitingHello,
    Open,
    /// We sent a close frame: nothing is read or sent any more.
    Closing,
}

impl Session {
    pub(super) fn new(
        state: Arc<LiveState>,
        client: Client,
        open: OpenSession,
        too_large: Rc<Cell<bool>>,
    ) -> Self {
        Session {
            id: state.next_session(),
            client,
            phase: Phase::AwaitingHello,
            fragments: Fragments::new(MAX_FRAME_BYTES),
            too_large,
            last_heard: Instant::now(),
            backlog: Backlog::new(state.config.max_reply_backlog),
            credit: Credit::default(),
            requests: Requests::default(),
            commands: 0,
            bad_frames: 0,
            _open: open,
            state,
        }
    }

    pub(super) fn text(&mut self, text: &str, ctx: &mut Ctx) {
        match inbound::parse(text) {
            Ok(frame) if self.phase == Phase::AwaitingHello => self.hello(&frame, ctx),
            Ok(frame) => self.frame(frame, ctx),
            Err(bad) => self.bad_frame(bad, ctx),
        }
    }

    fn hello(&mut self, frame: &ClientFrame, ctx: &mut Ctx) {
        match frame {
            ClientFrame::Hello { version: PROTOCOL_VERSION } => {
                self.phase = Phase::Open;
                let server = concat!("Taskyard ", env!("CARGO_PKG_VERSION")).to_owned();
                let instance = self.state.instance.clone();
                self.send(&ServerFrame::Hello { version: PROTOCOL_VERSION, server, instance }, ctx);
            }
            ClientFrame::Hello { version } => self.fail(
                ErrorCode::UnsupportedVersion,
                format!("this server speaks version {PROTOCOL_VERSION} of the protocol, not {version}; load the page again, or update the client"),
                CloseCode::Policy,
                ctx,
            ),
            _ => self.fail(
                ErrorCode::BadRequest,
                "the first frame must be a hello".to_owned(),
                CloseCode::Policy,
                ctx,
            ),
        }
    }

    fn frame(&mut self, frame: ClientFrame, ctx: &mut Ctx) {
        match frame {
            ClientFrame::Hello { .. } => {
                let error = WireError::new(ErrorCode::BadRequest, "a hello comes once, as the first frame");
                self.bad_frame(BadFrame { id: None, error }, ctx);
            }
            ClientFrame::Command { id, command } => self.command(id, command, ctx),
            ClientFrame::Watch { id, query, resume } => self.watch(id, query, resume, ctx),
            ClientFrame::Unwatch { view } => self.unwatch(view),
            ClientFrame::Ack { view, seq } => {
                if let Some(mark) = self.credit.acknowledge(view, seq) {
                    self.backlog.read_up_to(mark);
                }
                self.ask_for_snapshots();
            }
        }
    }

    fn command(&mut self, id: u64, command: Command, ctx: &mut Ctx) {
        if self.commands >= MAX_COMMANDS {
            self.state.counters.refused_commands.fetch_add(1, Relaxed);
            let message = format!(
                "{MAX_COMMANDS} commands of this connection are not answered yet; wait for an answer"
            );
            return self.refuse(id, WireError::new(ErrorCode::Overloaded, message), ctx);
        }
        self.commands += 1;
        // A panic must cost the caller an answer, not the connection.
        let work = AssertUnwindSafe((self.state.execute)(self.client.clone(), command)).catch_unwind();
        let answer = work.into_actor(self).map(move |outcome, session, ctx| {
            session.commands -= 1;
            let reply = match outcome {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => Reply::Error { error },
                Err(panic) => {
                    tracing::error!(reason = panic_text(&*panic), "a command panicked");
                    Reply::Error {
                        error: WireError::new(
                            ErrorCode::Internal,
                            "the server failed at this; its log says more",
                        ),
                    }
                }
            };
            session.reply(id, reply, ctx);
        });
        ctx.spawn(answer);
    }

    fn watch(&mut self, id: u64, query: ViewQuery, resume: Option<Resume>, ctx: &mut Ctx) {
        if let ViewQuery::Jobs { query } = &query
            && let Err(error) = query.validate()
        {
            return self.refuse(id, error, ctx);
        }
        if self.credit.views() + self.requests.len() >= MAX_VIEWS_PER_CONNECTION {
            let message =
                format!("a connection watches at most {MAX_VIEWS_PER_CONNECTION} views; unwatch one before");
            return self.refuse(id, WireError::new(ErrorCode::InvalidQuery, message), ctx);
        }
        let resume = resume.filter(|resume| resume.instance == self.state.instance);
        let watch = Watch {
            session: self.id,
            to: ctx.address().recipient(),
            request: self.requests.add(id, Instant::now()),
            query,
            resume: resume.map(|resume| (resume.view, resume.seq)),
        };
        self.state.hub.do_send(watch);
    }

    fn unwatch(&mut self, view: ViewId) {
        if self.credit.is_watching(view) {
            self.credit.close(view);
            self.state.hub.do_send(Unwatch { session: self.id, view });
            self.ask_for_snapshots();
        }
    }

    /// What was freed by an acknowledgement goes to the views that missed something.
    fn ask_for_snapshots(&mut self) {
        while let Some(view) = self.credit.next_to_ask() {
            self.state.hub.do_send(Resync { session: self.id, view });
        }
    }

    fn live_frame(&mut self, view: ViewId, seq: u64, step: Step) -> bool {
        let verdict = self.credit.take(view, seq, step, self.backlog.mark());
        if verdict == Verdict::DropAndPause {
            self.state.hub.do_send(Pause { session: self.id, view });
            // A snapshot nobody asked for may have come while there is no credit, or the credit may be back.
            self.ask_for_snapshots();
        }
        if verdict != Verdict::Send {
            self.state.counters.frames_dropped.fetch_add(1, Relaxed);
        }
        verdict == Verdict::Send
    }

    /// Answers `watch`es that the hub has left unanswered for too long.
    pub(super) fn give_up_overdue(&mut self, ctx: &mut Ctx) {
        while let Some(id) = self.requests.overdue(Instant::now(), self.state.config.watch_within) {
            let message = "the view did not come in time; try again in a moment";
            self.refuse(id, WireError::new(ErrorCode::Unavailable, message), ctx);
        }
    }

    pub(super) fn bad_frame(&mut self, bad: BadFrame, ctx: &mut Ctx) {
        self.state.counters.bad_frames.fetch_add(1, Relaxed);
        self.bad_frames += 1;
        match bad.id {
            Some(id) if self.phase == Phase::Open => self.refuse(id, bad.error, ctx),
            _ => self.send(&ServerFrame::Error { error: bad.error }, ctx),
        }
        if self.bad_frames >= MAX_BAD_FRAMES {
            self.close(CloseCode::Policy, "too many bad frames", ctx);
        }
    }

    /// Says what is wrong, and closes.
    pub(super) fn fail(&mut self, code: ErrorCode, message: String, close: CloseCode, ctx: &mut Ctx) {
        self.send(&ServerFrame::Error { error: WireError::new(code, message.as_str()) }, ctx);
        self.close(close, &message, ctx);
    }

    fn refuse(&mut self, id: u64, error: WireError, ctx: &mut Ctx) {
        self.reply(id, Reply::Error { error }, ctx);
    }

    fn reply(&mut self, id: u64, reply: Reply, ctx: &mut Ctx) {
        self.send(&ServerFrame::Reply { id, reply }, ctx);
    }

    /// Sends everything but live frames, as long as the client reads.
    pub(super) fn send(&mut self, frame: &ServerFrame, ctx: &mut Ctx) {
        if self.phase == Phase::Closing {
            return;
        }
        if self.backlog.is_over() {
            return self.close(CloseCode::Policy, "too many replies were not read", ctx);
        }
        let text = serialise(frame);
        self.backlog.add(text.len());
        ctx.text(text);
        if self.backlog.needs_probe() {
            ctx.ping(&self.backlog.probe());
        }
    }

    pub(super) fn close(&mut self, code: CloseCode, why: &str, ctx: &mut Ctx) {
        if self.phase == Phase::Closing {
            return;
        }
        self.phase = Phase::Closing;
        if code != CloseCode::Away {
            self.state.counters.closed_by_server.fetch_add(1, Relaxed);
            tracing::debug!(session = self.id.0, why, "a socket is closed");
        }
        // A close frame has room for 123 bytes of reason.
        let description = why.chars().take(60).collect();
        ctx.close(Some(CloseReason { code, description: Some(description) }));
        self.state.hub.do_send(SessionEnded { session: self.id });
        ctx.run_later(CLOSE_WITHIN, |_, ctx| ctx.stop());
    }
}

impl Actor for Session {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.watch_the_clock(ctx);
        let stopping = self.state.stopping.clone().cancelled_owned();
        ctx.spawn(stopping.into_actor(self).map(|(), session, ctx| {
            session.send(&ServerFrame::Stopping {}, ctx);
            session.close(CloseCode::Away, "the server is stopping", ctx);
        }));
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.state.hub.do_send(SessionEnded { session: self.id });
    }
}

impl Handler<ToSession> for Session {
    type Result = ();

    fn handle(&mut self, message: ToSession, ctx: &mut Self::Context) {
        if self.phase == Phase::Closing {
            return;
        }
        match message {
            ToSession::Watching { request, view } => match self.requests.answered(request) {
                Some(id) => {
                    self.credit.open(view);
                    self.reply(id, Reply::Watching { view }, ctx);
                }
                // Answered as overdue before.
                None if !self.credit.is_watching(view) => {
                    self.state.hub.do_send(Unwatch { session: self.id, view });
                }
                None => (),
            },
            ToSession::Refused { request, error } => {
                if let Some(id) = self.requests.answered(request) {
                    self.refuse(id, error, ctx);
                }
            }
            ToSession::Snapshot { view, seq, text } => {
                if self.live_frame(view, seq, Step::Snapshot) {
                    ctx.text(text);
                }
            }
            ToSession::Delta { view, seq, text } => {
                if self.live_frame(view, seq, Step::Delta) {
                    ctx.text(text);
                }
            }
            ToSession::Resumed { view, seq, texts } => {
                if self.live_frame(view, seq, Step::Delta) {
                    texts.into_iter().for_each(|text| ctx.text(text));
                }
            }
            ToSession::Missed { view } => {
                self.credit.missed(view);
                self.ask_for_snapshots();
            }
        }
    }
}
