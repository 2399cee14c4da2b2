//! An operation while it waits and goes: the count-down in which it may be undone, and how far it is, through the
//! live protocol.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use taskyard::shared::operation::{Operation, OperationState};
use taskyard::shared::view::{ViewDelta, ViewSnapshot};
use tokio::sync::mpsc;

use super::operations::{in_words, looked_at};
use crate::cli::client::{Api, FeedEvent};
use crate::cli::error::CliError;
use crate::cli::format;
use crate::cli::output::{self, Form};

/// How often the count-down moves.
const TICK: Duration = Duration::from_millis(250);

/// What tells of an operation, and who may want it undone.
pub struct Progress<'a> {
    pub api: &'a Api,
    /// Of the view `yard`.
    pub events: mpsc::Receiver<Result<FeedEvent, CliError>>,
    /// Ctrl-C.
    pub interrupts: mpsc::Receiver<()>,
    pub form: Form,
}

impl Progress<'_> {
    /// Follows it until it is done or undone, or until somebody presses Ctrl-C when it cannot be undone any more.
    /// Answers how it stands then.
    pub async fn until_done(mut self, mut operation: Operation) -> Result<Operation, CliError> {
        let mut teller = Teller::new(self.form);
        let mut tick = tokio::time::interval(TICK);
        while !is_over(&operation) {
            tokio::select! {
                _ = tick.tick() => {}
                Some(()) = self.interrupts.recv() => match undo(self.api, &operation).await {
                    Ok(undone) => operation = undone,
                    Err(CliError::Refused(_)) => break,
                    Err(error) => return Err(error),
                },
                event = self.events.recv() => {
                    let Some(event) = event else { break };
                    take_in(&mut operation, event?, &teller);
                }
            }
            if !is_over(&operation) {
                teller.tell(&operation);
            }
        }
        teller.finish();
        Ok(operation)
    }
}

async fn undo(api: &Api, operation: &Operation) -> Result<Operation, CliError> {
    api.post(&["operations", &operation.id.to_string(), "undo"], &json!({})).await?.part("operation")
}

fn is_over(operation: &Operation) -> bool {
    matches!(operation.state, OperationState::Done | OperationState::Undone)
}

fn take_in(operation: &mut Operation, event: FeedEvent, teller: &Teller) {
    let operations = match event {
        FeedEvent::Snapshot(ViewSnapshot::Yard { yard }) => yard.operations,
        FeedEvent::Delta(ViewDelta::Yard { operations: Some(operations), .. }) => operations,
        FeedEvent::Lost { reason, .. } => {
            teller.note(&format!("connection lost ({reason}); trying again"));
            return;
        }
        _ => return,
    };
    if let Some(now) = operations.into_iter().find(|other| other.id == operation.id) {
        *operation = now;
    }
}

/// A bar on a terminal, lines elsewhere. Both go to stderr: stdout is for the outcome.
struct Teller {
    bar: Option<ProgressBar>,
    form: Form,
    last: Option<OperationState>,
}

impl Teller {
    fn new(form: Form) -> Self {
        let bar = console::Term::stderr().is_term().then(|| {
            let bar = ProgressBar::new(1);
            let style = ProgressStyle::with_template("{spinner} [{bar:32}] {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Teller { bar, form, last: None }
    }

    fn tell(&mut self, operation: &Operation) {
        let text = sentence(operation, format::now_ms());
        match &self.bar {
            Some(bar) => {
                bar.set_length(operation.to_look_at.max(1));
                bar.set_position(operation.looked_at);
                bar.set_message(text);
            }
            None if self.last != Some(operation.state) => self.note(&text),
            None => {}
        }
        self.last = Some(operation.state);
    }

    fn note(&self, text: &str) {
        match (&self.bar, self.form) {
            (Some(bar), _) => bar.println(text),
            (None, Form::Text) => output::remark(text),
            (None, Form::Json) => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn sentence(operation: &Operation, now_ms: i64) -> String {
    match operation.state {
        OperationState::Waiting => {
            let left_ms = (operation.starts_at_ms - now_ms).max(0);
            let (what, jobs) = (in_words(operation.action), format::filter(&operation.filter));
            match (left_ms + 999) / 1_000 {
                0 => format!("operation {} is about to {what} {jobs}", operation.id),
                seconds => {
                    format!("operation {} will {what} {jobs} in {seconds} s; Ctrl-C undoes it", operation.id)
                }
            }
        }
        _ => {
            let done = format::one_or_more(operation.done, "job");
            format!("operation {}: {done} done, {} looked at", operation.id, looked_at(operation))
        }
    }
}

#[cfg(test)]
mod tests {
    use taskyard::shared::job::JobState;
    use taskyard::shared::operation::{BulkAction, OperationId};
    use taskyard::shared::view::{JobFilter, YardLists};

    use super::*;

    fn operation(id: u64, state: OperationState) -> Operation {
        Operation {
            id: OperationId(id),
            action: BulkAction::Cancel {},
            filter: JobFilter { states: vec![JobState::Pending], ..JobFilter::default() },
            state,
            created_at_ms: 0,
            starts_at_ms: 10_000,
            finished_at_ms: None,
            looked_at: 500,
            to_look_at: 2_000,
            done: 1,
        }
    }

    #[test]
    fn the_count_down_says_what_will_happen_and_how_to_undo_it() {
        let waiting = operation(3, OperationState::Waiting);
        assert_eq!(
            sentence(&waiting, 7_100),
            "operation 3 will cancel pending jobs in 3 s; Ctrl-C undoes it"
        );
        assert_eq!(
            sentence(&waiting, 99_000),
            "operation 3 is about to cancel pending jobs",
            "clocks differ"
        );
        let running = operation(3, OperationState::Running);
        assert_eq!(sentence(&running, 0), "operation 3: 1 job done, 500 of about 2,000 looked at");
    }

    #[test]
    fn only_its_own_news_are_taken_in() {
        let mut mine = operation(3, OperationState::Waiting);
        let teller = Teller { bar: None, form: Form::Json, last: None };
        let others = vec![operation(4, OperationState::Done)];
        let snapshot = ViewSnapshot::Yard { yard: YardLists { operations: others, ..YardLists::default() } };
        take_in(&mut mine, FeedEvent::Snapshot(snapshot), &teller);
        assert_eq!(mine.state, OperationState::Waiting);
        let operations =
            Some(vec![operation(4, OperationState::Done), operation(3, OperationState::Running)]);
        let delta = ViewDelta::Yard { schedules: None, limits: None, operations };
        take_in(&mut mine, FeedEvent::Delta(delta), &teller);
        assert_eq!(mine.state, OperationState::Running);
    }
}
