//! A job's life in the few words that its row and its page have room for.

use taskyard_shared::job::{JobState, JobSummary};

use crate::format;

/// The states in the order in which a job goes through them.
pub const STATES: [JobState; 7] = [
    JobState::Waiting,
    JobState::Scheduled,
    JobState::Pending,
    JobState::Processing,
    JobState::Completed,
    JobState::Failed,
    JobState::Cancelled,
];

/// How words about a job are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Quiet,
    Error,
}

/// `attempt 2 of 5`; with attempts that were lost or put off, which do not count, `attempt 7, 1 of 5 failed`.
/// Nothing as long as all goes well at the first attempt.
pub fn attempts(job: &JobSummary) -> Option<String> {
    let (attempt, failures, most) = (job.attempt, job.failures, job.max_attempts);
    if attempt <= 1 && failures == 0 {
        return None;
    }
    // The attempt that runs, or that went well, has not failed.
    let good = u32::from(matches!(job.state, JobState::Processing | JobState::Completed));
    if failures == 0 {
        // Tried before, but lost, put off, or retried by a person.
        return Some(format!("attempt {attempt}"));
    }
    if attempt == failures + good && attempt <= most {
        return Some(format!("attempt {attempt} of {most}"));
    }
    Some(format!("attempt {attempt}, {failures} of {most} failed"))
}

/// What there is to say of a job beside its name: why it failed, how often it was tried, what it is about.
pub fn subline(job: &JobSummary) -> (Tone, String) {
    let attempts = attempts(job);
    match (&job.error, job.state) {
        (Some(error), JobState::Failed) => {
            let before = attempts.map(|attempts| format!("{attempts}: ")).unwrap_or_default();
            (Tone::Error, format!("{before}{error}"))
        }
        (Some(error), JobState::Pending | JobState::Scheduled | JobState::Waiting) => {
            let attempts = attempts.unwrap_or_else(|| format!("attempt {}", job.attempt));
            (Tone::Quiet, format!("{attempts}: {error}"))
        }
        _ => {
            let parts = [Some(job.detail.clone()).filter(|detail| !detail.is_empty()), attempts];
            (Tone::Quiet, parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
        }
    }
}

/// Why it does not run yet: `in 4 min`, `waits`. Empty for a job that may run, runs or ran.
pub fn not_yet(job: &JobSummary, now_ms: i64) -> String {
    match (job.state, job.run_at_ms) {
        (JobState::Scheduled, Some(at)) => format::until(at - now_ms),
        (JobState::Scheduled, None) => "later".to_owned(),
        (JobState::Waiting, _) => "waits".to_owned(),
        _ => String::new(),
    }
}

/// `priority 5`; nothing for the usual one.
pub fn priority(job: &JobSummary) -> Option<String> {
    (job.priority != 0).then(|| format!("priority {}", job.priority))
}

#[cfg(test)]
mod tests {
    use super::super::jobs_view::tests::job;
    use super::*;

    fn tried(state: JobState, attempt: u32, failures: u32) -> JobSummary {
        JobSummary { state, attempt, failures, max_attempts: 5, ..job(1) }
    }

    #[test]
    fn every_state_is_shown_once() {
        let mut states = STATES;
        states.sort_unstable();
        let mut all = JobState::ALL;
        all.sort_unstable();
        assert_eq!(states, all);
    }

    #[test]
    fn attempts_are_counted_as_soon_as_one_failed() {
        assert_eq!(attempts(&tried(JobState::Pending, 0, 0)), None);
        assert_eq!(attempts(&tried(JobState::Completed, 1, 0)), None);
        for (state, attempt, failures) in
            [(JobState::Processing, 2, 1), (JobState::Scheduled, 2, 2), (JobState::Completed, 2, 1)]
        {
            let told = attempts(&tried(state, attempt, failures));
            assert_eq!(told.as_deref(), Some("attempt 2 of 5"), "{state}");
        }
    }

    #[test]
    fn lost_attempts_are_told_apart_from_failed_ones() {
        let told = attempts(&tried(JobState::Processing, 7, 1));
        assert_eq!(told.as_deref(), Some("attempt 7, 1 of 5 failed"));
        let told = attempts(&tried(JobState::Processing, 3, 0));
        assert_eq!(told.as_deref(), Some("attempt 3"));
    }

    #[test]
    fn error_of_a_job_that_is_tried_again_is_no_failure_yet() {
        let failed = |state| JobSummary { error: Some("no route".into()), ..tried(state, 1, 1) };
        let again = subline(&failed(JobState::Scheduled));
        assert_eq!(again, (Tone::Quiet, "attempt 1 of 5: no route".to_owned()));
        let ended = subline(&failed(JobState::Failed));
        assert_eq!(ended, (Tone::Error, "attempt 1 of 5: no route".to_owned()));
    }

    #[test]
    fn job_that_may_not_run_yet_says_when_or_why() {
        let scheduled = JobSummary { state: JobState::Scheduled, run_at_ms: Some(240_000), ..job(1) };
        assert_eq!(not_yet(&scheduled, 0), "in 4 min");
        assert_eq!(not_yet(&scheduled, 300_000), "now");
        assert_eq!(not_yet(&JobSummary { state: JobState::Waiting, ..job(1) }, 0), "waits");
        assert_eq!(not_yet(&job(1), 0), "");
    }

    #[test]
    fn only_an_unusual_priority_is_told() {
        assert_eq!(priority(&job(1)), None);
        assert_eq!(priority(&JobSummary { priority: -3, ..job(1) }).as_deref(), Some("priority -3"));
    }
}
