//! `taskyard bench`: it checks itself, and its figures are of a real run.

use anyhow::Result;
use serde_json::Value;
use taskyard_tests::program::taskyard;

use crate::assert_ended;

#[test]
fn a_bench_of_throughput_checks_that_exactly_its_jobs_completed() -> Result<()> {
    let ended = taskyard(&["bench", "throughput", "--jobs", "2000", "--tabs", "2", "--json"])?;
    assert_ended(&ended, 0, &[], &[]);
    let report: Value = serde_json::from_str(&ended.stdout)?;
    for count in ["expected", "began", "counted", "counted_after_reopening", "read_after_reopening"] {
        assert_eq!(report["check"][count], 2000, "{count}: {report}");
    }
    assert!(report["jobs_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{report}");
    assert!(report["commits"].as_u64().is_some_and(|commits| (1..=6_000).contains(&commits)), "{report}");
    Ok(())
}
