//! Several jobs, ready to be stored, and which of those that were asked for they are.

use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::WireError;

use crate::store::{AddTerms, JobInsert};

/// What became of a call that adds several jobs.
#[derive(Debug)]
pub struct Prepared {
    /// Each behind all that it comes after: [`crate::store::AfterInsert::Inserted`] names lower places only. Empty when
    /// nothing is to be stored.
    pub jobs: Vec<JobInsert>,
    pub terms: AddTerms,
    pub seats: Seats,
}

impl Prepared {
    pub fn into_parts(self) -> (Vec<JobInsert>, AddTerms, Seats) {
        (self.jobs, self.terms, self.seats)
    }
}

/// For each job of the call (`then` is the last) where it is now.
#[derive(Debug)]
pub struct Seats(pub(super) Vec<Seat>);

#[derive(Clone, Debug)]
pub(super) enum Seat {
    /// At this place of [`Prepared::jobs`].
    At(usize),
    Refused(WireError),
    /// Because another one was refused.
    NotAdded,
}

impl Seats {
    /// One outcome for each job of the call, from those of [`Prepared::jobs`].
    pub fn outcomes(self, stored: Vec<AddOutcome>) -> Vec<AddOutcome> {
        let mut stored: Vec<Option<AddOutcome>> = stored.into_iter().map(Some).collect();
        let outcome = |seat| match seat {
            Seat::At(place) => {
                stored.get_mut(place).and_then(Option::take).unwrap_or(AddOutcome::NotAdded {})
            }
            Seat::Refused(error) => AddOutcome::Refused { error },
            Seat::NotAdded => AddOutcome::NotAdded {},
        };
        self.0.into_iter().map(outcome).collect()
    }
}
