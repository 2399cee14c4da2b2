//! One job in memory, with all that belongs to it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{
    Attempt, AttemptOutcome, FileRef, JobDetail, JobId, JobOptions, JobState, JobSummary,
};
use taskyard_shared::log::LogLine;

use super::meters::MeterId;
use crate::store::KEPT_ATTEMPTS;
use crate::store::ops::{ClaimedJob, JobInsert};
use crate::store::transition::{self, ArchivedOutcome, Leftover};

pub(super) struct StoredJob {
    pub row: Arc<JobSummary>,
    args: String,
    pub options: JobOptions,
    pub takes_results: bool,
    /// While it is pending, and no claim is to look at it.
    pub held_by: Option<MeterId>,
    result: Option<Value>,
    reused: Option<JobId>,
    /// In full; the row has its first characters.
    pub error: Option<String>,
    /// The newest, oldest first; the last one may still run.
    attempts: VecDeque<Attempt>,
    /// How often the process died that ran it, as far as those attempts are still kept.
    lost_attempts: VecDeque<u32>,
    /// By attempt and number, as far as those attempts are still kept.
    log: BTreeMap<(u32, u32), LogLine>,
    pub inputs: Vec<FileRef>,
    pub artifacts: Vec<FileRef>,
}

impl StoredJob {
    pub fn new(id: JobId, insert: &JobInsert, batch: Option<BatchId>, now_ms: i64) -> Self {
        StoredJob {
            row: Arc::new(transition::inserted(id, insert, batch, now_ms)),
            args: insert.args.clone(),
            options: insert.options.clone(),
            takes_results: insert.takes_results,
            held_by: None,
            result: None,
            reused: None,
            error: None,
            attempts: VecDeque::new(),
            lost_attempts: VecDeque::new(),
            log: BTreeMap::new(),
            inputs: insert.inputs.clone(),
            artifacts: Vec::new(),
        }
    }

    /// The row says already what another job brought that has its unique key.
    pub fn replace(&mut self, by: &JobInsert) {
        self.args.clone_from(&by.args);
        self.options.clone_from(&by.options);
        self.takes_results = by.takes_results;
        self.inputs.clone_from(&by.inputs);
    }

    pub fn args(&self) -> Value {
        serde_json::from_str(&self.args).unwrap_or(Value::Null)
    }

    /// JSON; None unless it completed.
    pub fn result_text(&self) -> Option<String> {
        let result = self.result.as_ref().filter(|_| self.row.state == JobState::Completed);
        result.map(Value::to_string)
    }

    /// What its worker needs and the job itself knows.
    pub fn claimed(&self) -> ClaimedJob {
        ClaimedJob {
            job: Arc::clone(&self.row),
            args: self.args.clone(),
            inputs: self.inputs.clone(),
            options: self.options.clone(),
            results: Vec::new(),
            is_limited: false,
        }
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
            self.log = self.log.split_off(&(self.oldest_kept(), 0));
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
        self.attempt_ended(outcome, left.error.or(left.reason), now_ms);
        self.error = left.error.map(str::to_owned);
        self.result = left.result.cloned();
        self.reused = left.reused;
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
        let oldest_kept = self.oldest_kept();
        self.lost_attempts.retain(|number| *number >= oldest_kept);
        u32::try_from(self.lost_attempts.len()).unwrap_or(u32::MAX)
    }

    /// Whether the line is kept: a number has one line.
    pub fn keep_line(&mut self, line: &LogLine) -> bool {
        match self.log.entry((line.attempt, line.number)) {
            Entry::Vacant(free) => {
                free.insert(line.clone());
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// The newest lines, of all attempts or of one, oldest first.
    pub fn newest_lines(&self, attempt: Option<u32>, limit: usize) -> Vec<LogLine> {
        let wanted = |line: &&LogLine| attempt.is_none_or(|attempt| line.attempt == attempt);
        let mut lines: Vec<_> = self.log.values().rev().filter(wanted).take(limit).cloned().collect();
        lines.reverse();
        lines
    }

    /// All but what is said of other jobs.
    pub fn detail(&self) -> JobDetail {
        JobDetail {
            job: JobSummary::clone(&self.row),
            args: self.args(),
            result: self.result.clone(),
            reused: self.reused,
            error: self.error.clone(),
            attempts: self.attempts.iter().cloned().collect(),
            inputs: self.inputs.clone(),
            artifacts: self.artifacts.clone(),
            options: self.options.clone(),
            after: Vec::new(),
            before: Vec::new(),
        }
    }

    fn oldest_kept(&self) -> u32 {
        self.attempts.front().map_or(0, |attempt| attempt.number)
    }
}
