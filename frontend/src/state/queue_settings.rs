//! The form of a queue's settings, and what it changes.

use serde_json::{Value, json};
use taskyard_shared::limits::{
    MAX_ATTEMPTS, MAX_CONCURRENCY, MAX_DELAY_MS, MIN_RETENTION_MS, MIN_TIMEOUT_MS,
};
use taskyard_shared::queue::{Keep, QueueChange, QueueStatus, RetentionChange};

use super::form::{Field, Input};

pub fn fields() -> Vec<Field> {
    let concurrency = Input::whole(1, i64::from(MAX_CONCURRENCY));
    let time_out = Input::Span { min_ms: MIN_TIMEOUT_MS, max_ms: MAX_DELAY_MS };
    let attempts = Input::whole(1, i64::from(MAX_ATTEMPTS));
    vec![
        Field::new("/concurrency", "At work at the same time", "", concurrency).required(),
        Field::new("/paused", "Paused", "Nothing new starts; what runs goes on.", Input::Toggle),
        Field::new("/draining", "Draining", "Takes no new jobs, and works off those it has.", Input::Toggle),
        Field::new("/max_attempts", "Attempts", "For jobs that do not say; empty: the kind's.", attempts),
        Field::new("/timeout_ms", "Time-out", "For jobs that do not say; empty: the kind's.", time_out),
        keep("completed"),
        keep("failed"),
        keep("cancelled"),
    ]
}

fn keep(state: &str) -> Field {
    let at = |name: &str| format!("/retention/{state}/{name}");
    let age = Input::Span { min_ms: MIN_RETENTION_MS, max_ms: MAX_DELAY_MS };
    let inner = vec![
        Field::new(&at("max_age_ms"), "For at most", "Empty: for ever.", age),
        Field::new(&at("max_count"), "The newest", "Empty: all.", Input::whole(0, i64::from(u32::MAX))),
    ];
    Field::new(&format!("/retention/{state}"), &format!("Keep {state} jobs"), "", Input::Group(inner))
}

/// The settings as the form takes them.
pub fn present(queue: &QueueStatus) -> Value {
    let keep = |keep: Keep| json!({ "max_age_ms": keep.max_age_ms, "max_count": keep.max_count });
    json!({
        "concurrency": queue.concurrency,
        "paused": queue.paused,
        "draining": queue.draining,
        "max_attempts": queue.max_attempts,
        "timeout_ms": queue.timeout_ms,
        "completed": keep(queue.retention.completed),
        "failed": keep(queue.retention.failed),
        "cancelled": keep(queue.retention.cancelled),
    })
}

/// What is not as it was when the form was opened: somebody else may have changed the rest since.
pub fn change(before: &QueueStatus, value: &Value) -> QueueChange {
    let keep = |state: &str, was: Keep| {
        let keep = Keep {
            max_age_ms: value[state]["max_age_ms"].as_u64(),
            max_count: value[state]["max_count"].as_u64(),
        };
        (keep != was).then_some(keep)
    };
    let retention = RetentionChange {
        completed: keep("completed", before.retention.completed),
        failed: keep("failed", before.retention.failed),
        cancelled: keep("cancelled", before.retention.cancelled),
    };
    let short = |key: &str| value[key].as_u64().map(|number| number as u32);
    let flag = |key: &str, was: bool| value[key].as_bool().filter(|flag| *flag != was);
    let max_attempts = short("max_attempts");
    let timeout_ms = value["timeout_ms"].as_u64();
    QueueChange {
        paused: flag("paused", before.paused),
        draining: flag("draining", before.draining),
        concurrency: short("concurrency").filter(|number| *number != before.concurrency),
        max_attempts: (max_attempts != before.max_attempts).then_some(max_attempts),
        timeout_ms: (timeout_ms != before.timeout_ms).then_some(timeout_ms),
        retention: (retention != RetentionChange::default()).then_some(retention),
    }
}

#[cfg(test)]
mod tests {
    use taskyard_shared::queue::{Retention, StateCounts};

    use super::*;
    use crate::state::form::{self, Values};

    fn queue() -> QueueStatus {
        QueueStatus {
            name: "web".into(),
            concurrency: 4,
            paused: false,
            draining: false,
            max_attempts: Some(3),
            timeout_ms: None,
            retention: Retention::default(),
            counts: StateCounts::default(),
            stopping: 0,
        }
    }

    fn changed(edit: impl FnOnce(&mut Values)) -> QueueChange {
        let fields = fields();
        let mut values = form::filled(&fields, Some(&present(&queue())));
        edit(&mut values);
        change(&queue(), &form::build(&fields, &values).unwrap())
    }

    #[test]
    fn form_left_as_it_is_changes_nothing() {
        assert_eq!(changed(|_| {}), QueueChange::default());
    }

    #[test]
    fn emptied_default_is_taken_away_and_the_rest_left_alone() {
        let change = changed(|values| {
            values.insert("/max_attempts".into(), String::new());
        });
        assert_eq!(change, QueueChange { max_attempts: Some(None), ..QueueChange::default() });
        assert_eq!(serde_json::to_value(&change).unwrap(), json!({ "max_attempts": null }));
    }

    #[test]
    fn emptied_retention_keeps_for_ever_and_leaves_the_other_states_alone() {
        let change = changed(|values| {
            assert_eq!(values["/retention/completed/max_age_ms"], "7 d");
            values.insert("/retention/completed/max_age_ms".into(), String::new());
        });
        let wanted = RetentionChange { completed: Some(Keep::default()), ..RetentionChange::default() };
        assert_eq!(change.retention, Some(wanted));
    }
}
