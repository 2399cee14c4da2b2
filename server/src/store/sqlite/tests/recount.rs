//! Every count in the file can be counted anew from its rows, and a process that opens it finds what the one before
//! had in memory, whatever happened before.

use rusqlite::Connection;
use taskyard_shared::view::{JobsQuery, SortOrder};
use tempfile::tempdir;

use super::super::SqliteStore;
use crate::store::conformance::TestYard;
use crate::store::conformance::random::Random;
use crate::store::conformance::yard::top;

const SEQUENCES: u64 = 6;
const BATCHES: usize = 80;

/// Each finds rows that contradict others, and by its name what is wrong with them.
const CONTRADICTIONS: &[(&str, &str)] = &[
    ("rows without a job", "SELECT job_id FROM job_args WHERE job_id NOT IN (SELECT id FROM job)"),
    ("outputs without a job", "SELECT job_id FROM job_output WHERE job_id NOT IN (SELECT id FROM job)"),
    ("attempts without a job", "SELECT job_id FROM past_attempt WHERE job_id NOT IN (SELECT id FROM job)"),
    ("lines without a job", "SELECT job_id FROM log_line WHERE job_id NOT IN (SELECT id FROM job)"),
    ("waits without a job", "SELECT job_id FROM dependency WHERE job_id NOT IN (SELECT id FROM job)"),
    ("unmet waits without a job", "SELECT job_id FROM job_wait WHERE job_id NOT IN (SELECT id FROM job)"),
    ("keys without a job", "SELECT job_id FROM unique_key WHERE job_id NOT IN (SELECT id FROM job)"),
    (
        "unmet waits",
        "SELECT job_id FROM job_wait WHERE unmet <> \
         (SELECT count(*) FROM dependency WHERE dependency.job_id = job_wait.job_id AND state < 2)",
    ),
    (
        "wanted results",
        "SELECT id FROM job WHERE result_wanted <> (SELECT count(*) FROM dependency JOIN job AS taker \
         ON taker.id = dependency.job_id WHERE on_job_id = job.id AND taker.flags & 8 AND taker.finished_at_ms IS NULL)",
    ),
    ("held back in another state", "SELECT id FROM job WHERE (held_by IS NOT NULL) <> (state = 7)"),
    (
        "held back by nothing",
        "SELECT id FROM job WHERE held_by IS NOT NULL AND held_by NOT IN (SELECT id FROM meter)",
    ),
    ("held", "SELECT id FROM meter WHERE held <> (SELECT count(*) FROM job WHERE held_by = meter.id)"),
    (
        "running",
        "SELECT id FROM meter WHERE running <> (SELECT count(*) FROM job_meter WHERE meter_id = meter.id)",
    ),
    (
        "sums",
        "SELECT limit_rule.id FROM limit_rule LEFT JOIN meter ON limit_id = limit_rule.id GROUP BY limit_rule.id \
         HAVING keys <> count(CASE WHEN meter.running > 0 OR held > 0 THEN 1 END) \
         OR limit_rule.running <> total(meter.running) OR held_back <> total(held)",
    ),
    (
        "empty batches",
        "SELECT id FROM batch WHERE is_empty <> (NOT EXISTS (SELECT 1 FROM job WHERE batch_id = batch.id))",
    ),
    (
        "flags",
        "SELECT id FROM job WHERE (flags & 2 > 0) <> (id IN (SELECT job_id FROM job_wait)) \
         OR (flags & 32 = 0 AND id IN (SELECT job_id FROM log_line)) \
         OR (flags & 16 = 0 AND id IN (SELECT job_id FROM unique_key)) \
         OR (flags & 1 = 0 AND id IN (SELECT on_job_id FROM dependency)) \
         OR (state = 1 AND (flags & 4 > 0) <> EXISTS \
             (SELECT 1 FROM job_meter WHERE job_id = job.id AND job_meter.attempt = job.attempt))",
    ),
];

#[test]
fn the_file_agrees_with_itself_and_with_memory_after_random_operations() {
    for seed in 2_000..2_000 + SEQUENCES {
        let mut random = Random::new(seed);
        let folder = tempdir().unwrap();
        let mut yard = open(folder.path());
        for _ in 0..BATCHES {
            let ops = random.batch();
            yard.now_ms = random.now_ms;
            // Some are refused, and change nothing then.
            let _ = yard.try_apply(&ops);
            if random.once_in(30) {
                yard.writer.recover_lost(2, random.now_ms).unwrap();
            }
            let stored = yard.writer.load().unwrap();
            if random.once_in(10) {
                drop(yard);
                assert_consistent(folder.path(), &format!("{random}: {ops:#?}"));
                yard = open(folder.path());
                assert_eq!(yard.writer.load().unwrap(), stored, "{random}: {ops:#?}");
            }
            let newest = yard.list(&JobsQuery { limit: 1, ..top(SortOrder::Newest) });
            random.learn(&stored, newest.rows.first().map(|row| row.id));
        }
    }
}

fn open(folder: &std::path::Path) -> TestYard {
    TestYard::new(SqliteStore::open(folder).unwrap(), ())
}

fn assert_consistent(folder: &std::path::Path, context: &str) {
    let conn = Connection::open(folder.join("taskyard.db")).unwrap();
    for (name, sql) in CONTRADICTIONS {
        let found: Vec<i64> = conn
            .prepare(sql)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(found.is_empty(), "{name}: {found:?}\n{context}");
    }
}
