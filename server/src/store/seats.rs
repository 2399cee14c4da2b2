//! Which of the jobs of a call a store was handed: some were refused before.

use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::WireError;

/// For each job of the call (`then` is the last) where it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Seats(pub Vec<Seat>);

#[derive(Clone, Debug, PartialEq)]
pub enum Seat {
    /// At this place of those that were handed to the store.
    At(usize),
    Refused(WireError),
    /// Because another one was refused.
    NotAdded,
}

impl Seats {
    /// One outcome for each job of the call, from those of the ones that were handed to the store.
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
