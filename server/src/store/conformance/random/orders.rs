//! Random operations.

use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState, Progress};
use taskyard_shared::limits::IDEMPOTENCY_MS;
use taskyard_shared::log::{LogLevel, LogLine};
use taskyard_shared::new_job::{AddMode, NewJob};
use taskyard_shared::operation::{BulkAction, OperationId};
use taskyard_shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};

use super::Random;
use crate::store::conformance::yard::{completed, failed, file};
use crate::store::ops::{
    AddTerms, AfterFailure, AttemptEnd, Fire, IdempotencyKey, InsertError, JobInsert, KnownKinds, NextRun,
    QueueSettings, StoredSchedule, WriteOp,
};

impl Random {
    /// What is written together, some time after the batch before.
    pub fn batch(&mut self) -> Vec<WriteOp> {
        self.now_ms += match self.below(30) {
            0 => IDEMPOTENCY_MS,
            1..=8 => 0,
            _ => self.below(60).cast_signed(),
        };
        (0..=self.below(6)).map(|_| self.op()).collect()
    }

    fn op(&mut self) -> WriteOp {
        match self.below(25) {
            0..=3 => self.insert(),
            4..=8 => self.claim(),
            9..=12 => self.finish(),
            13..=15 => self.for_one_job(),
            16 => WriteOp::Promote { limit: 1 + self.up_to(5) },
            17..=18 => WriteOp::Resolve { limit: self.one_of(&[1, 2, 5, 100]) },
            19..=20 => self.for_limits(),
            21..=22 => self.for_operations(),
            23 => self.for_schedules(),
            _ => self.housekeeping(),
        }
    }

    fn insert(&mut self) -> WriteOp {
        let mut jobs: Vec<JobInsert> = (0..self.below(5) as usize).map(|place| self.job(place)).collect();
        let idempotency = self.once_in(6).then(|| IdempotencyKey {
            key: self.one_of(&["x", "y"]).to_owned(),
            fingerprint: self.one_of(&["f", "g"]).to_owned(),
        });
        if idempotency.is_none()
            && self.once_in(40)
            && let Some(job) = jobs.last_mut()
        {
            // One in a while is refused, and its whole batch with it.
            job.inputs = vec![file("same", 'a'), file("same", 'b')];
        }
        let mode = self.one_of(&[AddMode::AllOrNothing, AddMode::Each]);
        let batch = self.once_in(4).then(|| "together".to_owned());
        let refused = (0..jobs.len()).filter(|_| self.once_in(20));
        let refused = refused.map(|place| (place, InsertError::QueueDraining("demo".to_owned()))).collect();
        WriteOp::Insert { jobs, terms: AddTerms { mode, batch, idempotency, refused, seats: None } }
    }

    fn claim(&mut self) -> WriteOp {
        let known = |names: &[&str]| -> KnownKinds {
            Arc::new(names.iter().map(|name| (*name).to_owned()).collect())
        };
        let all = [None, Some(vec!["demo", "image"]), Some(vec!["demo"])];
        let kinds = self.one_of(&all).map(|names| known(&names));
        let oldest = if self.once_in(3) { self.up_to(2) } else { 0 };
        WriteOp::Claim { queue: self.queue().into(), limit: self.up_to(5), oldest, kinds }
    }

    fn finish(&mut self) -> WriteOp {
        let (id, attempt) = self.attempt();
        let artifacts = (0..self.below(3)).map(|place| file(["a", "b"][place as usize], 'c')).collect();
        WriteOp::Finish { id, attempt, end: self.end(), artifacts }
    }

    fn end(&mut self) -> AttemptEnd {
        match self.below(8) {
            0 => failed(&"bad luck ".repeat(self.below(40) as usize)),
            1 => failed("short"),
            2 => {
                let then = AfterFailure::Retry { at_ms: self.near_ms(200) };
                AttemptEnd::Failed { error: "bad luck ".repeat(self.below(40) as usize), then }
            }
            3 => AttemptEnd::Snoozed { until_ms: self.near_ms(200), reason: "not yet".to_owned() },
            4 => AttemptEnd::Released,
            5 => AttemptEnd::Completed {
                result: serde_json::Value::Null,
                reused: self.once_in(2).then_some(JobId(1)),
            },
            _ => completed(),
        }
    }

    fn for_one_job(&mut self) -> WriteOp {
        let id = self.id();
        match self.below(8) {
            0 => WriteOp::Cancel { id },
            1 => self.cancel_running(),
            2 => self.work_ended(),
            3..=4 => WriteOp::Retry { id },
            5 => WriteOp::Delete { id },
            6 => WriteOp::SetPriority { id, priority: self.priority() },
            _ => self.said(),
        }
    }

