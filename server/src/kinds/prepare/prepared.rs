//! Several jobs, ready to be stored, and which of those that were asked for they are.

use crate::store::{AddTerms, JobInsert, Seats};

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
