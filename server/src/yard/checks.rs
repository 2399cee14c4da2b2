//! What is checked of a command before the queue hears of it: names and bounds, every wrong field at once.

use taskyard_shared::error::{ErrorCode, FieldError, WireError};
use taskyard_shared::limit::{Limit, Rate};
use taskyard_shared::limits::{
    IDENTIFIER_RULE, MAX_CONCURRENCY, MAX_DELAY_MS, MAX_KEY_BYTES, MAX_PRIORITY, MAX_RATE_COUNT,
    MAX_SCHEDULE_BYTES, MAX_UNDO_MS, is_identifier, is_pointer,
};
use taskyard_shared::operation::{BulkAction, NewOperation};
use taskyard_shared::schedule::Schedule;

use crate::cron::{Cron, CronError};

/// Collects what is wrong, field by field. Fields of the command itself are named with a `$`.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn unless(&mut self, is_right: bool, field: &str, message: impl FnOnce() -> String) {
        if !is_right {
            self.0.push(FieldError { field: format!("${field}"), message: message() });
        }
    }

    fn into_result(self, what: &str) -> Result<(), WireError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let message = format!("{what} cannot be like this");
        Err(WireError::new(ErrorCode::InvalidArguments, message).with_fields(self.0))
    }
}

fn name_rule() -> String {
    format!("a name has {IDENTIFIER_RULE}")
}

pub(super) fn priority(priority: i16) -> Result<(), WireError> {
    let mut wrong = Wrong::default();
    check_priority(&mut wrong, priority);
    wrong.into_result("the priority")
}

fn check_priority(wrong: &mut Wrong, priority: i16) {
    let is_right = (-MAX_PRIORITY..=MAX_PRIORITY).contains(&priority);
    wrong.unless(is_right, "priority", || {
        format!("it is {priority}; it must be -{MAX_PRIORITY} to {MAX_PRIORITY}")
    });
}

pub(super) fn limit(limit: &Limit) -> Result<(), WireError> {
    let mut wrong = Wrong::default();
    wrong.unless(is_identifier(&limit.name), "name", name_rule);
    for (field, named) in [("queue", &limit.queue), ("kind", &limit.kind)] {
        wrong.unless(named.as_deref().is_none_or(is_identifier), field, name_rule);
    }
    wrong.unless(limit.queue.is_some() || limit.kind.is_some(), "kind", || {
        "say which kind, or which queue, it limits".to_owned()
    });
    if let Some(key) = &limit.key {
        let is_right = !key.is_empty() && is_pointer(key) && key.len() <= MAX_KEY_BYTES;
        wrong.unless(is_right, "key", || {
            format!(
                "it must be a JSON Pointer such as /customer, with at most {MAX_KEY_BYTES} bytes (~ in a name is \
                 written ~0, / is ~1)"
            )
        });
    }
    wrong.unless(limit.concurrency.is_some() || limit.rate.is_some(), "concurrency", || {
        "say how many may run at a time (concurrency), or how many may start in a time (rate)".to_owned()
    });
    if let Some(found) = limit.concurrency {
        wrong.unless((1..=MAX_CONCURRENCY).contains(&found), "concurrency", || {
            format!("it is {found}; it must be 1 to {MAX_CONCURRENCY}")
        });
    }
    if let Some(rate) = &limit.rate {
        check_rate(&mut wrong, rate);
    }
    wrong.into_result("a limit")
}

fn check_rate(wrong: &mut Wrong, rate: &Rate) {
    let Rate { count, per_ms, burst } = *rate;
    wrong.unless((1..=MAX_RATE_COUNT).contains(&count), "rate/count", || {
        format!("it is {count}; it must be 1 to {MAX_RATE_COUNT}")
    });
    wrong.unless((1..=MAX_DELAY_MS).contains(&per_ms), "rate/per_ms", || {
        format!("it is {per_ms}; it must be 1 to {MAX_DELAY_MS}")
    });
    wrong.unless((1..=count.max(1)).contains(&burst), "rate/burst", || {
        format!("it is {burst}; it must be 1 to the rate's count, {count}")
    });
}

pub(super) fn operation(operation: &NewOperation) -> Result<(), WireError> {
    operation.filter.validate()?;
    let mut wrong = Wrong::default();
    if let BulkAction::Reprioritise { priority } = operation.action {
        check_priority(&mut wrong, priority);
    }
    wrong.unless(operation.undo_ms <= MAX_UNDO_MS, "undo_ms", || {
        format!("it is {}; it must be 0 to {MAX_UNDO_MS}", operation.undo_ms)
    });
    wrong.into_result("an operation")
}

pub(super) fn schedule(schedule: &Schedule) -> Result<(), WireError> {
    let mut wrong = Wrong::default();
    wrong.unless(is_identifier(&schedule.name), "name", name_rule);
    let job = &schedule.job;
    wrong.unless(job.after.is_empty(), "job/after", || "a schedule's job waits for no other".to_owned());
    wrong.unless(job.run_at.is_none() && job.delay_ms.is_none(), "job/run_at", || {
        "a schedule's job has no run time of its own: the schedule says when".to_owned()
    });
    wrong.unless(job.expires_at.is_none(), "job/expires_at", || {
        "a schedule's job cannot expire at one instant".to_owned()
    });
    let bytes = serde_json::to_vec(job).map_or(0, |json| json.len());
    wrong.unless(bytes <= MAX_SCHEDULE_BYTES, "job/args", || {
        format!("the job takes {bytes} bytes of JSON; a schedule's may take {MAX_SCHEDULE_BYTES}")
    });
    wrong.into_result("a schedule")
}

pub(super) fn cron(expression: &str, zone: &str) -> Result<Cron, WireError> {
    Cron::parse(expression, zone).map_err(|error| {
        let field = match error {
            CronError::UnknownZone { .. } => "$zone",
            _ => "$cron",
        };
        let field = FieldError { field: field.to_owned(), message: error.to_string() };
        WireError::new(ErrorCode::InvalidArguments, "the schedule cannot run like this")
            .with_fields(vec![field])
    })
}
