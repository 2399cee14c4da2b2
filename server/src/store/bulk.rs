//! What an operation on many jobs has to look at: one rule, whatever the store.

use taskyard_shared::job::JobState;
use taskyard_shared::operation::BulkAction;
use taskyard_shared::view::JobFilter;

/// The jobs that an operation looks at: those that an index tells from the others by their state and their batch, or
/// else their queue, without the states in which the action changes nothing. Of them it changes those that its whole
/// filter lets pass. None: there can be no such job.
pub(super) fn looked_at(action: BulkAction, filter: &JobFilter) -> Option<JobFilter> {
    let is_wanted = |state: &JobState| filter.states.is_empty() || filter.states.contains(state);
    let states: Vec<JobState> =
        JobState::ALL.into_iter().filter(|state| changes(action, *state)).filter(is_wanted).collect();
    (!states.is_empty()).then(|| JobFilter {
        states,
        queue: filter.queue.clone().filter(|_| filter.batch.is_none()),
        batch: filter.batch,
        ..JobFilter::default()
    })
}

/// Whether the action does something to a job in this state. (It retries no scheduled job: an operation starts
/// nothing before its time.)
pub(super) fn changes(action: BulkAction, state: JobState) -> bool {
    match action {
        BulkAction::Cancel {} => !state.is_finished(),
        BulkAction::Retry {} => matches!(state, JobState::Failed | JobState::Cancelled),
        BulkAction::Delete {} => state.is_finished(),
        BulkAction::Reprioritise { .. } => state.is_first(),
    }
}
