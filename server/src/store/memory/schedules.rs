//! Jobs that are added again and again.

use super::yard::Yard;
use crate::store::ops::{AddTerms, Fire, FireResult, InsertOutcome, InsertResult, StoredSchedule, note_run};

impl Yard {
    pub fn set_schedule(&mut self, schedule: &StoredSchedule) {
        let mut schedule = schedule.clone();
        let name = schedule.status.schedule.name.clone();
        if let Some(earlier) = self.schedules.get(&name) {
            schedule.keep_history(&earlier.status);
        }
        self.schedules.insert(name, schedule);
        self.changed = true;
    }

    pub fn fire(&mut self, fire: &Fire, now_ms: i64) -> FireResult {
        let Some(stored) = self.schedules.get(&fire.name) else { return FireResult::NoSuchSchedule };
        let last_job = stored.status.last_job.filter(|_| fire.unless_unfinished);
        let runs_still = last_job.and_then(|id| self.state(id)).is_some_and(|state| !state.is_finished());
        let outcome = (!runs_still).then(|| self.add_one(fire, now_ms));
        self.changed = true;
        let Some(stored) = self.schedules.get_mut(&fire.name) else { return FireResult::NoSuchSchedule };
        let status = &mut stored.status;
        fire.next_run.apply_to(status);
        note_run(status, fire.run_at_ms, outcome.as_ref());
        let status = Box::new(status.clone());
        match outcome {
            Some(outcome) => FireResult::Fired { outcome, status },
            None => FireResult::Skipped { status },
        }
    }

    fn add_one(&mut self, fire: &Fire, now_ms: i64) -> InsertOutcome {
        let terms = AddTerms::default();
        match self.insert(std::slice::from_ref(&fire.job), &terms, now_ms) {
            InsertResult::Done { mut outcomes, .. } => outcomes.remove(0),
            InsertResult::Replayed { .. } | InsertResult::KeyReused => {
                unreachable!("a run of a schedule has no idempotency key")
            }
        }
    }
}
