//! How a job is to be run and what it is tied to, in the words of its page.

use taskyard_shared::job::{Dependency, DependencyState, JobDetail, JobState};
use taskyard_shared::new_job::{Backoff, BackoffCurve, OnFailure};

use crate::format;

/// What a fact says.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Text(String),
    /// An instant, in milliseconds since the epoch.
    At(i64),
}

/// The job's options that are worth a line, each with its label.
pub fn options(detail: &JobDetail) -> Vec<(&'static str, Fact)> {
    let (job, options) = (&detail.job, &detail.options);
    let text = |words: String| Fact::Text(words);
    let mut facts = vec![("Most attempts", text(format::count(u64::from(job.max_attempts))))];
    if job.max_attempts > 1 {
        facts.push(("After a failure", text(backoff(&options.backoff))));
    }
    let timeout = options.timeout_ms.map_or_else(|| "none".to_owned(), format::period);
    facts.push(("Time-out of an attempt", text(timeout)));
    let enough = |ms| ("Takes an earlier result", text(format!("up to {} old", format::period(ms))));
    facts.extend(options.cache_for_ms.map(enough));
    facts.extend(options.expires_at_ms.map(|at| ("Expires", Fact::At(at))));
    if !detail.after.is_empty() {
        let then = text(on_failure(options.on_failure).to_owned());
        facts.push(("If a job before it fails", then));
    }
    facts.extend(options.unique_key.clone().map(|key| ("Unique key", text(key))));
    facts
}

/// `again after 2 s, then twice as long each time, at most 1 h; give or take 10 %`
fn backoff(backoff: &Backoff) -> String {
    let base = format::period(backoff.base_ms);
    let mut words = match backoff.curve {
        BackoffCurve::Fixed => format!("again after {base}"),
        BackoffCurve::Exponential => {
            let most = format::period(backoff.max_ms);
            format!("again after {base}, then twice as long each time, at most {most}")
        }
    };
    if backoff.jitter_percent > 0 {
        words.push_str(&format!("; give or take {} %", backoff.jitter_percent));
    }
    words
}

fn on_failure(on_failure: OnFailure) -> &'static str {
    match on_failure {
        OnFailure::Stop => "it goes on waiting, until that one was retried",
        OnFailure::Continue => "it runs all the same",
        OnFailure::Cancel => "it is cancelled",
    }
}

/// On which side of a job another one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The other one comes first.
    After,
    /// The other one waits.
    Before,
}

/// What a dependency stands at in words, and the state whose shape and colour it shares.
pub fn dependency_words(side: Side, state: DependencyState) -> (&'static str, JobState) {
    match (side, state) {
        (Side::After, DependencyState::Open) => ("not ended yet", JobState::Pending),
        (Side::After, DependencyState::Blocked) => ("did not complete", JobState::Failed),
        (Side::After, DependencyState::Met) => ("done", JobState::Completed),
        (Side::Before, DependencyState::Open) => ("waits for this one", JobState::Waiting),
        (Side::Before, DependencyState::Blocked) => ("held up by this one", JobState::Failed),
        (Side::Before, DependencyState::Met) => ("not held up any more", JobState::Completed),
    }
}

/// Those that stand in the way first; at most `most` of them.
pub fn worst_first(dependencies: &[Dependency], most: usize) -> Vec<Dependency> {
    let states = [DependencyState::Blocked, DependencyState::Open, DependencyState::Met];
    let of = |state| dependencies.iter().filter(move |dependency| dependency.state == state);
    states.into_iter().flat_map(of).take(most).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use taskyard_shared::job::{JobId, JobOptions};

    use super::super::jobs_view::tests::job;
    use super::*;

    fn detail(options: JobOptions, after: Vec<Dependency>) -> JobDetail {
        JobDetail {
            job: job(1),
            args: Value::Null,
            result: None,
            reused: None,
            error: None,
            attempts: Vec::new(),
            inputs: Vec::new(),
            artifacts: Vec::new(),
            options,
            after,
            before: Vec::new(),
        }
    }

    fn labels(detail: &JobDetail) -> Vec<&'static str> {
        options(detail).into_iter().map(|(label, _)| label).collect()
    }

    #[test]
    fn only_options_that_say_something_are_listed() {
        let usual = ["Most attempts", "After a failure", "Time-out of an attempt"];
        assert_eq!(labels(&detail(JobOptions::default(), Vec::new())), usual);
        let mut once = detail(JobOptions::default(), Vec::new());
        once.job.max_attempts = 1;
        assert_eq!(labels(&once), ["Most attempts", "Time-out of an attempt"]);
    }

    #[test]
    fn time_out_expiry_and_key_are_told_where_they_were_given() {
        let given = JobOptions {
            timeout_ms: Some(90_000),
            cache_for_ms: Some(600_000),
            expires_at_ms: Some(5),
            unique_key: Some("mail".into()),
            on_failure: OnFailure::Cancel,
            ..JobOptions::default()
        };
        let facts = options(&detail(given, vec![Dependency { job: JobId(3), state: DependencyState::Met }]));
        let fact = |label: &str| facts.iter().find(|fact| fact.0 == label).map(|fact| fact.1.clone());
        let text = |words: &str| Some(Fact::Text(words.to_owned()));
        assert_eq!(fact("Time-out of an attempt"), text("1 min 30 s"));
        assert_eq!(fact("Takes an earlier result"), text("up to 10 min old"));
        assert_eq!(fact("Expires"), Some(Fact::At(5)));
        assert_eq!(fact("Unique key"), text("mail"));
        assert_eq!(fact("If a job before it fails"), text("it is cancelled"));
    }

    #[test]
    fn backoff_is_one_phrase() {
        let usual = "again after 2 s, then twice as long each time, at most 1 h; give or take 10 %";
        assert_eq!(backoff(&Backoff::default()), usual);
        let fixed = Backoff { curve: BackoffCurve::Fixed, jitter_percent: 0, ..Backoff::default() };
        assert_eq!(backoff(&fixed), "again after 2 s");
    }

    #[test]
    fn what_stands_in_the_way_is_listed_first() {
        let states = [DependencyState::Met, DependencyState::Open, DependencyState::Blocked];
        let all: Vec<Dependency> =
            (1..).zip(states).map(|(id, state)| Dependency { job: JobId(id), state }).collect();
        let listed: Vec<u64> = worst_first(&all, 2).iter().map(|dependency| dependency.job.0).collect();
        assert_eq!(listed, [3, 2]);
    }
}
