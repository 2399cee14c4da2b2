//! What must be said to turn one window into another.

use std::cmp::Ordering;
use std::sync::Arc;

use taskyard_shared::job::JobSummary;
use taskyard_shared::view::{JobsDelta, SortOrder};

use super::jobs_view::JobsSent;

/// None when nothing differs. Both windows are in the order of `sort`.
pub(super) fn diff(old: &JobsSent, new: &JobsSent, sort: SortOrder) -> Option<JobsDelta> {
    let mut delta = JobsDelta { total: new.total, more: new.more, ..JobsDelta::default() };
    let (mut olds, mut news) = (old.rows.iter().peekable(), new.rows.iter().peekable());
    loop {
        match (olds.peek(), news.peek()) {
            (None, None) => break,
            (Some(gone), None) => {
                delta.removed.push(gone.id);
                olds.next();
            }
            (None, Some(added)) => {
                delta.changed.push(JobSummary::clone(added));
                news.next();
            }
            (Some(before), Some(after)) => match in_order(before, after, sort) {
                Ordering::Less => {
                    delta.removed.push(before.id);
                    olds.next();
                }
                Ordering::Greater => {
                    delta.changed.push(JobSummary::clone(after));
                    news.next();
                }
                Ordering::Equal => {
                    compare(before, after, &mut delta);
                    olds.next();
                    news.next();
                }
            },
        }
    }
    let rows_differ = !(delta.removed.is_empty() && delta.changed.is_empty() && delta.progress.is_empty());
    (rows_differ || old.total != new.total || old.more != new.more).then_some(delta)
}

fn in_order(a: &JobSummary, b: &JobSummary, sort: SortOrder) -> Ordering {
    match sort {
        SortOrder::Newest => b.id.cmp(&a.id),
        SortOrder::Oldest => a.id.cmp(&b.id),
    }
}

fn compare(before: &Arc<JobSummary>, after: &Arc<JobSummary>, delta: &mut JobsDelta) {
    if Arc::ptr_eq(before, after) || before == after {
        return;
    }
    if only_progress_differs(before, after) {
        delta.progress.push((after.id, after.progress));
    } else {
        delta.changed.push(JobSummary::clone(after));
    }
}

/// For two rows of one job that are known to differ. Names every field, so that a new one is not forgotten.
fn only_progress_differs(a: &JobSummary, b: &JobSummary) -> bool {
    let JobSummary {
        id,
        kind,
        queue,
        name,
        detail,
        state,
        progress: _,
        attempt,
        failures,
        max_attempts,
        priority,
        batch,
        created_at_ms,
        run_at_ms,
        started_at_ms,
        finished_at_ms,
        error,
    } = a;
    (*id, *state, *attempt, *failures) == (b.id, b.state, b.attempt, b.failures)
        && (*max_attempts, *priority, *batch, *run_at_ms)
            == (b.max_attempts, b.priority, b.batch, b.run_at_ms)
        && (kind, queue, name, detail, error) == (&b.kind, &b.queue, &b.name, &b.detail, &b.error)
        && (*created_at_ms, *started_at_ms, *finished_at_ms)
            == (b.created_at_ms, b.started_at_ms, b.finished_at_ms)
}
