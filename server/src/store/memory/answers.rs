//! Answers to requests that may be repeated.

use std::collections::{BTreeSet, HashMap};

use taskyard_shared::batch::BatchId;
use taskyard_shared::command::AddOutcome;
use taskyard_shared::limits::IDEMPOTENCY_MS;

use crate::store::ops::{IdempotencyKey, InsertResult};

#[derive(Default)]
pub(super) struct Answers {
    by_key: HashMap<String, Answer>,
    /// With the time at which they were given.
    by_age: BTreeSet<(i64, String)>,
}

struct Answer {
    fingerprint: String,
    given_at_ms: i64,
    batch: Option<BatchId>,
    outcomes: Vec<AddOutcome>,
}

impl Answers {
    /// What a request with this key is answered, if it is not a new one.
    pub fn find(&self, request: &IdempotencyKey, now_ms: i64) -> Option<InsertResult> {
        let answer = self.by_key.get(&request.key).filter(|answer| !is_over(answer.given_at_ms, now_ms))?;
        Some(if answer.fingerprint == request.fingerprint {
            InsertResult::Replayed { batch: answer.batch, outcomes: answer.outcomes.clone() }
        } else {
            InsertResult::KeyReused
        })
    }

    pub fn remember(
        &mut self,
        request: &IdempotencyKey,
        batch: Option<BatchId>,
        outcomes: Vec<AddOutcome>,
        now_ms: i64,
    ) {
        self.forget(&request.key);
        self.by_age.insert((now_ms, request.key.clone()));
        let fingerprint = request.fingerprint.clone();
        self.by_key.insert(request.key.clone(), Answer { fingerprint, given_at_ms: now_ms, batch, outcomes });
    }

    /// Forgets up to `limit` answers whose time is over, and says how many.
    pub fn forget_old(&mut self, limit: usize, now_ms: i64) -> usize {
        let old = self.by_age.iter().take_while(|(given_at_ms, _)| is_over(*given_at_ms, now_ms));
        let old: Vec<String> = old.take(limit).map(|(_, key)| key.clone()).collect();
        for key in &old {
            self.forget(key);
        }
        old.len()
    }

    fn forget(&mut self, key: &str) {
        if let Some(answer) = self.by_key.remove(key) {
            self.by_age.remove(&(answer.given_at_ms, key.to_owned()));
        }
    }
}

fn is_over(given_at_ms: i64, now_ms: i64) -> bool {
    now_ms >= given_at_ms.saturating_add(IDEMPOTENCY_MS)
}
