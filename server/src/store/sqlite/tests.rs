use super::SqliteStore;
use crate::store::conformance::{TestYard, suite};

pub(crate) fn fresh() -> TestYard {
    let folder = tempfile::tempdir().unwrap();
    TestYard::new(SqliteStore::open(folder.path()).unwrap(), folder)
}

suite!(crate::store::sqlite::tests::fresh());
