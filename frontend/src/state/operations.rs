//! Operations on many jobs in words, and which of them the page shows.

use taskyard_shared::job::JobState;
use taskyard_shared::operation::{BulkAction, Operation, OperationId, OperationState};
use taskyard_shared::view::JobFilter;

use super::address::parts;
use crate::format;

/// How long an operation that has ended is still shown, in milliseconds.
const ENDED_SHOWN_MS: i64 = 12_000;

/// Whether any job in one of these states (none: any state) is one that the action is for.
pub fn applies(action: BulkAction, states: &[JobState]) -> bool {
    states.is_empty() || states.iter().any(|state| is_for(action, *state))
}

fn is_for(action: BulkAction, state: JobState) -> bool {
    match action {
        BulkAction::Cancel {} => !state.is_finished(),
        BulkAction::Retry {} => matches!(state, JobState::Failed | JobState::Cancelled),
        BulkAction::Delete {} => state.is_finished(),
        BulkAction::Reprioritise { .. } => state.is_first(),
    }
}

/// `state failed, queue web`, or that all are meant.
pub fn filter_words(filter: &JobFilter) -> String {
    let words = parts(filter);
    if words.is_empty() { "every job".to_owned() } else { words.join(", ") }
}

/// `Retry`, with the priority for one that sets it.
pub fn verb(action: BulkAction) -> String {
    match action {
        BulkAction::Cancel {} => "Cancel".to_owned(),
        BulkAction::Retry {} => "Retry".to_owned(),
        BulkAction::Delete {} => "Delete".to_owned(),
        BulkAction::Reprioritise { priority } => format!("Set priority {priority}"),
    }
}

/// How an operation stands, without the time that it still waits.
pub fn sentence(operation: &Operation) -> String {
    let verb = verb(operation.action);
    let looked_at = format::count(operation.looked_at);
    let to_look_at = format::count(operation.to_look_at.max(operation.looked_at));
    match operation.state {
        OperationState::Waiting => {
            format!("{verb} {}: {}", about(operation.to_look_at), filter_words(&operation.filter))
        }
        OperationState::Running => format!("{verb}: {looked_at} of {to_look_at}"),
        OperationState::Done => {
            let word = match operation.action {
                BulkAction::Cancel {} => "cancelled",
                BulkAction::Retry {} => "retried",
                BulkAction::Delete {} => "deleted",
                BulkAction::Reprioritise { .. } => "given another priority",
            };
            format!("{} {word}.", format::jobs(operation.done))
        }
        OperationState::Undone => format!("Undone: nothing was changed ({}).", verb.to_ascii_lowercase()),
    }
}

/// It is not known yet how many there are until the server has begun to look.
fn about(to_look_at: u64) -> String {
    if to_look_at == 0 { "jobs".to_owned() } else { format!("about {}", format::jobs(to_look_at)) }
}

/// Seconds in which it may still be undone. The server decides; a viewer's clock that is wrong says no more than
/// the whole time.
pub fn undo_seconds(operation: &Operation, now_ms: i64) -> i64 {
    let whole_ms = (operation.starts_at_ms - operation.created_at_ms).max(0);
    ((operation.starts_at_ms - now_ms).clamp(0, whole_ms) + 999) / 1000
}

/// Thousandths of what there is to look at.
pub fn progress(operation: &Operation) -> u16 {
    let whole = operation.to_look_at.max(operation.looked_at).max(1);
    (u128::from(operation.looked_at) * 1000 / u128::from(whole)) as u16
}

/// The operations that the page shows: those under way, and for a while those that it saw end. At most as many
/// as the server keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    pub shown: Vec<Shown>,
    /// The newest that was ever seen; None before the first list.
    newest: Option<OperationId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: OperationId,
    /// When the page saw that it had ended, by the viewer's clock.
    ended_ms: Option<i64>,
}

