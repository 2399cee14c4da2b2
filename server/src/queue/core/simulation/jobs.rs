//! Jobs of every shape, as somebody might add them.

use proptest::prelude::*;
use serde_json::json;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{Backoff, OnConflict, OnFailure};

use super::world::QUEUES;
use crate::store::conformance::yard::job;
use crate::store::{AfterInsert, JobInsert, UniqueInsert};

/// What is special about a job.
#[derive(Clone, Debug)]
pub struct Shape {
    pub queue: usize,
    pub kind: usize,
    pub customer: u8,
    pub priority: i16,
    pub delay_ms: Option<i64>,
    pub expires_in_ms: Option<i64>,
    pub max_attempts: u32,
    pub unique: Option<(u8, OnConflict)>,
    pub after: Vec<u64>,
    pub after_the_last: bool,
    pub on_failure: OnFailure,
}

pub const KINDS: [&str; 2] = ["mail", "photo"];

impl Shape {
    pub fn plain(queue: usize) -> Self {
        Shape {
            queue,
            kind: 0,
            customer: 0,
            priority: 0,
            delay_ms: None,
            expires_in_ms: None,
            max_attempts: 1,
            unique: None,
            after: Vec::new(),
            after_the_last: false,
            on_failure: OnFailure::Stop,
        }
    }

    /// `place`: of the job in its call.
    pub fn insert(&self, place: usize, now_ms: i64) -> JobInsert {
        let mut insert = job(QUEUES[self.queue], "a job");
        insert.kind = KINDS[self.kind].into();
        insert.args = json!({ "customer": self.customer }).to_string();
        insert.priority = self.priority;
        insert.run_at_ms = self.delay_ms.map(|delay| now_ms + delay);
        insert.max_attempts = self.max_attempts;
        insert.options.expires_at_ms = self.expires_in_ms.map(|within| now_ms + within);
        insert.options.backoff = Backoff { base_ms: 1_000, ..Backoff::default() };
        insert.options.on_failure = self.on_failure;
        insert.unique = self.unique.map(|(key, on_conflict)| UniqueInsert {
            key: format!("key {key}"),
            period_ms: None,
            states: JobState::ALL.into_iter().filter(|state| !state.is_finished()).collect(),
            on_conflict,
        });
        insert.after = self.after.iter().map(|id| AfterInsert::Stored(JobId(*id))).collect();
        if self.after_the_last && place > 0 {
            insert.after.push(AfterInsert::Inserted(place - 1));
        }
        insert
    }
}

pub fn shape() -> impl Strategy<Value = Shape> {
    let on_conflict =
        prop_oneof![Just(OnConflict::Reject), Just(OnConflict::Existing), Just(OnConflict::Replace)];
    let on_failure = prop_oneof![Just(OnFailure::Stop), Just(OnFailure::Continue), Just(OnFailure::Cancel)];
    let where_and_what =
        (0..QUEUES.len(), 0..KINDS.len(), 0..3_u8, prop_oneof![3 => Just(0), 1 => -2..3_i16]);
    let when = (
        prop_oneof![3 => Just(None), 1 => (1..90_000_i64).prop_map(Some)],
        prop_oneof![6 => Just(None), 1 => (1..20_000_i64).prop_map(Some)],
        1..4_u32,
    );
    let with_others = (
        prop_oneof![4 => Just(None), 1 => (0..2_u8, on_conflict).prop_map(Some)],
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(1..30_u64, 1..3)],
        any::<bool>(),
        on_failure,
    );
    (where_and_what, when, with_others).prop_map(|(what, when, others)| Shape {
        queue: what.0,
        kind: what.1,
        customer: what.2,
        priority: what.3,
        delay_ms: when.0,
        expires_in_ms: when.1,
        max_attempts: when.2,
        unique: others.0,
        after: others.1,
        after_the_last: others.2,
        on_failure: others.3,
    })
}
