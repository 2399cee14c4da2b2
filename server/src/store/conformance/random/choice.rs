//! Random choices, the same for the same seed.

use std::fmt;

use serde_json::{Value, json};
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{JobId, JobOptions, JobState};
use taskyard_shared::limit::{Limit, Rate};
use taskyard_shared::new_job::{OnConflict, OnFailure};
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use crate::store::StoredYard;
use crate::store::conformance::yard::{file, job, limit};
use crate::store::ops::{AfterInsert, JobInsert, UniqueInsert};

/// SplitMix64: small, seeded, and the same everywhere.
#[derive(Default)]
pub struct Random {
    seed: u64,
    state: u64,
    /// The time of the next batch.
    pub now_ms: i64,
    /// The highest id that is known to be stored.
    pub highest: u64,
    /// Attempts that run.
    running: Vec<(JobId, u32)>,
    /// Jobs that may have been cancelled while they ran.
    pub stopping: Vec<JobId>,
    pub last_operation: u64,
}

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, at {}", self.seed, self.now_ms)
    }
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Random { seed, state: seed, now_ms: 1_000, ..Random::default() }
    }

    /// What there is to choose from.
    pub fn learn(&mut self, stored: &StoredYard, newest: Option<JobId>) {
        self.running =
            stored.processing.iter().map(|running| (running.job.id, running.job.attempt)).collect();
        self.last_operation = stored.operations.first().map_or(0, |operation| operation.id.0);
        self.highest = self.highest.max(newest.map_or(0, |id| id.0));
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn up_to(&mut self, most: u32) -> u32 {
        u32::try_from(self.below(u64::from(most) + 1)).expect("it is below")
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).expect("it is below")].clone()
    }

    /// Within some time of now.
    pub fn near_ms(&mut self, span_ms: i64) -> i64 {
        self.now_ms + self.below(span_ms.unsigned_abs()).cast_signed() - span_ms / 3
    }

    pub fn queue(&mut self) -> &'static str {
        self.one_of(&["demo", "photos", "mail"])
    }

    pub fn id(&mut self) -> JobId {
        let near_the_end = self.highest.saturating_sub(self.below(12));
        if self.once_in(2) { JobId(near_the_end) } else { JobId(self.below(self.highest + 3)) }
    }

    /// An attempt that runs, mostly.
    pub fn attempt(&mut self) -> (JobId, u32) {
        match self.running.clone() {
            running if !running.is_empty() && !self.once_in(4) => self.one_of(&running),
            _ => (self.id(), 1 + self.up_to(1)),
        }
    }

    pub fn priority(&mut self) -> i16 {
        self.one_of(&[0, 0, 0, 1, -1, 100])
    }

    pub fn on_conflict(&mut self) -> OnConflict {
        self.one_of(&[OnConflict::Reject, OnConflict::Existing, OnConflict::Replace])
    }

    /// A job at this place of an insert.
    pub fn job(&mut self, place: usize) -> JobInsert {
        let mut insert = job(self.queue(), self.one_of(&["sun", "moon"]));
        insert.kind = self.one_of(&["demo", "demo", "image"]).into();
        insert.args = self.args().to_string();
        insert.priority = self.priority();
        insert.run_at_ms = self.once_in(5).then(|| self.near_ms(300));
        insert.max_attempts = 1 + self.up_to(2);
        insert.inputs = if self.once_in(4) { vec![file("in", self.one_of(&['a', 'b']))] } else { Vec::new() };
        insert.options = JobOptions {
            timeout_ms: self.once_in(5).then_some(60_000),
            cache_for_ms: self.once_in(5).then_some(60_000),
            expires_at_ms: self.once_in(6).then(|| self.near_ms(400)),
            on_failure: self.one_of(&[OnFailure::Stop, OnFailure::Continue, OnFailure::Cancel]),
            ..JobOptions::default()
        };
        if self.once_in(3) {
            insert.after = (0..=self.below(3)).map(|_| self.after(place)).collect();
            insert.takes_results = self.once_in(2);
        }
        if self.once_in(4) {
            self.make_unique(&mut insert);
        }
        insert
    }

    fn args(&mut self) -> Value {
        match self.below(5) {
            0 => json!({}),
            1 => json!({"customer": 7}),
            _ => json!({"customer": self.one_of(&["a", "b"])}),
        }
    }

    fn after(&mut self, place: usize) -> AfterInsert {
        if place > 0 && self.once_in(2) {
            AfterInsert::Inserted(usize::try_from(self.below(place as u64)).expect("it is below"))
        } else {
            AfterInsert::Stored(self.id())
        }
    }

    fn make_unique(&mut self, insert: &mut JobInsert) {
        let key = self.one_of(&["k", "l", "m"]).to_owned();
        let unfinished = JobState::ALL.into_iter().filter(|state| !state.is_finished()).collect();
        let states = [unfinished, JobState::ALL.to_vec(), vec![JobState::Pending, JobState::Completed]];
        insert.options.unique_key = Some(key.clone());
        insert.unique = Some(UniqueInsert {
            key,
            period_ms: self.once_in(2).then(|| self.below(300).cast_signed()),
            states: self.one_of(&states),
            on_conflict: self.on_conflict(),
        });
    }

    pub fn limit(&mut self) -> Limit {
        let rate = Rate { count: 1 + self.up_to(30), per_ms: 1_000, burst: 1 };
        let limit = Limit {
            concurrency: (!self.once_in(3)).then(|| 1 + self.up_to(3)),
            rate: self.once_in(2).then(|| Rate { burst: 1 + self.up_to(rate.count - 1), ..rate }),
            ..limit(self.limit_name())
        };
        if self.once_in(4) {
            // Of a whole queue.
            return Limit { queue: Some(self.queue().to_owned()), ..limit };
        }
        Limit {
            queue: self.once_in(3).then(|| self.queue().to_owned()),
            kind: self.once_in(3).then(|| self.one_of(&["demo", "image"]).to_owned()),
            key: self.once_in(2).then(|| "/customer".to_owned()),
            ..limit
        }
    }

    pub fn limit_name(&mut self) -> &'static str {
        self.one_of(&["one", "two", "three"])
    }

    pub fn filter(&mut self) -> JobFilter {
        JobFilter {
            states: (0..self.below(4).saturating_sub(1)).map(|_| self.one_of(&JobState::ALL)).collect(),
            kind: self.once_in(6).then(|| "image".to_owned()),
            queue: self.once_in(3).then(|| self.queue().to_owned()),
            batch: self.once_in(6).then(|| BatchId(self.id().0)),
            text: self.one_of(&["", "", "", "SUN", "luck"]).to_owned(),
        }
    }

    pub fn query(&mut self) -> JobsQuery {
        let start = match self.below(3) {
            0 => WindowStart::Top,
            1 => WindowStart::After { id: self.id() },
            _ => WindowStart::Offset { rows: self.below(40) },
        };
        let sort = self.one_of(&[SortOrder::Newest, SortOrder::Oldest]);
        JobsQuery { filter: self.filter(), sort, start, limit: 1 + self.up_to(19) }
    }
}
