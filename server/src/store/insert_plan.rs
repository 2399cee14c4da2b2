//! What becomes of each job of an insert: decided here for every store, before anything is written.

use std::collections::HashMap;

use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{AddMode, OnConflict};

use super::Seats;
use super::ops::{AddTerms, AfterInsert, InsertError, InsertOutcome, JobInsert, UniqueInsert};

/// What to do with a job.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Planned {
    /// Store it under this id, and let its unique key point there.
    Insert(JobId),
    /// The job that has its key is the answer.
    Existing(JobId),
    /// The job that has its key gets what this one brings.
    Replace(JobId),
    Refuse(InsertError),
    NotAdded,
}

/// The job that a unique key points to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct KeyHolder {
    pub id: JobId,
    pub state: JobState,
    pub created_at_ms: i64,
}

/// What the plan has to know of what is stored.
pub(super) trait Stored {
    type Error;

    /// The job that has this unique key, if it still exists.
    fn key_holder(&self, key: &str) -> Result<Option<KeyHolder>, Self::Error>;

    fn exists(&self, id: JobId) -> Result<bool, Self::Error>;
}

/// Plans each job, in order; `last_id` is the highest id given so far. The ids of [`Planned::Insert`] follow it
/// without gaps.
pub(super) fn plan<S: Stored>(
    jobs: &[JobInsert],
    terms: &AddTerms,
    stored: &S,
    last_id: u64,
    now_ms: i64,
) -> Result<Vec<Planned>, S::Error> {
    let mut planning =
        Planning { jobs, stored, now_ms, taken: HashMap::new(), plans: Vec::with_capacity(jobs.len()) };
    let mut next_id = last_id + 1;
    for (place, job) in jobs.iter().enumerate() {
        let planned = match terms.refused.get(&place) {
            Some(error) => Planned::Refuse(error.clone()),
            None => planning.one(job, JobId(next_id))?,
        };
        next_id += u64::from(matches!(planned, Planned::Insert(_)));
        planning.plans.push(planned);
    }
    Ok(settle(planning.plans, terms.mode))
}

struct Planning<'a, S> {
    jobs: &'a [JobInsert],
    stored: &'a S,
    now_ms: i64,
    /// Keys of jobs of this insert, with the numbers of these.
    taken: HashMap<&'a str, (usize, KeyHolder)>,
    plans: Vec<Planned>,
}

impl<'a, S: Stored> Planning<'a, S> {
    fn one(&mut self, job: &'a JobInsert, id: JobId) -> Result<Planned, S::Error> {
        for after in &job.after {
            match *after {
                AfterInsert::Stored(before) if !self.stored.exists(before)? => {
                    return Ok(Planned::Refuse(InsertError::NoSuchDependency(before)));
                }
                AfterInsert::Inserted(place) if matches!(self.plans.get(place), Some(Planned::Refuse(_))) => {
                    let number = self.jobs.get(place).map_or(0, |job| job.number);
                    return Ok(Planned::Refuse(InsertError::DependencyRefused(number)));
                }
                _ => {}
            }
        }
        let Some(unique) = &job.unique else { return Ok(Planned::Insert(id)) };
        let in_call = self.taken.get(unique.key.as_str()).copied();
        let holder = match in_call {
            Some((_, holder)) => Some(holder),
            None => self.stored.key_holder(&unique.key)?,
        };
        if let Some(holder) = holder.filter(|holder| stands_in_the_way(holder, unique, self.now_ms)) {
            return Ok(match (conflict(&holder, unique.on_conflict), in_call) {
                // Its id says nothing: when this one is refused, that one may not be stored either.
                (Planned::Refuse(InsertError::Taken(_)), Some((number, _))) => {
                    Planned::Refuse(InsertError::TakenInCall(number))
                }
                (planned, _) => planned,
            });
        }
        let state = super::transition::first_state(job, self.now_ms);
        let holder = KeyHolder { id, state, created_at_ms: self.now_ms };
        self.taken.insert(&unique.key, (job.number, holder));
        Ok(Planned::Insert(id))
    }
}

fn stands_in_the_way(holder: &KeyHolder, unique: &UniqueInsert, now_ms: i64) -> bool {
    unique.states.contains(&holder.state)
        && unique.period_ms.is_none_or(|period| now_ms < holder.created_at_ms.saturating_add(period))
}

fn conflict(holder: &KeyHolder, rule: OnConflict) -> Planned {
    match rule {
        OnConflict::Reject => Planned::Refuse(InsertError::Taken(holder.id)),
        OnConflict::Existing => Planned::Existing(holder.id),
        OnConflict::Replace if holder.state.is_first() => Planned::Replace(holder.id),
        OnConflict::Replace => Planned::Refuse(InsertError::NotReplaceable(holder.id, holder.state)),
    }
}

fn settle(mut plans: Vec<Planned>, mode: AddMode) -> Vec<Planned> {
    if mode == AddMode::AllOrNothing && plans.iter().any(|plan| matches!(plan, Planned::Refuse(_))) {
        for plan in &mut plans {
            if !matches!(plan, Planned::Refuse(_)) {
                *plan = Planned::NotAdded;
            }
        }
    }
    plans
}

/// The id of the job that the one at `place` became, or stands for.
pub(super) fn id_at(plans: &[Planned], place: usize) -> Option<JobId> {
    match plans.get(place)? {
        Planned::Insert(id) | Planned::Existing(id) | Planned::Replace(id) => Some(*id),
        Planned::Refuse(_) | Planned::NotAdded => None,
    }
}

/// The answer that is kept under an idempotency key. None where nothing came of the request: then it may be made
/// again.
pub(super) fn remembered(outcomes: &[InsertOutcome], seats: Option<&Seats>) -> Option<Vec<AddOutcome>> {
    let came_of_it = |outcome: &InsertOutcome| {
        matches!(outcome, InsertOutcome::Added(_) | InsertOutcome::Existing(_) | InsertOutcome::Replaced(_))
    };
    outcomes.iter().any(came_of_it).then(|| {
        let stored = outcomes.iter().map(AddOutcome::from).collect();
        match seats {
            Some(seats) => seats.clone().outcomes(stored),
            None => stored,
        }
    })
}

impl From<&InsertOutcome> for AddOutcome {
    fn from(outcome: &InsertOutcome) -> AddOutcome {
        match outcome {
            InsertOutcome::Added(job) => AddOutcome::Added { id: job.id },
            InsertOutcome::Existing(id) => AddOutcome::Existing { id: *id },
            InsertOutcome::Replaced(moved) => AddOutcome::Replaced { id: moved.job.id },
            InsertOutcome::Refused(error) => AddOutcome::Refused { error: error.into() },
            InsertOutcome::NotAdded => AddOutcome::NotAdded {},
        }
    }
}

impl From<&InsertError> for WireError {
    fn from(error: &InsertError) -> WireError {
        let code = match error {
            InsertError::Taken(_)
            | InsertError::TakenInCall(_)
            | InsertError::NotReplaceable(..)
            | InsertError::DependencyRefused(_) => ErrorCode::Conflict,
            InsertError::NoSuchDependency(_) => ErrorCode::NotFound,
            InsertError::QueueDraining(_) => ErrorCode::WrongState,
            InsertError::TooManyQueues => ErrorCode::InvalidArguments,
        };
        WireError::new(code, error.to_string())
    }
}
