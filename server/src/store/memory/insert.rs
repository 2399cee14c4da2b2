//! Jobs that are added.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{JobId, JobSummary};
use taskyard_shared::queue::StateCounts;

use super::job::StoredJob;
use super::yard::Yard;
use crate::store::endings::Ending;
use crate::store::insert_plan::{self, KeyHolder, Planned, Stored};
use crate::store::ops::{AddTerms, AfterInsert, InsertOutcome, InsertResult, JobInsert, Moved};
use crate::store::transition;

impl Stored for Yard {
    type Error = Infallible;

    fn key_holder(&self, key: &str) -> Result<Option<KeyHolder>, Infallible> {
        let holder = self.unique_keys.get(key).and_then(|id| self.jobs.get(id));
        Ok(holder.map(|job| KeyHolder {
            id: job.row.id,
            state: job.row.state,
            created_at_ms: job.row.created_at_ms,
        }))
    }

    fn exists(&self, id: JobId) -> Result<bool, Infallible> {
        Ok(self.jobs.contains_key(&id))
    }
}

impl Yard {
    pub fn insert(&mut self, jobs: &[JobInsert], terms: &AddTerms, now_ms: i64) -> InsertResult {
        if let Some(answered) = terms.idempotency.as_ref().and_then(|key| self.answers.find(key, now_ms)) {
            return answered;
        }
        let Ok(plans) = insert_plan::plan(jobs, terms, self, self.last_id, now_ms);
        let batch = terms.batch.as_deref().and_then(|name| self.batch(name, &plans, now_ms));
        let mut insert = Insert { plans: &plans, batch, ended: BTreeSet::new(), now_ms };
        let add = |yard: &mut Self| {
            let mut outcomes = Vec::with_capacity(jobs.len());
            for (job, plan) in jobs.iter().zip(&plans) {
                outcomes.push(yard.carry_out(job, plan, &mut insert));
            }
            outcomes
        };
        let (outcomes, resolves) = self.noting_ends(add);
        if let Some((request, answer)) =
            terms.idempotency.as_ref().zip(insert_plan::remembered(&outcomes, terms.seats.as_ref()))
        {
            self.answers.remember(request, batch, answer, now_ms);
            self.changed = true;
        }
        InsertResult::Done { batch, outcomes, resolves }
    }

    /// The batch of the jobs that are to be inserted, if there are any.
    fn batch(&mut self, name: &str, plans: &[Planned], now_ms: i64) -> Option<BatchId> {
        let first = plans.iter().find_map(|plan| match plan {
            Planned::Insert(id) => Some(BatchId(id.0)),
            _ => None,
        })?;
        let (name, counts) = (name.to_owned(), StateCounts::default());
        self.lists.batches.insert(first, BatchStatus { id: first, name, created_at_ms: now_ms, counts });
        Some(first)
    }

    fn carry_out(&mut self, job: &JobInsert, plan: &Planned, insert: &mut Insert<'_>) -> InsertOutcome {
        match plan {
            Planned::Insert(id) => InsertOutcome::Added(self.add(*id, job, insert)),
            Planned::Existing(id) => InsertOutcome::Existing(*id),
            Planned::Replace(id) => match self.replace(*id, job, insert.now_ms) {
                Some(moved) => InsertOutcome::Replaced(moved),
                None => unreachable!("the plan says that job {id} has not begun"),
            },
            Planned::Refuse(error) => InsertOutcome::Refused(error.clone()),
            Planned::NotAdded => InsertOutcome::NotAdded,
        }
    }

    fn add(&mut self, id: JobId, job: &JobInsert, insert: &mut Insert<'_>) -> Arc<JobSummary> {
        self.ensure_queue(&job.queue);
        self.last_id = id.0;
        self.changed = true;
        let stored = StoredJob::new(id, job, insert.batch, insert.now_ms);
        let row = Arc::clone(&stored.row);
        self.lists.enter(&row);
        self.jobs.insert(id, stored);
        if let Some(unique) = &job.unique {
            self.unique_keys.insert(unique.key.clone(), id);
        }
        for on in insert.waits_for(job) {
            self.edges.add(id, on);
            let ending = self.state(on).and_then(Ending::of);
            if let Some(ending) = ending.filter(|_| insert.ended.insert(on)) {
                self.edges.ended(on, ending);
            }
        }
        row
    }

    fn replace(&mut self, id: JobId, by: &JobInsert, now_ms: i64) -> Option<Moved> {
        // What held it back was said of its old arguments.
        self.release(id);
        let moved = self.transit(id, |row| transition::replace(row, by, now_ms))?;
        self.changed = true;
        if let Some(job) = self.jobs.get_mut(&id) {
            job.replace(by);
        }
        Some(moved)
    }
}

/// An insert that is carried out.
struct Insert<'a> {
    plans: &'a [Planned],
    batch: Option<BatchId>,
    /// Jobs that ended before others came after them, each of which is told once.
    ended: BTreeSet<JobId>,
    now_ms: i64,
}

impl Insert<'_> {
    fn waits_for(&self, job: &JobInsert) -> BTreeSet<JobId> {
        let on = |after: &AfterInsert| match *after {
            AfterInsert::Stored(id) => Some(id),
            AfterInsert::Inserted(place) => insert_plan::id_at(self.plans, place),
        };
        job.after.iter().filter_map(on).collect()
    }
}
