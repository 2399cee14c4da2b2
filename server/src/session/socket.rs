//! What comes over the socket, and the clock that watches it.

use std::time::Instant;

use actix::{ActorContext, AsyncContext, StreamHandler};
use actix_web_actors::ws::{CloseCode, Message, ProtocolError};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::limits::MAX_FRAME_BYTES;

use super::actor::{Ctx, Phase, Session};
use super::fragments::Fragment;
use super::inbound::BadFrame;

impl Session {
    pub(super) fn watch_the_clock(&mut self, ctx: &mut Ctx) {
        let config = &self.state.config;
        ctx.run_later(config.hello_within, |session, ctx| {
            if session.phase == Phase::AwaitingHello {
                let message = "no hello came in time".to_owned();
                session.fail(ErrorCode::BadRequest, message, CloseCode::Policy, ctx);
            }
        });
        ctx.run_interval(config.ping_every, Session::heartbeat);
    }

    fn heartbeat(&mut self, ctx: &mut Ctx) {
        if self.phase == Phase::Closing {
            return;
        }
        if self.last_heard.elapsed() > self.state.config.silent_for {
            return self.close(CloseCode::Policy, "nothing was heard of the client for too long", ctx);
        }
        ctx.ping(&self.backlog.probe());
        self.give_up_overdue(ctx);
    }

    fn message(&mut self, message: Message, ctx: &mut Ctx) {
        match message {
            Message::Text(text) => self.text(&text, ctx),
            Message::Continuation(item) => match self.fragments.add(item) {
                Fragment::Incomplete => (),
                Fragment::Text(text) => self.text(&text, ctx),
                Fragment::Binary => self.binary(ctx),
                Fragment::NotUtf8 => self.not_utf8(ctx),
                Fragment::TooLarge => self.frame_too_large(ctx),
            },
            Message::Binary(_) => self.binary(ctx),
            Message::Ping(payload) => {
                self.backlog.add(payload.len());
                ctx.pong(&payload);
            }
            Message::Pong(payload) => self.backlog.pong(&payload),
            Message::Close(_) | Message::Nop => (),
        }
    }

    fn binary(&mut self, ctx: &mut Ctx) {
        let error = WireError::new(ErrorCode::BadRequest, "frames are text, this one is binary");
        self.bad_frame(BadFrame { id: None, error }, ctx);
    }

    fn not_utf8(&mut self, ctx: &mut Ctx) {
        self.fail(ErrorCode::BadRequest, "the text is not UTF-8".to_owned(), CloseCode::Invalid, ctx);
    }

    fn frame_too_large(&mut self, ctx: &mut Ctx) {
        let message = format!("a frame has at most {MAX_FRAME_BYTES} bytes");
        self.fail(ErrorCode::TooLarge, message, CloseCode::Size, ctx);
    }

    /// The WebSocket layer gave up on what it read. It cannot go on, so each of these closes.
    fn protocol_error(&mut self, error: &ProtocolError, ctx: &mut Ctx) {
        match error {
            _ if self.too_large.get() => self.frame_too_large(ctx),
            ProtocolError::Overflow => self.frame_too_large(ctx),
            // actix-web-actors says this one in words only.
            ProtocolError::Io(error) if error.to_string().contains("utf-8") => self.not_utf8(ctx),
            other => {
                let message = format!("this is not the WebSocket protocol: {other}");
                self.fail(ErrorCode::BadRequest, message, CloseCode::Protocol, ctx);
            }
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, item: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        self.last_heard = Instant::now();
        match item {
            Ok(Message::Close(reason)) => {
                if self.phase != Phase::Closing {
                    ctx.close(reason);
                }
                ctx.stop();
            }
            _ if self.phase == Phase::Closing => (),
            Ok(message) => self.message(message, ctx),
            Err(error) => self.protocol_error(&error, ctx),
        }
    }
}
