//! Different ways to ask for the same view, made one.

use taskyard_shared::job::JobState;
use taskyard_shared::view::{JobsQuery, ViewQuery};

/// The form under which views are shared: states sorted and named once, search text trimmed and in lower
/// case. Asks for the same rows as before.
pub(super) fn canonical(query: ViewQuery) -> ViewQuery {
    match query {
        ViewQuery::Queues {} => ViewQuery::Queues {},
        ViewQuery::Jobs { query } => ViewQuery::Jobs { query: canonical_jobs(query) },
        other @ (ViewQuery::Yard {} | ViewQuery::Log { .. } | ViewQuery::Services {}) => other,
    }
}

fn canonical_jobs(mut query: JobsQuery) -> JobsQuery {
    let states = &mut query.filter.states;
    states.sort_unstable();
    states.dedup();
    if states.len() == JobState::ALL.len() {
        states.clear();
    }
    query.filter.text = query.filter.text.trim().to_lowercase();
    query
}
