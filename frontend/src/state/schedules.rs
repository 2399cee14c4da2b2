//! Schedules in words, and the form that makes one.

use serde_json::{Value, json};
use taskyard_shared::error::FieldError;
use taskyard_shared::kind::KindInfo;
use taskyard_shared::limits::MAX_PRIORITY;
use taskyard_shared::new_job::NewJob;
use taskyard_shared::schedule::{Missed, Overlap, Schedule};

use super::form::{self, Field, Input};

/// How each rule is written in the form. The first is the default.
const OVERLAPS: [(Overlap, &str); 3] = [
    (Overlap::Allow, "add another one beside it"),
    (Overlap::Skip, "leave this run out"),
    (Overlap::Replace, "cancel it, and add a new one"),
];
const MISSED: [(Missed, &str); 3] = [
    (Missed::RunOnce, "run once for all of them"),
    (Missed::Skip, "leave them out"),
    (Missed::RunAll, "make up for each"),
];

fn words<T: Copy + PartialEq>(rules: &[(T, &'static str)], rule: T) -> &'static str {
    rules.iter().find(|(known, _)| *known == rule).map_or("", |(_, words)| words)
}

fn rule<T: Copy + Default>(rules: &[(T, &'static str)], chosen: &Value) -> T {
    let found = rules.iter().find(|(_, words)| chosen.as_str() == Some(words));
    found.map_or_else(T::default, |(rule, _)| *rule)
}

/// What happens when runs collide or were missed, where that is not the default.
pub fn rules(schedule: &Schedule) -> String {
    let overlap = (schedule.overlap != Overlap::default())
        .then(|| format!("while one runs: {}", words(&OVERLAPS, schedule.overlap)));
    let missed = (schedule.missed != Missed::default())
        .then(|| format!("missed runs: {}", words(&MISSED, schedule.missed)));
    overlap.into_iter().chain(missed).collect::<Vec<_>>().join(" · ")
}

/// When it runs. The name is what a schedule is known by: of one that is there it cannot be changed.
pub fn time_fields(is_new: bool, zone: &str) -> Vec<Field> {
    let name = Field::new("/name", "Name", "Lower-case letters, digits, - and _.", Input::line()).required();
    let cron_hint = "Minute, hour, day, month, weekday, with the second before them if you like; or @daily.";
    let cron = Field::new("/cron", "When", cron_hint, Input::line()).required();
    let zone_field = Field::new("/zone", "Time zone", "Such as Europe/Berlin or UTC.", Input::line());
    let rest = [cron, zone_field.required().with_default(zone)];
    is_new.then_some(name).into_iter().chain(rest).collect()
}

/// What is added: its kind, `usual` unless somebody chooses another, and the queue and priority if they are not the kind's.
pub fn job_fields(kinds: Vec<String>, usual: &str, queues: Vec<String>) -> Vec<Field> {
    let choice = |names: Vec<String>| Input::Choice(names.into_iter().map(Value::from).collect());
    let most = i64::from(MAX_PRIORITY);
    vec![
        Field::new("/job/kind", "Kind of job", "", choice(kinds)).required().with_default(usual),
        Field::new("/job/queue", "Queue", "Without it, the kind's own.", choice(queues)),
        Field::new(
            "/job/priority",
            "Priority",
            "Higher runs first; 0 unless said.",
            Input::whole(-most, most),
        ),
    ]
}

/// The arguments of a kind; None for a kind that the server does not know (any more).
pub fn args_field(kinds: &[KindInfo], kind: &str) -> Option<Field> {
    let kind = kinds.iter().find(|known| known.kind == kind)?;
    let inner = form::fields_under(&kind.args_schema, "/job/args");
    Some(Field::new("/job/args", "Arguments", "", Input::Group(inner)).required())
}

pub fn rule_fields() -> Vec<Field> {
    let choice = |words: [&str; 3]| Input::Choice(words.map(Value::from).to_vec());
    vec![
        Field::new(
            "/overlap",
            "When the run before has not ended",
            "",
            choice(OVERLAPS.map(|(_, words)| words)),
        )
        .required(),
        Field::new(
            "/missed",
            "Runs missed while the server was down",
            "",
            choice(MISSED.map(|(_, words)| words)),
        )
        .required(),
    ]
}

/// The schedule as the form takes it.
pub fn present(schedule: &Schedule) -> Value {
    json!({
        "cron": schedule.cron,
        "zone": schedule.zone,
        "kind": schedule.job.kind,
        "queue": schedule.job.queue,
        "priority": schedule.job.priority,
        "args": schedule.job.args,
        "overlap": words(&OVERLAPS, schedule.overlap),
        "missed": words(&MISSED, schedule.missed),
    })
}

/// The schedule that the form says. What the form does not show stays as it was `before`.
pub fn schedule(value: &Value, before: Option<&Schedule>) -> Result<Schedule, Vec<FieldError>> {
    let text = |key: &str| value[key].as_str().unwrap_or_default().trim().to_owned();
    let kind = text("kind");
    let known = before.filter(|before| before.job.kind == kind);
    let job = known.map_or_else(|| NewJob::new(&*kind, json!({})), |before| before.job.clone());
    Ok(Schedule {
        name: before.map_or_else(|| form::identifier(value, "name"), |before| Ok(before.name.clone()))?,
        cron: text("cron"),
        zone: text("zone"),
        job: NewJob {
            queue: value["queue"].as_str().map(str::to_owned),
            priority: value["priority"].as_i64().unwrap_or(0) as i16,
            args: value.get("args").cloned().unwrap_or_else(|| job.args.clone()),
            ..job
        },
        overlap: rule(&OVERLAPS, &value["overlap"]),
        missed: rule(&MISSED, &value["missed"]),
        paused: before.is_some_and(|before| before.paused),
    })
}

#[cfg(test)]
mod tests {
    use taskyard_shared::new_job::Backoff;

    use super::*;

    fn kinds() -> Vec<KindInfo> {
        let args_schema = json!({ "properties": { "duration": { "type": "number", "default": 3 } } });
        vec![KindInfo {
            kind: "demo".into(),
            description: String::new(),
            queue: "demo".into(),
            max_attempts: 1,
            backoff: Backoff::default(),
            timeout_ms: None,
            cache_for_ms: None,
            args_schema,
        }]
    }

    fn nightly() -> Schedule {
        let job = NewJob {
            max_attempts: Some(7),
            queue: Some("slow".into()),
            priority: -5,
            ..NewJob::new("demo", json!({ "duration": 9 }))
        };
        Schedule {
            name: "nightly".into(),
            cron: "0 3 * * *".into(),
            zone: "Europe/Berlin".into(),
            job,
            overlap: Overlap::Skip,
            missed: Missed::RunAll,
            paused: true,
        }
    }

    fn all_fields(is_new: bool) -> Vec<Field> {
        let mut fields = time_fields(is_new, "UTC");
        fields.extend(job_fields(
            vec!["command".into(), "demo".into(), "gone".into()],
            "demo",
            vec!["slow".into()],
        ));
        fields.extend(args_field(&kinds(), "demo"));
        fields.extend(rule_fields());
        fields
    }

    #[test]
    fn schedule_passes_through_its_form_and_keeps_what_the_form_does_not_show() {
        let fields = all_fields(false);
        let typed = form::filled(&fields, Some(&present(&nightly())));
        assert_eq!(typed["/job/args/duration"], "9");
        let built = form::build(&fields, &typed).unwrap();
        assert_eq!(schedule(&built, Some(&nightly())), Ok(nightly()));
    }

    #[test]
    fn new_schedule_needs_a_name_and_a_time_and_takes_the_defaults() {
        let fields = all_fields(true);
        let mut typed = form::initial(&fields);
        let wrong = form::build(&fields, &typed).unwrap_err();
        assert_eq!(wrong.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["/name", "/cron"]);
        typed.insert("/name".into(), "hourly".into());
        typed.insert("/cron".into(), " @hourly ".into());
        let made = schedule(&form::build(&fields, &typed).unwrap(), None).unwrap();
        assert_eq!(
            (made.cron.as_str(), made.zone.as_str(), made.overlap),
            ("@hourly", "UTC", Overlap::Allow)
        );
        // Not the first of the list: the fields are those of this kind.
        assert_eq!(made.job, NewJob::new("demo", json!({ "duration": 3 })));
    }

    #[test]
    fn name_that_the_server_would_refuse_is_refused_at_its_field() {
        let wrong = schedule(&json!({ "name": "Every Night", "cron": "@daily" }), None).unwrap_err();
        assert_eq!(wrong[0].field, "/name");
    }

    #[test]
    fn errors_of_the_server_find_the_field_that_they_are_about() {
        let fields = all_fields(true);
        let placed = |field: &str| {
            let error = FieldError { field: field.into(), message: "no".into() };
            form::placed(&fields, &form::initial(&fields), &error).field
        };
        let own = ["$cron", "$job/queue", "$priority"].map(placed);
        assert_eq!(own, ["/cron", "/job/queue", "/job/priority"]);
        assert_eq!([placed("/duration"), placed("$job/after")], ["/job/args/duration", "$job/after"]);
    }

    #[test]
    fn arguments_of_a_kind_that_is_gone_are_kept() {
        let mut before = nightly();
        before.job.kind = "gone".into();
        let value = json!({ "kind": "gone", "cron": "@daily", "zone": "UTC" });
        assert_eq!(schedule(&value, Some(&before)).unwrap().job.args, json!({ "duration": 9 }));
    }

    #[test]
    fn only_rules_that_somebody_chose_are_told() {
        let told = "while one runs: leave this run out · missed runs: make up for each";
        assert_eq!(rules(&nightly()), told);
        let plain = Schedule { overlap: Overlap::Allow, missed: Missed::RunOnce, ..nightly() };
        assert_eq!(rules(&plain), "");
    }
}
