//! `taskyard bench`: it checks itself, and its figures are of a real run.

use anyhow::Result;
use serde_json::{Value, json};
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

#[test]
fn a_bench_of_a_bulk_cancel_checks_that_exactly_its_jobs_were_cancelled() -> Result<()> {
    let words = ["bench", "bulk-cancel", "--jobs", "1500", "--rounds", "2", "--callers", "4"];
    let ended = taskyard(&[&words[..], &["--json"]].concat())?;
    assert_ended(&ended, 0, &[], &[]);
    let report: Value = serde_json::from_str(&ended.stdout)?;
    for count in ["done", "cancelled"] {
        assert_eq!(report["check"][count], json!([1500, 1500]), "{count}: {report}");
    }
    assert_eq!(report["check"]["cancelled_after_reopening"], 1500, "{report}");
    assert!(report["check"]["added"].as_u64().is_some_and(|added| added > 0), "{report}");
    assert_eq!(report["check"]["added_after_reopening"], report["check"]["added"], "{report}");
    for rates in ["alone", "during", "ratio"] {
        let rounds = report[rates]["rounds"].as_array().cloned().unwrap_or_default();
        assert!(
            rounds.len() == 2 && rounds.iter().all(|rate| rate.as_f64() > Some(0.0)),
            "{rates}: {report}"
        );
    }
    Ok(())
}
