//! The conformance suite, on the store in memory, and a recount of what it keeps beside its jobs.

mod recount;

use super::MemoryStore;
use crate::store::conformance::{TestYard, suite};

pub(crate) fn fresh() -> TestYard {
    TestYard::new(MemoryStore::new(), ())
}

suite!(crate::store::memory::tests::fresh());
