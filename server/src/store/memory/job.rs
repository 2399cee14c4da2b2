//! One job in memory, with all that belongs to it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;
use taskyard_shared::job::{Attempt, AttemptOutcome, FileRef, JobDetail, JobId, JobSummary};

use crate::store::KEPT_ATTEMPTS;
use crate::store::ops::{ClaimedJob, JobInsert};
use crate::store::transition::{self, ArchivedOutcome, Leftover};

pub(super) struct StoredJob {
    pub row: Arc<JobSummary>,
    args: String,
    result: Option<Value>,
    /// In full; the row has its first characters.
    error: Option<String>,
    /// The newest, oldest first; the last one may still run.
    attempts: VecDeque<Attempt>,
    /// How often the process died that ran it, as far as those attempts are still kept.
    lost_attempts: VecDeque<u32>,
    pub inputs: Vec<FileRef>,
    pub artifacts: Vec<FileRef>,
}

impl StoredJob {
    pub fn new(id: JobId, insert: &JobInsert, now_ms: i64) -> Self {
        StoredJob {
            row: Arc::new(transition::inserted(id, insert, now_ms)),
            args: insert.args.clone(),
            result: None,
            error: None,
            attempts: VecDeque::new(),
            lost_attempts: VecDeque::new(),
            inputs: insert.inputs.clone(),
            artifacts: Vec::new(),
        }
    }

    /// What a worker needs.
    pub fn claimed(&self) -> ClaimedJob {
        ClaimedJob { job: Arc::clone(&self.row), args: self.args.clone(), inputs: self.inputs.clone() }
    }

    /// The row says that a new attempt has begun.
    pub fn attempt_began(&mut self, now_ms: i64) {
        self.error = None;
        self.attempts.push_back(Attempt {
            number: self.row.attempt,
            started_at_ms: now_ms,
            ended_at_ms: None,
            outcome: None,
            error: None,
        });
        if self.attempts.len() > KEPT_ATTEMPTS {
            self.attempts.pop_front();
        }
    }

    /// The row says that the running attempt has ended.
    pub fn attempt_ended(&mut self, outcome: AttemptOutcome, error: Option<&str>, now_ms: i64) {
        if let Some(attempt) = self.attempts.back_mut() {
            attempt.ended_at_ms = Some(now_ms);
            attempt.outcome = Some(outcome);
            attempt.error = error.map(str::to_owned);
        }
    }

    pub fn attempt_finished(&mut self, left: &Leftover<'_>, artifacts: &[FileRef], now_ms: i64) {
        let outcome = match (left.archived.map(ArchivedOutcome::shown), left.error) {
            (Some(outcome), _) => outcome,
            (None, Some(_)) => AttemptOutcome::Failed,
            (None, None) => AttemptOutcome::Completed,
        };
        self.attempt_ended(outcome, left.error, now_ms);
        self.error = left.error.map(str::to_owned);
        self.result = left.result.cloned();
        for file in artifacts {
            self.artifacts.retain(|known| known.name != file.name);
            self.artifacts.push(file.clone());
        }
        self.artifacts.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Records that the running attempt was lost, and says how many were so far.
    pub fn attempt_lost(&mut self, now_ms: i64) -> u32 {
        self.attempt_ended(AttemptOutcome::Lost, None, now_ms);
        self.lost_attempts.push_back(self.row.attempt);
        let oldest_kept = self.attempts.front().map_or(0, |attempt| attempt.number);
        self.lost_attempts.retain(|number| *number >= oldest_kept);
        u32::try_from(self.lost_attempts.len()).unwrap_or(u32::MAX)
    }

    pub fn fail(&mut self, error: String) {
        self.error = Some(error);
    }

    pub fn detail(&self) -> JobDetail {
        JobDetail {
            job: JobSummary::clone(&self.row),
            args: serde_json::from_str(&self.args).unwrap_or(Value::Null),
            result: self.result.clone(),
            error: self.error.clone(),
            attempts: self.attempts.iter().cloned().collect(),
            inputs: self.inputs.clone(),
            artifacts: self.artifacts.clone(),
        }
    }
}
