//! The connection as the page uses it: commands with their outcome, watches with their updates, and a
//! status to show. Reconnects for as long as the page lives.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::{ClientFrame, Command};
use taskyard_shared::view::ViewQuery;

use super::backoff;
use super::exchange::{Effect as Step, Exchange, Failure, Outcome, ViewUpdate, WatchKey};
use super::socket::{self, Line};
use super::status::{Retry, Status};
use super::wire;
use crate::few::Few;
use crate::reactive::effect;

/// After so long without a frame the page asks for a sign of life.
const PROBE_AFTER_MS: i64 = 25_000;
/// After so long the connection counts as dead even if the browser still calls it open.
const DEAD_AFTER_MS: i64 = 35_000;

type Watcher = Rc<dyn Fn(ViewUpdate)>;

#[derive(Default)]
struct Inner {
    exchange: Exchange,
    line: Option<Line>,
    /// One for each command in flight.
    outcomes: Few<u64, oneshot::Sender<Outcome>>,
    watchers: Few<WatchKey, Watcher>,
    /// Ends the present wait between two attempts.
    wake: Option<oneshot::Sender<()>>,
    attempt: u32,
    heard_ms: i64,
    probed: bool,
    given_up: Option<String>,
}

/// A handle; copies are the same connection.
#[derive(Clone, Copy)]
pub struct Connection {
    inner: StoredValue<Rc<RefCell<Inner>>, LocalStorage>,
    pub status: RwSignal<Status>,
}

fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

impl Connection {
    /// Starts connecting, for as long as the page lives.
    pub fn start() -> Self {
        let inner = StoredValue::new_local(Rc::default());
        let connection = Connection { inner, status: RwSignal::new(Status::Connecting) };
        spawn_local(connection.run());
        set_interval(move || connection.check_pulse(), Duration::from_secs(5));
        let offline = window_event_listener_untyped("offline", move |_| connection.hang_up());
        let online = window_event_listener_untyped("online", move |_| connection.try_now());
        on_cleanup(move || {
            offline.remove();
            online.remove();
        });
        connection
    }

    /// Sends a command and waits for its outcome. Without a connection it fails at once.
    pub async fn command(self, command: Command) -> Outcome {
        let (tell, outcome) = oneshot::channel();
        let step = self.with(|inner| {
            let (id, step) = inner.exchange.command(command)?;
            inner.outcomes.insert(id, tell);
            Ok(step)
        })?;
        self.perform(vec![step]);
        outcome.await.unwrap_or(Err(Failure::OutcomeUnknown))
    }

    fn open(self, query: ViewQuery, watcher: Watcher) -> WatchKey {
        let (key, steps) = self.with(|inner| {
            let (key, steps) = inner.exchange.watch(query);
            inner.watchers.insert(key, watcher);
            (key, steps)
        });
        self.perform(steps);
        key
    }

    fn close(self, key: WatchKey) {
        let steps = self.with(|inner| {
            inner.watchers.remove(&key);
            inner.exchange.unwatch(key)
        });
        self.perform(steps);
    }

    /// Connects at once instead of waiting for the next attempt.
    pub fn try_now(self) {
        let wake = self.with(|inner| inner.wake.take());
        if let Some(wake) = wake {
            let _woken = wake.send(());
        }
    }

    fn hang_up(self) {
        let line = self.with(|inner| inner.line.take());
        if let Some(line) = line {
            let _hung_up = line.hang_up.send(());
        }
    }

    /// The borrow ends with `act`: watchers and outcomes run outside it.
    fn with<T>(self, act: impl FnOnce(&mut Inner) -> T) -> T {
        let inner = self.inner.get_value();
        let mut inner = inner.borrow_mut();
        act(&mut inner)
    }

    async fn run(self) {
        loop {
            socket::talk(|line| self.begin(line), |text| self.hear(text)).await;
            let steps = self.with(|inner| {
                inner.line = None;
                inner.exchange.closed()
            });
            self.perform(steps);
            if let Some(sentence) = self.with(|inner| inner.given_up.take()) {
                return self.status.set(Status::Outdated(sentence));
            }
            self.pause().await;
        }
    }

