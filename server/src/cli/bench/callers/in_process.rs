//! Calls of the library.

use taskyard::Yard;
use taskyard::shared::command::AddOutcome;
use taskyard::shared::new_job::NewJob;

use super::caller::{Body, CallError};

pub async fn add(yard: &Yard, jobs: Vec<NewJob>) -> Result<(), CallError> {
    match Body::of(jobs) {
        Body::One(job) => yard.add(*job).await.map(drop).map_err(CallError::from),
        Body::Several(jobs) => all_added(yard.add_all(jobs, None).await?.outcomes),
    }
}

/// None of them was refused.
pub(super) fn all_added(outcomes: Vec<AddOutcome>) -> Result<(), CallError> {
    for outcome in outcomes {
        match outcome {
            AddOutcome::Added { .. } => {}
            AddOutcome::Refused { error } => return Err(error.into()),
            AddOutcome::Existing { .. } | AddOutcome::Replaced { .. } | AddOutcome::NotAdded {} => {
                return Err(CallError::Failed(crate::cli::bench::run::failed(
                    "a job was not added",
                    format!("{outcome:?}"),
                )));
            }
        }
    }
    Ok(())
}
