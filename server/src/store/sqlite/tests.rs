//! What only the SQLite store promises, besides what every store does.

mod damage;
mod folder;
mod migration;
mod plans;
mod recount;

use super::SqliteStore;
use crate::store::conformance::{TestYard, suite};

pub(crate) fn fresh() -> TestYard {
    let folder = tempfile::tempdir().unwrap();
    TestYard::new(SqliteStore::open(folder.path()).unwrap(), folder)
}

suite!(crate::store::sqlite::tests::fresh());

#[test]
fn random_operations_come_out_as_in_memory() {
    crate::store::conformance::random::answers_what_memory_answers(fresh);
}
