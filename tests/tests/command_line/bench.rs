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

/// With few jobs; every bench but the two above is among them.
#[test]
fn all_benches_pass_their_own_checks_and_are_one_object() -> Result<()> {
    let ended = taskyard(&["bench", "all", "--quick", "--json"])?;
    assert_ended(&ended, 0, &[], &["taskyard bench rundown"]);
    let found: Value = serde_json::from_str(&ended.stdout)?;
    for bench in ["limit", "add", "rundown", "throughput", "sustained", "watch", "backlog"] {
        let durability = found[bench]["durability"].as_str().unwrap_or_default();
        assert!(durability.contains("synchronous=FULL"), "{bench}: {found}");
    }
    for (check, expected) in [
        ("/rundown/figures/0/checks/0/read_after_reopening", 5_000),
        ("/throughput/check/read_after_reopening", 5_000),
        ("/sustained/figures/1/check/read_after_reopening", 500),
        ("/watch/figures/1/tabs", 20),
        ("/watch/figures/2/never_read", 2),
        ("/backlog/figures/0/stored", 0),
        ("/backlog/figures/1/tabs", 10),
        ("/backlog/figures/2/rounds/0/read_after_reopening", 9_000),
        ("/backlog/figures/3/rounds/0/completed", 4_000),
    ] {
        assert_eq!(found.pointer(check).and_then(Value::as_u64), Some(expected), "{check}: {found}");
    }
    for rate in ["/backlog/figures/2/jobs_by_empty/median", "/rundown/figures/1/of_limit/0/share/median"] {
        assert!(found.pointer(rate).and_then(Value::as_f64) > Some(0.0), "{rate}: {found}");
    }
    let shown = found.pointer("/watch/figures/0/commit_to_last_tab/max_ms").and_then(Value::as_f64);
    assert!(shown > Some(0.0), "{found}");
    Ok(())
}

#[test]
fn figures_that_no_bench_can_have_are_refused_with_their_range() -> Result<()> {
    for (words, range) in [
        (["bench", "rundown", "--concurrency", "0"], "0 is not in 1..="),
        (["bench", "add", "--callers", "5001"], "5001 is not in 1..=5000"),
        (["bench", "sustained", "--rate", "0"], "0 is not in 1..=100000"),
        (["bench", "watch", "--tabs", "0"], "0 is not in 1..=20000"),
        (["bench", "watch", "--never-read", "100"], "100 is not in 0..=99"),
        (["bench", "backlog", "--stored", "0"], "0 is not in 1..="),
        (["bench", "limit", "--jobs", "many"], "invalid digit"),
    ] {
        assert_ended(&taskyard(&words)?, 3, &[], &[range]);
    }
    Ok(())
}
