//! What all parts of the page share: the connection, what is live everywhere, and where notices go.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::job::JobId;
use taskyard_shared::kind::KindInfo;
use taskyard_shared::view::ViewQuery;

use crate::connection::exchange::{Outcome, ViewUpdate};
use crate::connection::{Connection, watch};
use crate::reactive::{effect, memo};
use crate::state::address::ListAddress;
use crate::state::operations::Strip;
use crate::state::queues::Queues;
use crate::state::yard::{self, Yard};

/// What is laid over the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    #[default]
    Nothing,
    Help,
    Palette,
    ClearFinished,
    DeleteJob,
    Bulk,
    QueueSettings,
}

/// The outcome of a command, as shown where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub is_error: bool,
    pub text: String,
}

impl Note {
    pub fn done(text: impl Into<String>) -> Self {
        Note { is_error: false, text: text.into() }
    }

    pub fn error(text: impl Into<String>) -> Self {
        Note { is_error: true, text: text.into() }
    }
}

/// A handle; copies are the same board.
#[derive(Clone, Copy)]
pub struct Board {
    pub connection: Connection,
    pub queues: RwSignal<Queues>,
    pub kinds: RwSignal<Vec<KindInfo>>,
    /// Schedules, limits and operations.
    pub yard: RwSignal<Yard>,
    /// The operations that are shown below every page.
    pub strip: RwSignal<Strip>,
    /// The queue that [`Overlay::QueueSettings`] is about.
    pub settings_of: RwSignal<String>,
    /// Now, in milliseconds since the epoch; ticks every second.
    pub clock: RwSignal<i64>,
    pub overlay: RwSignal<Overlay>,
    pub adding: RwSignal<bool>,
    /// The outcomes of the latest commands on single jobs, newest last; at most 20.
    pub job_notes: RwSignal<Vec<(JobId, Note)>>,
    /// The outcome of a command that was given nowhere in particular.
    pub toasted: RwSignal<Option<Note>>,
    /// What a screen reader should say next.
    pub announcement: RwSignal<String>,
    /// Where the list was left: it is found there again.
    pub left_at: StoredValue<Option<(ListAddress, f64)>>,
    /// Counts up when the list should be filled afresh, from its top.
    pub refreshed: RwSignal<u32>,
}

const MAX_JOB_NOTES: usize = 20;
const NOTE_SHOWN: Duration = Duration::from_secs(8);

