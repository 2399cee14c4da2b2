//! What the clients know, held against what the server says in the end.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use taskyard_shared::job::{Attempt, AttemptOutcome, JobDetail, JobId, JobState, JobSummary};

/// A job that was running at so many deaths is failed.
const MAX_LOSSES: usize = 3;

/// Everything that the clients were told.
#[derive(Default)]
pub struct Witness {
    /// Acknowledged jobs and their names.
    names: BTreeMap<JobId, String>,
    /// The attempt in which a job was seen completed.
    completed: BTreeMap<JobId, u32>,
    pub lives: Vec<Life>,
    /// When the server that lives now cannot have begun before.
    pub began_ms: i64,
}

/// Times of one life of the server. It died between `killing_ms` and `killed_ms`.
pub struct Life {
    pub began_ms: i64,
    pub killing_ms: i64,
    pub killed_ms: i64,
    /// The next one was ready.
    pub back_ms: i64,
}

impl Witness {
    /// Before the first life, which begins no earlier than `began_ms`.
    pub fn new(began_ms: i64) -> Self {
        Witness { began_ms, ..Witness::default() }
    }

    pub fn count(&self) -> usize {
        self.names.len()
    }

    pub fn acknowledged(&mut self, jobs: Vec<(JobId, String)>) -> Result<()> {
        for (id, name) in jobs {
            let before = self.names.insert(id, name);
            ensure!(before.is_none(), "id {id} was given twice, first to {before:?}");
        }
        Ok(())
    }

    pub fn seen_completed(&mut self, jobs: BTreeMap<JobId, u32>) {
        self.completed.extend(jobs);
    }

    /// Every acknowledged job exists, and is the one that was added.
    pub fn check_all_there(&self, jobs: &[JobSummary]) -> Result<()> {
        let known: BTreeMap<JobId, &str> = jobs.iter().map(|job| (job.id, job.name.as_str())).collect();
        for (id, name) in &self.names {
            let found = known.get(id).with_context(|| format!("job {id} was acknowledged, and is gone"))?;
            ensure!(found == name, "job {id} was {name}, and is {found}");
        }
        for id in self.completed.keys() {
            ensure!(known.contains_key(id), "job {id} was seen completed, and is gone");
        }
        Ok(())
    }

    /// It has ended, and did not run again after it was seen completed.
    pub fn check_completed_once(&self, job: &JobSummary) -> Result<()> {
        ensure!(
            matches!(job.state, JobState::Completed | JobState::Failed),
            "job {} is stuck: {job:?}",
            job.id
        );
        if let Some(attempt) = self.completed.get(&job.id) {
            let still = job.state == JobState::Completed && job.attempt == *attempt;
            ensure!(still, "it was seen completed in attempt {attempt}: {job:?}");
        }
        Ok(())
    }

    /// Each attempt but the last was in flight at a kill, no two at the same one.
    pub fn check_attempts(&self, detail: &JobDetail) -> Result<()> {
        let attempts = &detail.attempts;
        ensure!(attempts.len() == detail.job.attempt as usize, "attempts are missing: {detail:?}");
        let lost: Vec<&Attempt> =
            attempts.iter().filter(|attempt| attempt.outcome == Some(AttemptOutcome::Lost)).collect();
        let mut deaths = Vec::new();
        for attempt in &lost {
            let death = self.lives.iter().position(|life| life.had_in_flight(attempt));
            deaths.push(death.with_context(|| format!("no kill explains {attempt:?} of {detail:?}"))?);
        }
        ensure!(deaths.is_sorted_by(|a, b| a < b), "one kill repeated it twice: {detail:?}");
        match detail.job.state {
            JobState::Completed => {
                let last = attempts.last().and_then(|attempt| attempt.outcome);
                ensure!(last == Some(AttemptOutcome::Completed), "{detail:?}");
                ensure!(lost.len() + 1 == attempts.len(), "{detail:?}");
            }
            _ => ensure!(lost.len() == attempts.len() && lost.len() == MAX_LOSSES, "{detail:?}"),
        }
        Ok(())
    }
}

impl Life {
    /// Begun in this life, and found without an end by the next one.
    fn had_in_flight(&self, attempt: &Attempt) -> bool {
        let found = self.killing_ms..=self.back_ms;
        (self.began_ms..=self.killed_ms).contains(&attempt.started_at_ms)
            && attempt.ended_at_ms.is_some_and(|at| found.contains(&at))
    }
}
