//! Random sequences of operations: a store answers each as the memory store does.

mod choice;
mod orders;

use taskyard_shared::batch::BatchId;
use taskyard_shared::job::JobId;
use taskyard_shared::view::{JobsQuery, SortOrder};

use super::TestYard;
use super::yard::top;
use crate::store::ops::WriteOp;
use crate::store::{MemoryStore, StoredYard};
pub use choice::Random;

const SEQUENCES: u64 = 16;
const BATCHES: usize = 80;

/// `open` gives a fresh store for each sequence.
pub fn answers_what_memory_answers(open: impl Fn() -> TestYard) {
    for seed in 1..=SEQUENCES {
        let mut random = Random::new(seed);
        let mut tested = open();
        let mut model = TestYard::new(MemoryStore::new(), ());
        for _ in 0..BATCHES {
            step(&mut random, &mut tested, &mut model);
        }
        tested.assert_counts_are_exact();
        for id in 0..random.highest + 2 {
            compare_job(&tested, &model, JobId(id), &random);
        }
    }
}

/// One batch on both, and now and then a crash; then both are looked at.
fn step(random: &mut Random, tested: &mut TestYard, model: &mut TestYard) {
    let ops = random.batch();
    tested.now_ms = random.now_ms;
    model.now_ms = random.now_ms;
    match (tested.try_apply(&ops), model.try_apply(&ops)) {
        (Ok(tested), Ok(model)) => {
            for (place, op) in ops.iter().enumerate() {
                assert_eq!(tested.results[place], model.results[place], "{random}: {op:#?} of {ops:#?}");
            }
            assert_eq!(tested, model, "{random}: {ops:#?}");
        }
        (Err(_), Err(_)) => {}
        (tested, model) => panic!("{random}: {tested:?} and {model:?} after {ops:#?}"),
    }
    if random.below(40) == 0 {
        let now_ms = random.now_ms;
        let lost = tested.writer.recover_lost(2, now_ms).unwrap();
        assert_eq!(lost, model.writer.recover_lost(2, now_ms).unwrap(), "{random}");
        // What that made of the limits is told with the next commit, even an empty one.
        assert_eq!(tested.try_apply(&[]).unwrap(), model.try_apply(&[]).unwrap(), "{random}");
    }
    look(random, tested, model, &ops);
}

fn look(random: &mut Random, tested: &mut TestYard, model: &mut TestYard, ops: &[WriteOp]) {
    let stored: StoredYard = model.writer.load().unwrap();
    assert_eq!(tested.writer.load().unwrap(), stored, "{random}: after {ops:#?}");
    let newest = model.list(&JobsQuery { limit: 1, ..top(SortOrder::Newest) });
    random.learn(&stored, newest.rows.first().map(|row| row.id));
    let query = random.query();
    assert_eq!(tested.list(&query), model.list(&query), "{random}: {query:?}");
    let id = random.id();
    compare_job(tested, model, id, random);
}

fn compare_job(tested: &TestYard, model: &TestYard, id: JobId, random: &Random) {
    assert_eq!(tested.reader.job(id).unwrap(), model.reader.job(id).unwrap(), "{random}");
    assert_eq!(tested.reader.log(id, None, 3).unwrap(), model.reader.log(id, None, 3).unwrap(), "{random}");
    let facts = |yard: &TestYard| yard.reader.waiting_facts(id).unwrap();
    assert_eq!(facts(tested), facts(model), "{random}");
    let batch = |yard: &TestYard| yard.reader.batch(BatchId(id.0)).unwrap();
    assert_eq!(batch(tested), batch(model), "{random}");
}