    fn begin(self, line: Line) {
        let steps = self.with(|inner| {
            inner.line = Some(line);
            inner.heard_ms = now_ms();
            inner.probed = false;
            inner.exchange.opened()
        });
        self.perform(steps);
    }

    fn hear(self, text: &str) {
        let steps = self.with(|inner| {
            inner.heard_ms = now_ms();
            inner.probed = false;
            wire::frame(text).map(|frame| inner.exchange.received(frame))
        });
        match steps {
            Some(steps) => self.perform(steps),
            // A frame that cannot be read may have been anybody's: begin anew rather than show half of it.
            None => {
                leptos::logging::error!("unreadable frame");
                self.hang_up();
            }
        }
    }

    fn perform(self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Send(frame) => self.send(&frame),
                Step::Resolve { id, outcome } => {
                    if let Some(tell) = self.with(|inner| inner.outcomes.remove(&id)) {
                        let _told = tell.send(outcome);
                    }
                }
                Step::Tell { key, update } => {
                    if let Some(watcher) = self.with(|inner| inner.watchers.get(&key).cloned()) {
                        watcher(update);
                    }
                }
                Step::Greeted => {
                    self.with(|inner| inner.attempt = 0);
                    self.status.set(Status::Live);
                }
                Step::GiveUp(sentence) => {
                    self.with(|inner| inner.given_up = Some(sentence));
                    self.hang_up();
                }
            }
        }
    }

    fn send(self, frame: &ClientFrame) {
        let Ok(text) = serde_json::to_string(frame) else { return };
        self.with(|inner| {
            if let Some(line) = &inner.line {
                // A closed line is noticed by its reader.
                let _sent = line.frames.unbounded_send(text);
            }
        });
    }

    /// Waits before the next attempt, saying so on the page.
    async fn pause(self) {
        let (wake, woken) = oneshot::channel();
        let attempt = self.with(|inner| {
            inner.wake = Some(wake);
            inner.attempt = inner.attempt.saturating_add(1);
            inner.attempt - 1
        });
        let delay_ms = backoff::delay_ms(attempt, js_sys::Math::random());
        let now = now_ms();
        let since_ms = match self.status.get_untracked() {
            Status::Lost { since_ms, .. } => since_ms,
            _ => now,
        };
        self.status.set(Status::Lost { since_ms, retry: Retry::At { at_ms: now + i64::from(delay_ms) } });
        let timer =
            set_timeout_with_handle(move || self.try_now(), Duration::from_millis(u64::from(delay_ms)));
        let _woken = woken.await;
        if let Ok(timer) = timer {
            timer.clear();
        }
        self.status.set(Status::Lost { since_ms, retry: Retry::Now });
    }

    /// A laptop that slept may hold a socket that is open in name only.
    fn check_pulse(self) {
        let (silent_ms, probed) = self.with(|inner| {
            let connected = inner.exchange.is_live() || inner.line.is_some();
            (if connected { now_ms() - inner.heard_ms } else { 0 }, inner.probed)
        });
        if silent_ms > DEAD_AFTER_MS && probed {
            self.hang_up();
        } else if silent_ms > PROBE_AFTER_MS && !probed {
            self.with(|inner| inner.probed = true);
            spawn_local(async move {
                let _sign_of_life = self.command(Command::ListKinds {}).await;
            });
        }
    }
}

/// Watches what `query` names, whenever it changes, until the owner goes away. None watches nothing.
pub fn watch(connection: Connection, query: Memo<Option<ViewQuery>>, watcher: impl Fn(ViewUpdate) + 'static) {
    let watcher: StoredValue<Watcher, LocalStorage> = StoredValue::new_local(Rc::new(watcher));
    let current = StoredValue::new(None::<u64>);
    let leave = move || {
        if let Some(key) = current.try_get_value().flatten() {
            connection.close(WatchKey(key));
        }
    };
    effect(move || {
        let wanted = query.get();
        let previous = current.get_value();
        let key = wanted.map(|query| connection.open(query, watcher.get_value()).0);
        current.set_value(key);
        if let Some(previous) = previous {
            connection.close(WatchKey(previous));
        }
    });
    on_cleanup(leave);
}
