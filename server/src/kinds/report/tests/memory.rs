//! Memory stays flat, however many rows there are.

use std::process::Command;

use serde_json::json;

use super::{Office, asking};

/// How many rows the child reads.
const ROWS_VARIABLE: &str = "TASKYARD_TEST_REPORT_ROWS";
/// What a million rows would take many times over.
const MOST_GROWTH_KIB: u64 = 24 * 1024;

/// The highest that this process ever was in memory.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("it is said");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Other tests of this process would be measured too, so it is done in another one.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_rows() {
    let exe = std::env::current_exe().expect("this program");
    let name = "kinds::report::tests::memory::one_process_by_itself";
    let rows = std::env::var(ROWS_VARIABLE).unwrap_or_else(|_| "200000".to_owned());
    let mut child = Command::new(exe);
    child.args([name, "--exact", "--ignored", "--nocapture"]).env(ROWS_VARIABLE, rows);
    let output = child.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[actix::test]
#[ignore = "run by memory_does_not_grow_with_the_rows in a process of its own"]
async fn one_process_by_itself() {
    let rows: u32 = std::env::var(ROWS_VARIABLE).ok().and_then(|rows| rows.parse().ok()).unwrap_or(200_000);
    let office = Office::with_shop("").await;
    let query = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)
        SELECT n, n / 7.0 AS share, 'Row number ' || n AS name, n % 2 = 0 AS even, hex(n * 2654435761) AS code FROM c";
    let chart = json!({"kind": "line", "x": "n", "y": ["share"]});
    let args = |rows: u32| {
        asking(
            "shop",
            query,
            json!({"parameters": [rows], "chart": chart, "max_rows": rows, "timeout_s": 3600}),
        )
    };
    office.made(args(2_000)).await;
    let (before, begun) = (peak_kib(), std::time::Instant::now());
    let job = office.made(args(rows)).await;
    let (after, took) = (peak_kib(), begun.elapsed());
    let bytes = job.result.as_ref().map(|result| result["bytes"].clone());
    let report = format!("{rows} rows, {bytes:?} bytes, {took:?}: {before} KiB before, {after} KiB at most");
    assert_eq!(job.result.expect(&report)["rows"], rows);
    assert!(after - before < MOST_GROWTH_KIB, "{report}");
    if let Ok(path) = std::env::var("TASKYARD_TEST_REPORT_FIGURES") {
        std::fs::write(path, report).expect("written");
    }
    office.close().await;
}
