//! Memory stays flat, however many rows there are.

use std::process::Command;

use serde_json::{Value, json};

use super::cluster::cluster;
use super::{Office, asking};

/// How many rows the child reads.
const ROWS_VARIABLE: &str = "TASKYARD_TEST_REPORT_ROWS";
/// A file to which the child adds a line of what it measured.
const FIGURES_VARIABLE: &str = "TASKYARD_TEST_REPORT_FIGURES";
const USUAL_ROWS: u32 = 200_000;
/// Less than half of the CSV of so many rows, which the other files are added to.
const MOST_GROWTH_KIB: u64 = 6 * 1024;

/// The highest that this process ever was in memory.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("it is said");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Other tests of this process would be measured too, so it is done in another one.
fn in_a_process_of_its_own(name: &str) {
    let exe = std::env::current_exe().expect("this program");
    let name = format!("kinds::report::tests::memory::{name}");
    let output = Command::new(exe).args([&name, "--exact", "--ignored", "--nocapture"]).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_rows_of_sqlite() {
    in_a_process_of_its_own("rows_of_sqlite");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_rows_of_postgresql() {
    in_a_process_of_its_own("rows_of_postgresql");
}

#[actix::test]
#[ignore = "run by memory_does_not_grow_with_the_rows_of_sqlite in a process of its own"]
async fn rows_of_sqlite() {
    let query = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)
        SELECT n, n / 7.0 AS share, 'Row number ' || n AS name, n % 2 = 0 AS even, hex(n * 2654435761) AS code FROM c";
    measure(Office::with_shop("").await, "shop", query).await;
}

#[actix::test]
#[ignore = "run by memory_does_not_grow_with_the_rows_of_postgresql in a process of its own"]
async fn rows_of_postgresql() {
    let cluster = cluster();
    cluster.connect().await;
    let query = "SELECT n, n / 7.0::float8 AS share, 'Row number ' || n AS name, n % 2 = 0 AS even, md5(n::text) AS code
        FROM generate_series(1, $1::int) AS n";
    measure(Office::open("books", |_| cluster.target()).await, "books", query).await;
}

/// Reports few rows first, so that what any report takes is there, and then many.
async fn measure(office: Office, pool: &str, query: &str) {
    let rows = std::env::var(ROWS_VARIABLE).ok().and_then(|rows| rows.parse().ok()).unwrap_or(USUAL_ROWS);
    let chart = json!({"kind": "line", "x": "n", "y": ["share"]});
    let args = |rows: u32| -> Value {
        let more = json!({"parameters": [rows], "chart": chart, "max_rows": rows, "timeout_s": 3600});
        asking(pool, query, more)
    };
    office.made(args(2_000)).await;
    let (before, begun) = (peak_kib(), std::time::Instant::now());
    let job = office.made(args(rows)).await;
    let (after, took) = (peak_kib(), begun.elapsed());
    let result = job.result.expect("a result");
    let said = format!(
        "{pool}: {rows} rows, {} bytes, {took:.1?}: {before} KiB before, {after} KiB at most\n",
        result["bytes"]
    );
    assert_eq!(result["rows"], rows);
    assert!(after - before < MOST_GROWTH_KIB, "{said}");
    if let Ok(path) = std::env::var(FIGURES_VARIABLE) {
        let file = std::fs::File::options().create(true).append(true).open(path);
        file.and_then(|mut file| std::io::Write::write_all(&mut file, said.as_bytes())).expect("written");
    }
    office.close().await;
}