impl Board {
    /// Starts what lives as long as the page.
    pub fn start() -> Self {
        let wide =
            window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|px| px >= 1180.0);
        let board = Board {
            connection: Connection::start(),
            queues: RwSignal::default(),
            kinds: RwSignal::default(),
            yard: RwSignal::default(),
            strip: RwSignal::default(),
            settings_of: RwSignal::default(),
            clock: RwSignal::new(js_sys::Date::now() as i64),
            overlay: RwSignal::default(),
            adding: RwSignal::new(wide),
            job_notes: RwSignal::default(),
            toasted: RwSignal::default(),
            announcement: RwSignal::default(),
            left_at: StoredValue::new(None),
            refreshed: RwSignal::default(),
        };
        set_interval(move || board.clock.set(js_sys::Date::now() as i64), Duration::from_secs(1));
        board.watch_queues();
        board.watch_yard();
        board.fetch_kinds();
        board
    }

    fn watch_queues(self) {
        let query = memo(|| Some(ViewQuery::Queues {}));
        watch(self.connection, query, move |update| match update {
            ViewUpdate::Snapshot(snapshot) => self.queues.update(|queues| queues.snapshot(snapshot)),
            ViewUpdate::Delta(delta) => self.queues.update(|queues| queues.delta(delta)),
            ViewUpdate::Refused(error) => leptos::logging::error!("queues: {error}"),
        });
    }

    fn watch_yard(self) {
        let query = memo(|| Some(ViewQuery::Yard {}));
        watch(self.connection, query, move |update| match update {
            ViewUpdate::Snapshot(snapshot) => self.yard.update(|yard| yard.snapshot(snapshot)),
            ViewUpdate::Delta(delta) => self.yard.update(|yard| yard.delta(delta)),
            ViewUpdate::Refused(error) => leptos::logging::error!("yard: {error}"),
        });
    }

    /// Whenever the page gets connected: the server may be another one now.
    fn fetch_kinds(self) {
        effect(move || {
            if !self.connection.status.get().is_live() {
                return;
            }
            spawn_local(async move {
                if let Ok(Reply::Kinds { kinds }) = self.connection.command(Command::ListKinds {}).await
                    && self.kinds.with_untracked(|known| *known != kinds)
                {
                    self.kinds.set(kinds);
                }
            });
        });
    }

    /// Says something to screen readers.
    pub fn announce(self, text: impl Into<String>) {
        self.announcement.set(text.into());
    }

    /// Shows a note at a job, for a while.
    pub fn note(self, id: JobId, note: Note) {
        self.announce(note.text.clone());
        self.job_notes.update(|notes| {
            notes.retain(|(noted, _)| *noted != id);
            if notes.len() >= MAX_JOB_NOTES {
                notes.remove(0);
            }
            notes.push((id, note.clone()));
        });
        set_timeout(
            move || self.job_notes.update(|notes| notes.retain(|noted| *noted != (id, note.clone()))),
            NOTE_SHOWN,
        );
    }

    pub fn note_of(self, id: JobId) -> Option<Note> {
        self.job_notes
            .with(|notes| notes.iter().find(|(noted, _)| *noted == id).map(|(_, note)| note.clone()))
    }

    /// Sends a command, and shows for a while what came of it.
    pub fn send(self, note: RwSignal<Option<Note>>, command: Command) {
        note.set(None);
        spawn_local(async move {
            let told = self.told(self.connection.command(command).await);
            // What gave the command may be gone by now.
            let _shown = note.try_set(Some(told));
            let clear = move || {
                let _cleared = note.try_set(None);
            };
            set_timeout(clear, NOTE_SHOWN);
        });
    }

    /// Sends a command that was given nowhere in particular.
    pub fn send_from_anywhere(self, command: Command) {
        spawn_local(async move {
            let told = self.told(self.connection.command(command).await);
            self.toast(told);
        });
    }

    pub fn cancel(self, id: JobId) {
        spawn_local(async move {
            let outcome = self.connection.command(Command::CancelJob { id }).await;
            self.note(id, self.told(outcome));
        });
    }

    pub fn retry(self, id: JobId) {
        spawn_local(async move {
            let outcome = self.connection.command(Command::RetryJob { id }).await;
            self.note(id, self.told(outcome));
        });
    }

    /// The outcome of a command in words. What it says of a queue is shown at once.
    pub fn told(self, outcome: Outcome) -> Note {
        match outcome {
            Ok(Reply::JobAdded { id, is_new: true }) => Note::done(format!("Job {id} added.")),
            Ok(Reply::JobAdded { id, .. }) => {
                Note::done(format!("Not new: job {id} has the same unique key."))
            }
            Ok(Reply::JobCancelled { id, was_running: true }) => {
                Note::done(format!("Job {id} cancelled; its work is being stopped."))
            }
            Ok(Reply::JobCancelled { id, .. }) => Note::done(format!("Job {id} cancelled.")),
            Ok(Reply::JobRetried { id }) => Note::done(format!("Job {id} runs as soon as it may.")),
            Ok(Reply::JobDeleted { id }) => Note::done(format!("Job {id} deleted.")),
            Ok(Reply::PrioritySet { id, priority }) => {
                Note::done(format!("Job {id} has priority {priority}."))
            }
            Ok(Reply::FinishedCleared { count }) => {
                Note::done(format!("{} deleted.", crate::format::jobs(count)))
            }
            Ok(Reply::QueueChanged { queue }) => {
                let text = format!(
                    "{} {}{}, {} at a time.",
                    queue.name,
                    if queue.paused { "is paused" } else { "runs" },
                    if queue.draining { " and takes no new jobs" } else { "" },
                    crate::format::count(u64::from(queue.concurrency))
                );
                self.queues.update(|queues| queues.put(queue));
                Note::done(text)
            }
            Ok(reply) => Note::done(yard::told(&reply).unwrap_or_else(|| "Done.".to_owned())),
            Err(failure) => Note::error(failure.sentence()),
        }
    }
}
