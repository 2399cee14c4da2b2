//! Limits in words, and the form that makes one.

use serde_json::{Value, json};
use taskyard_shared::error::FieldError;
use taskyard_shared::job::JobState;
use taskyard_shared::limit::{Limit, Rate};
use taskyard_shared::limits::{MAX_CONCURRENCY, MAX_DELAY_MS, MAX_RATE_COUNT};
use taskyard_shared::view::JobFilter;

use super::address::ListAddress;
use super::form::{self, Field, Input};
use crate::format;

/// What it applies to: `queue web · kind http · each /customer`.
pub fn scope(limit: &Limit) -> String {
    let queue = limit.queue.iter().map(|queue| format!("queue {queue}"));
    let kind = limit.kind.iter().map(|kind| format!("kind {kind}"));
    let key = limit.key.iter().map(|key| format!("each {key}"));
    let words: Vec<String> = queue.chain(kind).chain(key).collect();
    words.join(" · ")
}

/// What it allows: `2 at a time · 10 per 1 min, 3 at once`.
pub fn bounds(limit: &Limit) -> String {
    let at_a_time = limit.concurrency.map(|most| format!("{} at a time", format::count(u64::from(most))));
    let words: Vec<String> = at_a_time.into_iter().chain(limit.rate.map(rate)).collect();
    words.join(" · ")
}

fn rate(rate: Rate) -> String {
    let count = format::count(u64::from(rate.count));
    let burst = if rate.burst > 1 { format!(", {} at once", rate.burst) } else { String::new() };
    format!("{count} per {}{burst}", format::period(rate.per_ms))
}

/// Where the jobs are among which it holds some back.
pub fn held_path(limit: &Limit) -> String {
    let filter = JobFilter {
        states: vec![JobState::Pending],
        kind: limit.kind.clone(),
        queue: limit.queue.clone(),
        ..JobFilter::default()
    };
    ListAddress { filter, ..ListAddress::default() }.path()
}

/// The form's fields. The name is what a limit is known by: of one that is there it cannot be changed.
pub fn fields(is_new: bool, queues: Vec<String>, kinds: Vec<String>) -> Vec<Field> {
    let name = Field::new("/name", "Name", "Lower-case letters, digits, - and _.", Input::line()).required();
    let choice = |names: Vec<String>| Input::Choice(names.into_iter().map(Value::from).collect());
    let key_hint = "To limit each value of an argument for itself, where that is: /customer.";
    let burst_hint = "So many may start at once after a pause; 1 unless said.";
    let rate = vec![
        Field::new("/rate/count", "Starts", "", Input::whole(1, i64::from(MAX_RATE_COUNT))),
        Field::new("/rate/per_ms", "Per", "", Input::Span { min_ms: 1, max_ms: MAX_DELAY_MS }),
        Field::new("/rate/burst", "Burst", burst_hint, Input::whole(1, i64::from(MAX_RATE_COUNT))),
    ];
    let rest = [
        Field::new("/queue", "Queue", "A queue, a kind, or both.", choice(queues)),
        Field::new("/kind", "Kind", "", choice(kinds)),
        Field::new("/key", "Key", key_hint, Input::line()),
        Field::new(
            "/concurrency",
            "At work at the same time",
            "",
            Input::whole(1, i64::from(MAX_CONCURRENCY)),
        ),
        Field::new("/rate", "Rate", "", Input::Group(rate)),
    ];
    is_new.then_some(name).into_iter().chain(rest).collect()
}

/// The limit as the form takes it.
pub fn present(limit: &Limit) -> Value {
    let rate = limit
        .rate
        .map(|rate| json!({ "count": rate.count, "per_ms": rate.per_ms, "burst": rate.burst }))
        .unwrap_or_default();
    json!({
        "queue": limit.queue,
        "kind": limit.kind,
        "key": limit.key,
        "concurrency": limit.concurrency,
        "rate": rate,
    })
}

/// The limit that the form says, under the name of the one it changes, if it does.
pub fn limit(value: &Value, name: Option<&str>) -> Result<Limit, Vec<FieldError>> {
    let text = |key: &str| value[key].as_str().map(|text| text.trim().to_owned());
    let rate = rate_of(&value["rate"])?;
    let concurrency = value["concurrency"].as_u64().map(|number| number as u32);
    if concurrency.is_none() && rate.is_none() {
        return Err(wrong("/concurrency", "Say how many at the same time, or a rate, or both."));
    }
    if text("queue").is_none() && text("kind").is_none() {
        return Err(wrong("/kind", "Say which kind, or which queue, it limits."));
    }
    Ok(Limit {
        name: name.map_or_else(|| form::identifier(value, "name"), |name| Ok(name.to_owned()))?,
        queue: text("queue"),
        kind: text("kind"),
        key: text("key"),
        concurrency,
        rate,
    })
}

fn rate_of(value: &Value) -> Result<Option<Rate>, Vec<FieldError>> {
    let number = |key: &str| value[key].as_u64();
    match (number("count"), number("per_ms")) {
        (Some(count), Some(per_ms)) => {
            let burst = number("burst").unwrap_or(1);
            if burst > count {
                return Err(wrong("/rate/burst", "At most as many as the rate's starts."));
            }
            Ok(Some(Rate { count: count as u32, per_ms, burst: burst as u32 }))
        }
        (None, None) if number("burst").is_none() => Ok(None),
        (None, _) => Err(wrong("/rate/count", "How many starts?")),
        (_, None) => Err(wrong("/rate/per_ms", "Starts per how long? 1 s, 1 min, 1 h…")),
    }
}

fn wrong(field: &str, message: &str) -> Vec<FieldError> {
    vec![FieldError { field: field.to_owned(), message: message.to_owned() }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Limit {
        Limit {
            name: "mail".into(),
            queue: Some("web".into()),
            kind: Some("http".into()),
            key: Some("/customer".into()),
            concurrency: Some(2_000),
            rate: Some(Rate { count: 10, per_ms: 60_000, burst: 3 }),
        }
    }

    fn field_of(result: Result<Limit, Vec<FieldError>>) -> String {
        result.unwrap_err().remove(0).field
    }

    #[test]
    fn limits_are_told_in_words() {
        assert_eq!(scope(&full()), "queue web · kind http · each /customer");
        assert_eq!(bounds(&full()), "2,000 at a time · 10 per 1 min, 3 at once");
        assert_eq!(held_path(&full()), "/?state=pending&queue=web&kind=http");
    }

    #[test]
    fn limit_passes_through_its_form_unchanged() {
        let fields = fields(false, vec!["demo".into(), "web".into()], vec!["http".into()]);
        let typed = form::filled(&fields, Some(&present(&full())));
        assert_eq!(typed["/rate/per_ms"], "1 min");
        let built = form::build(&fields, &typed).unwrap();
        assert_eq!(limit(&built, Some("mail")), Ok(full()));
    }

    #[test]
    fn limit_that_limits_nothing_or_has_half_a_rate_is_refused_at_its_field() {
        assert_eq!(field_of(limit(&json!({ "name": "a" }), None)), "/concurrency");
        assert_eq!(field_of(limit(&json!({ "name": "a", "concurrency": 1 }), None)), "/kind");
        assert_eq!(field_of(limit(&json!({ "rate": { "count": 3 } }), None)), "/rate/per_ms");
        assert_eq!(field_of(limit(&json!({ "rate": { "per_ms": 3 } }), None)), "/rate/count");
        let burst = json!({ "rate": { "count": 3, "per_ms": 1, "burst": 4 } });
        assert_eq!(field_of(limit(&burst, None)), "/rate/burst");
    }
}