    fn cancel_running(&mut self) -> WriteOp {
        let (id, _) = self.attempt();
        self.stopping.push(id);
        WriteOp::Cancel { id }
    }

    fn work_ended(&mut self) -> WriteOp {
        WriteOp::WorkEnded { id: self.stopping.pop().unwrap_or_else(|| self.id()) }
    }

    /// What running jobs say of themselves.
    fn said(&mut self) -> WriteOp {
        if self.once_in(2) {
            let report = |random: &mut Self| {
                let (id, attempt) = random.attempt();
                (id, attempt, Progress::from_thousandths(random.one_of(&[0, 300, 600])))
            };
            return WriteOp::Progress { reports: (0..6).map(|_| report(self)).collect() };
        }
        let line = |random: &mut Self| {
            let (id, attempt) = random.attempt();
            let (number, text) = (1 + random.up_to(5), "said".to_owned());
            (id, LogLine { attempt, number, at_ms: random.now_ms, level: LogLevel::Info, text })
        };
        WriteOp::Log { lines: (0..4).map(|_| line(self)).collect() }
    }

    fn for_limits(&mut self) -> WriteOp {
        if self.once_in(3) {
            WriteOp::RemoveLimit { name: self.limit_name().to_owned() }
        } else {
            WriteOp::SetLimit { limit: self.limit() }
        }
    }

    fn for_operations(&mut self) -> WriteOp {
        let id = OperationId(self.last_operation.saturating_sub(self.below(3)));
        match self.below(5) {
            0..=1 => {
                let priority = self.priority();
                let actions = [
                    BulkAction::Cancel {},
                    BulkAction::Retry {},
                    BulkAction::Delete {},
                    BulkAction::Reprioritise { priority },
                ];
                let (action, starts_at_ms) = (self.one_of(&actions), self.now_ms + 10);
                WriteOp::StartOperation { action, filter: self.filter(), starts_at_ms }
            }
            2..=3 => WriteOp::StepOperation { id, limit: 1 + self.up_to(20) },
            _ => WriteOp::UndoOperation { id },
        }
    }

    fn for_schedules(&mut self) -> WriteOp {
        let name = self.one_of(&["daily", "weekly"]);
        // It waits for no other jobs.
        let job = JobInsert { after: Vec::new(), takes_results: false, ..self.job(0) };
        match self.below(5) {
            0 => WriteOp::RemoveSchedule { name: name.to_owned() },
            1..=2 => {
                let mut schedule = schedule(name, job, self.near_ms(100));
                if self.once_in(3) {
                    schedule.status.schedule.paused = true;
                    schedule.status.next_run_at_ms = None;
                }
                WriteOp::SetSchedule { schedule: Box::new(schedule) }
            }
            _ => {
                let fire = Fire {
                    name: name.to_owned(),
                    job,
                    run_at_ms: self.now_ms,
                    next_run: self.next_run(),
                    unless_unfinished: self.once_in(2),
                };
                WriteOp::FireSchedule { fire: Box::new(fire) }
            }
        }
    }

    fn next_run(&mut self) -> NextRun {
        match self.below(3) {
            0 => NextRun::Unmoved,
            1 => NextRun::At(None),
            _ => NextRun::At(Some(self.near_ms(100))),
        }
    }

    fn housekeeping(&mut self) -> WriteOp {
        match self.below(4) {
            0 => WriteOp::Tidy { limit: self.one_of(&[1, 100]), free_pages: 0 },
            1..=2 => WriteOp::Clear {
                queue: self.once_in(2).then(|| self.queue().to_owned()),
                state: self.once_in(2).then(|| self.one_of(&JobState::ALL)),
                finished_by_ms: self.near_ms(200),
                limit: self.up_to(5),
            },
            _ => {
                let settings = QueueSettings {
                    paused: self.once_in(2),
                    draining: self.once_in(2),
                    max_attempts: self.once_in(2).then_some(4),
                    ..QueueSettings::with_concurrency(1 + self.up_to(1))
                };
                WriteOp::ConfigureQueue { queue: self.queue().into(), settings }
            }
        }
    }
}

fn schedule(name: &str, job: JobInsert, next_run_at_ms: i64) -> StoredSchedule {
    let schedule = Schedule {
        name: name.to_owned(),
        cron: "@daily".to_owned(),
        zone: "UTC".to_owned(),
        job: NewJob::new("demo", serde_json::json!({})),
        overlap: Overlap::Allow,
        missed: Missed::Skip,
        paused: false,
    };
    let status = ScheduleStatus {
        schedule,
        next_run_at_ms: Some(next_run_at_ms),
        last_run_at_ms: None,
        last_job: None,
        skipped: 0,
    };
    StoredSchedule { status, job }
}