impl Strip {
    /// Takes in the list (newest first), and lets go of what ended a while ago.
    pub fn update(&mut self, operations: &[Operation], now_ms: i64) {
        let is_over = |state: OperationState| matches!(state, OperationState::Done | OperationState::Undone);
        for operation in operations.iter().rev() {
            let is_new = self.newest.is_some_and(|newest| operation.id > newest);
            let over = is_over(operation.state);
            match self.shown.iter_mut().find(|shown| shown.id == operation.id) {
                Some(shown) if over => shown.ended_ms = shown.ended_ms.or(Some(now_ms)),
                None if is_new || !over => {
                    self.shown.push(Shown { id: operation.id, ended_ms: over.then_some(now_ms) });
                }
                _ => {}
            }
        }
        let newest = operations.first().map_or(OperationId(0), |operation| operation.id);
        self.newest = self.newest.max(Some(newest));
        self.shown.retain(|shown| {
            let known = operations.iter().any(|operation| operation.id == shown.id);
            known && shown.ended_ms.is_none_or(|ended| now_ms - ended < ENDED_SHOWN_MS)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: u64, state: OperationState) -> Operation {
        Operation {
            id: OperationId(id),
            action: BulkAction::Retry {},
            filter: JobFilter::default(),
            state,
            created_at_ms: 1_000,
            starts_at_ms: 11_000,
            finished_at_ms: None,
            looked_at: 3_400,
            to_look_at: 100_000,
            done: 3_000,
        }
    }

    fn shown(strip: &Strip) -> Vec<u64> {
        strip.shown.iter().map(|shown| shown.id.0).collect()
    }

    #[test]
    fn operations_are_told_in_words() {
        let told = |state| sentence(&operation(1, state));
        assert_eq!(told(OperationState::Waiting), "Retry about 100,000 jobs: every job");
        assert_eq!(told(OperationState::Running), "Retry: 3,400 of 100,000");
        assert_eq!(told(OperationState::Done), "3,000 jobs retried.");
        assert_eq!(told(OperationState::Undone), "Undone: nothing was changed (retry).");
        assert_eq!(progress(&operation(1, OperationState::Running)), 34);
    }

    #[test]
    fn filter_is_said_part_by_part() {
        let filter = JobFilter {
            states: vec![JobState::Failed],
            queue: Some("web".into()),
            text: "mail".into(),
            ..JobFilter::default()
        };
        assert_eq!(filter_words(&filter), "state failed, queue web, text “mail”");
    }

    #[test]
    fn undo_counts_down_and_never_says_more_than_the_whole_time() {
        let waiting = operation(1, OperationState::Waiting);
        let at = |now_ms| undo_seconds(&waiting, now_ms);
        assert_eq!([at(1_000), at(2_500), at(10_999), at(11_000), at(90_000)], [10, 9, 1, 0, 0]);
        assert_eq!(at(-3_600_000), 10);
    }

    #[test]
    fn action_is_offered_only_where_a_state_allows_it() {
        use BulkAction::{Cancel, Delete, Retry};
        assert!(applies(Cancel {}, &[]) && applies(Cancel {}, &[JobState::Failed, JobState::Waiting]));
        assert!(!applies(Cancel {}, &[JobState::Failed]) && !applies(Retry {}, &[JobState::Completed]));
        assert!(applies(Delete {}, &[JobState::Completed]) && !applies(Delete {}, &[JobState::Processing]));
    }

    #[test]
    fn what_ended_before_the_page_was_opened_is_not_shown() {
        let mut strip = Strip::default();
        strip.update(&[operation(2, OperationState::Waiting), operation(1, OperationState::Done)], 0);
        assert_eq!(shown(&strip), [2]);
    }

    #[test]
    fn what_ends_before_the_eyes_stays_for_a_while() {
        let mut strip = Strip::default();
        strip.update(&[], 0);
        strip.update(&[operation(1, OperationState::Running)], 1_000);
        strip.update(&[operation(2, OperationState::Undone), operation(1, OperationState::Done)], 2_000);
        assert_eq!(shown(&strip), [1, 2]);
        strip.update(
            &[operation(2, OperationState::Undone), operation(1, OperationState::Done)],
            2_000 + ENDED_SHOWN_MS,
        );
        assert!(strip.shown.is_empty());
        // Gone for good: the next list does not bring it back.
        strip.update(&[operation(2, OperationState::Undone)], 30_000);
        assert!(strip.shown.is_empty());
    }
}
