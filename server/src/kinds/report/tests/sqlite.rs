//! SQLite files, and what every report does.

use serde_json::{Value, json};
use taskyard_shared::command::Command;
use taskyard_shared::job::JobState;
use taskyard_shared::new_job::NewJob;
use tempfile::TempDir;

use super::{Office, asking};
use crate::services::pool::{PoolTarget, SqliteSettings};

const BOOKS: &str = "
    CREATE TABLE book (title TEXT, pages INTEGER, price REAL, cover BLOB);
    INSERT INTO book VALUES ('Emma', 474, 8.5, x'00ff'), ('He said \"no, no\"', NULL, -1.25, NULL);
    CREATE TABLE number (n INTEGER);
    WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 3000)
    INSERT INTO number SELECT n FROM count;";

/// Never comes to its end.
const ENDLESS: &str =
    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";

#[actix::test]
async fn a_query_becomes_all_three_files_with_its_types() {
    let office = Office::with_shop(BOOKS).await;
    let job = office.made(asking("shop", "SELECT * FROM book ORDER BY pages DESC -- all;", json!({}))).await;
    let csv = "title,pages,price,cover\r\nEmma,474,8.5,\\x00ff\r\n\"He said \"\"no, no\"\"\",,-1.25,\r\n";
    assert_eq!(office.text(&job, "report.csv"), csv);
    let sheet = office.sheet(&job);
    assert!(
        sheet.contains("<v>474</v>") && sheet.contains("<v>-1.25</v>") && sheet.contains(">Emma<"),
        "{sheet}"
    );
    assert!(!sheet.contains("<f>"));
    let page = office.text(&job, "report.html");
    assert!(
        page.contains("<td class=\"number\">474</td>") && page.contains("<td class=\"null\"></td>"),
        "{page}"
    );
    assert!(page.contains("<p>2 rows.</p>"));
    let result = job.result.expect("a result");
    assert_eq!(result["rows"], 2);
    assert_eq!(result["columns"], json!(["title", "pages", "price", "cover"]));
    assert_eq!(result["truncated"], false);
    assert_eq!(result["files"].as_array().map(Vec::len), Some(3));
    let bytes: u64 = job.artifacts.iter().map(|file| file.bytes).sum();
    assert_eq!(result["bytes"], bytes);
    let types: Vec<&str> = job.artifacts.iter().map(|file| file.media_type.as_str()).collect();
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(types, ["text/csv", "text/html", sheet]);
    office.close().await;
}

#[actix::test]
async fn parameters_are_bound_and_counted() {
    let office = Office::with_shop(BOOKS).await;
    let query = "SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?4 AS d, typeof(?1) || typeof(?4) AS t";
    let given = json!({ "parameters": ["x'; DROP TABLE book; --", true, null, 1.5], "formats": ["csv"] });
    let job = office.made(asking("shop", query, given)).await;
    assert_eq!(office.text(&job, "report.csv"), "a,b,c,d,t\r\nx'; DROP TABLE book; --,1,,1.5,textreal\r\n");
    let error = office.refused(asking("shop", "SELECT ?", json!({}))).await;
    assert_eq!(error, "the query has 1 parameter, and the job gives 0");
    for number in ["9223372036854775808", "18446744073709551615", "-99999999999999999999"] {
        let number: Value = serde_json::from_str(number).expect("a number");
        let error = office.refused(asking("shop", "SELECT ?, ?", json!({"parameters": [1.5, number]}))).await;
        assert!(error.starts_with("the parameter 2 is a whole number beyond the 64 bits"), "{error}");
    }
    let given = json!({"parameters": [i64::MAX, i64::MIN], "formats": ["csv"]});
    let job = office.made(asking("shop", "SELECT ? AS a, ? AS b", given)).await;
    assert_eq!(office.text(&job, "report.csv"), "a,b\r\n9223372036854775807,-9223372036854775808\r\n");
    office.close().await;
}

#[actix::test]
async fn what_does_more_than_read_is_refused_for_good() {
    let office = Office::with_shop(BOOKS).await;
    let other = office.folder.path().join("data/taskyard.db");
    let attach = format!("ATTACH DATABASE '{}' AS other", other.display());
    let copy = office.folder.path().join("copy.db");
    let vacuum = format!("VACUUM INTO '{}'", copy.display());
    let calls =
        |name: &str| format!("it calls {name}, which is not among the functions that reports may call");
    let table = [
        ("DELETE FROM book", "it writes to book"),
        ("INSERT INTO book (title) VALUES ('x') RETURNING title", "it writes to book"),
        ("UPDATE book SET title = 'x'", "it writes to book"),
        ("DROP TABLE book", "it writes to sqlite_master"),
        ("CREATE TABLE a (b)", "it writes to sqlite_master"),
        ("CREATE TEMP TABLE a AS SELECT 1", "it writes to sqlite_temp_master"),
        ("PRAGMA query_only = 0", "it uses the pragma query_only"),
        ("PRAGMA journal_mode = DELETE", "it uses the pragma journal_mode"),
        ("BEGIN IMMEDIATE", "it steers transactions"),
        (&vacuum, "it writes"),
        (&attach, "it opens another file"),
        ("SELECT load_extension('x')", &calls("load_extension")),
        ("SELECT sqlite_log(1, 'x')", &calls("sqlite_log")),
        ("SELECT fts3_tokenizer('simple')", &calls("fts3_tokenizer")),
        ("SELECT 1; SELECT 2", "it is more than one statement"),
        ("SELECT 1; DELETE FROM book", "it writes to book"),
    ];
    for (query, why) in table {
        let error = office.refused(asking("shop", query, json!({}))).await;
        let begins = "a report takes a single statement that reads; this one is refused, because ";
        assert!(error.starts_with(begins) && error.ends_with(why), "{query}: {error}");
    }
    assert!(!copy.exists());
    // Given as parameters, SQLite itself would let its callers have and set an address in the process.
    for (query, parameters) in [
        ("SELECT hex(fts3_tokenizer(?)) AS t", json!(["simple"])),
        ("SELECT hex(FTS3_Tokenizer(?, ?)) AS t", json!(["simple", "AAAAAAAA"])),
    ] {
        let error = office.refused(asking("shop", query, json!({"parameters": parameters}))).await;
        assert!(error.ends_with(&calls("fts3_tokenizer")), "{query}: {error}");
    }
    let job =
        office.made(asking("shop", "SELECT count(*) AS books FROM book", json!({"formats": ["csv"]}))).await;
    assert_eq!(office.text(&job, "report.csv"), "books\r\n2\r\n");
    office.close().await;
}

#[actix::test]
async fn full_text_search_and_json_are_reading() {
    let office = Office::with_shop(
        "CREATE VIRTUAL TABLE page USING fts5(text);
         INSERT INTO page VALUES ('the quick fox'), ('the lazy dog');",
    )
    .await;
    let query = "SELECT highlight(page, 0, '[', ']') AS found, (SELECT json_group_array(value) FROM json_each('[1,2]')) AS list
        FROM page WHERE page MATCH 'fox' ORDER BY rank";
    let job = office.made(asking("shop", query, json!({"formats": ["csv"]}))).await;
    assert_eq!(office.text(&job, "report.csv"), "found,list\r\nthe quick [fox],\"[1,2]\"\r\n");
    office.close().await;
}

#[actix::test]
async fn wrong_sql_is_told_at_once() {
    let office = Office::with_shop(BOOKS).await;
    for (query, says) in [
        ("SELEC 1", "near \"SELEC\": syntax error"),
        ("SELECT * FROM boks", "no such table: boks"),
        ("-- nothing", "the query fails"),
        ("SELECT zeroblob(100000000)", "string or blob too big"),
    ] {
        let error = office.refused(asking("shop", query, json!({}))).await;
        assert!(error.contains(says), "{query}: {error}");
    }
    let chart = json!({"chart": {"kind": "bar", "x": "a", "y": ["c"]}});
    let error = office.refused(asking("shop", "SELECT 1 AS a, 2 AS b", chart)).await;
    assert_eq!(error, "the chart names the column \"c\"; the query has a, b");
    let chart = json!({"chart": {"kind": "bar", "x": "a", "y": ["b"]}});
    let error = office.refused(asking("shop", "SELECT 1 AS a, 2 AS b, 3 AS b", chart)).await;
    assert_eq!(error, "the chart names the column \"b\"; the query has 2 of that name");
    office.close().await;
}

#[actix::test]
async fn wrong_arguments_are_refused_before_anything_is_stored() {
    let office = Office::with_shop(BOOKS).await;
    let chart = json!({"kind": "bar", "x": "a", "y": ["b"]});
    let table = [
        (asking("shpo", "SELECT 1", json!({})), "/pool"),
        (json!({"pool": "shop"}), "/query"),
        (asking("shop", " ", json!({})), "/query"),
        (asking("shop", "SELECT 1", json!({"max_rows": 1_000_001})), "/max_rows"),
        (asking("shop", "SELECT 1", json!({"timeout_s": 0})), "/timeout_s"),
        (asking("shop", "SELECT 1", json!({"formats": []})), "/formats"),
        (asking("shop", "SELECT 1", json!({"name": "../a"})), "/name"),
        (asking("shop", "SELECT 1", json!({"name": "😀".repeat(63)})), "/name"),
        (asking("shop", "SELECT 1", json!({"formats": ["csv"], "chart": chart})), "/chart"),
    ];
    for (args, field) in table {
        let shown = args.to_string();
        let error = office.yard.add(NewJob::new("report", args)).await.expect_err("refused");
        assert_eq!(error.fields.first().map(|wrong| wrong.field.as_str()), Some(field), "{shown}: {error:?}");
    }
    office.close().await;
}

#[actix::test]
async fn a_query_that_never_ends_is_stopped_by_its_time_and_by_cancelling() {
    let office = Office::with_shop(BOOKS).await;
    let job = office.ended(asking("shop", ENDLESS, json!({"timeout_s": 1}))).await;
    assert_eq!(job.error.as_deref(), Some("the query took longer than 1 s, so it was stopped"));
    assert_eq!(job.job.state, JobState::Scheduled, "it is tried again");
    office.pool_is_unused("shop").await;

    let id = office.add(asking("shop", ENDLESS, json!({}))).await;
    office.until(id, |job| job.job.state == JobState::Processing).await;
    office.yard.cancel(id).await.expect("cancelled");
    office.pool_is_unused("shop").await;
    assert_eq!(office.until(id, |job| job.job.state.is_finished()).await.job.state, JobState::Cancelled);
    // The connection is as it was: nothing stops the next one.
    office.made(asking("shop", "SELECT * FROM book", json!({}))).await;
    office.close().await;
}

#[actix::test]
async fn a_query_whose_functions_take_long_is_stopped_between_their_calls() {
    let office = Office::with_shop(BOOKS).await;
    // Of the longest values a call takes seconds, and of these a part of one: all rows take half an hour.
    let query = "SELECT sum(instr(a || n, substr(a, 1, 130000) || '1')) AS s
        FROM number, (SELECT hex(zeroblob(130000)) AS a)";
    let begun = std::time::Instant::now();
    let job = office.ended(asking("shop", query, json!({"timeout_s": 1}))).await;
    assert_eq!(job.error.as_deref(), Some("the query took longer than 1 s, so it was stopped"));
    assert!(begun.elapsed() < super::PATIENCE / 2, "{:?}", begun.elapsed());
    let query = "SELECT instr(a, substr(a, 1, 4000000) || '1') FROM (SELECT hex(zeroblob(8000000)) AS a)";
    let error = office.refused(asking("shop", query, json!({}))).await;
    assert!(error.contains("string or blob too big"), "{error}");
    office.close().await;
}

#[actix::test]
async fn a_row_that_takes_too_much_memory_is_refused_for_good() {
    let office = Office::with_shop(BOOKS).await;
    // As text it is twice as long.
    let columns = vec!["randomblob(1000000)"; 17].join(", ");
    let error = office.refused(asking("shop", &format!("SELECT {columns}"), json!({}))).await;
    assert_eq!(error, "a row takes more than 32 MiB, which is the most that a report takes");
    office.close().await;
}

/// How many files without a name this process has open in the office's folder.
#[cfg(target_os = "linux")]
fn temporary_files(office: &Office) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux").flatten();
    let open = open.filter_map(|open| std::fs::read_link(open.path()).ok());
    let files = office.folder.path().join("data/files");
    open.filter(|path| path.starts_with(&files) && path.to_string_lossy().ends_with(" (deleted)")).count()
}

#[actix::test]
async fn progress_counts_rows_and_a_report_cancelled_between_them_leaves_nothing() {
    let office = Office::with_shop(BOOKS).await;
    let query = format!("SELECT n FROM number WHERE n <= 1500 UNION ALL SELECT * FROM ({ENDLESS})");
    let id = office.add(asking("shop", &query, json!({"expected_rows": 3000}))).await;
    // Of the work 0.9 is reading, and 1,500 of 3,000 rows were read.
    office.until(id, |job| job.job.progress.thousandths() == 450).await;
    assert_eq!(office.until_pool("shop", |pool| !pool.users.is_empty()).await.users[0].job, Some(id));
    #[cfg(target_os = "linux")]
    assert_eq!(temporary_files(&office), 2, "of the sheet and of the table, on the disk of the data");
    office.yard.cancel(id).await.expect("cancelled");
    office.pool_is_unused("shop").await;
    let job = office.until(id, |job| job.job.state.is_finished()).await;
    assert_eq!((job.job.state, job.artifacts.len()), (JobState::Cancelled, 0));
    office.close().await;
}

#[actix::test]
async fn a_pool_that_cannot_connect_at_the_start_says_so_and_its_jobs_are_tried_again() {
    let path = |folder: &TempDir| folder.path().join("late.db");
    let target = |folder: &TempDir| PoolTarget::Sqlite(SqliteSettings { path: path(folder) });
    let office = Office::open("late", target).await;
    let status = office.until_pool("late", |pool| pool.last_error.is_some()).await;
    let id = office.add(asking("late", "SELECT title FROM book", json!({"formats": ["csv"]}))).await;
    let waits = office.until(id, |job| job.job.state == JobState::Scheduled).await;
    let error = waits.error.expect("it says why");
    let reason = status.last_error.expect("it was looked at").message;
    assert!(error.contains("late") && reason.contains("unable to open"), "{error}\n{reason}");
    rusqlite::Connection::open(path(&office.folder))
        .and_then(|late| late.execute_batch(BOOKS))
        .expect("made");
    office.yard.execute(Command::RetryJob { id }).await.expect("now");
    let job = office.until(id, |job| job.job.state == JobState::Completed).await;
    assert_eq!(office.text(&job, "report.csv").lines().count(), 3);
    office.close().await;
}

#[actix::test]
async fn over_the_cap_a_report_fails_or_is_cut() {
    let office = Office::with_shop(BOOKS).await;
    let error = office.refused(asking("shop", "SELECT n FROM number", json!({"max_rows": 10}))).await;
    let says =
        "the query has more than 10 rows; raise max_rows, or set over_cap to cut to keep the first ones";
    assert_eq!(error, says);
    let error = office.refused(asking("shop", "SELECT n FROM number", json!({"max_rows": 1}))).await;
    assert!(error.starts_with("the query has more than 1 row; "), "{error}");
    let cut = json!({"max_rows": 10, "over_cap": "cut"});
    let job = office.made(asking("shop", "SELECT n FROM number", cut)).await;
    let result = job.result.clone().expect("a result");
    assert_eq!((&result["rows"], &result["truncated"]), (&json!(10), &json!(true)));
    assert_eq!(office.text(&job, "report.csv").lines().count(), 11);
    assert!(office.text(&job, "report.html").contains("there are more"));
    let exact = json!({"max_rows": 3000});
    let job = office.made(asking("shop", "SELECT n FROM number", exact)).await;
    assert_eq!(job.result.as_ref().map(|result| &result["truncated"]), Some(&json!(false)));
    let page = office.text(&job, "report.html");
    assert_eq!(page.matches("<tr>").count(), 1_001, "the heading and the first 1,000 rows");
    assert!(page.contains("3000 rows; the table shows the first 1000."));
    office.close().await;
}

#[actix::test]
async fn nothing_in_the_data_becomes_markup_or_a_formula() {
    let office = Office::with_shop(BOOKS).await;
    let evil = "<script>alert(1)</script>\"'&";
    let query = "SELECT ?1 AS \"<img src=x onerror=1>\", 5 AS n, '=HYPERLINK(\"http://a.b\")' AS f, -5 AS m";
    let more = json!({
        "parameters": [evil],
        "title": evil,
        "chart": {"kind": "line", "x": "<img src=x onerror=1>", "y": ["n"]},
    });
    let job = office.made(asking("shop", query, more)).await;
    let page = office.text(&job, "report.html");
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;</title>"), "{page}");
    assert!(page.contains("<svg") && page.contains("default-src 'none'"));
    let csv = office.text(&job, "report.csv");
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://a.b\"\")\",-5\r\n"), "{csv}");
    assert!(!office.sheet(&job).contains("<f>"));
    let keep = json!({"formats": ["csv"], "csv_formulas": "keep"});
    let job = office.made(asking("shop", "SELECT '=1' AS f", keep)).await;
    assert_eq!(office.text(&job, "report.csv"), "f\r\n=1\r\n");
    office.close().await;
}

#[actix::test]
async fn a_chart_that_has_nothing_to_draw_is_warned_of() {
    let office = Office::with_shop(BOOKS).await;
    let chart = |y: &str| json!({"chart": {"kind": "bar", "x": "pages", "y": [y]}});
    for (column, warnings) in [("title", 1), ("price", 0)] {
        let job = office.made(asking("shop", "SELECT * FROM book", chart(column))).await;
        let log = office.yard.log(job.job.id, None, 100).await.expect("a log");
        let says = "the chart in report.html is empty: no row has a number in the columns drawn";
        assert_eq!(log.iter().filter(|line| line.text == says).count(), warnings, "{log:?}");
    }
    office.close().await;
}

#[actix::test]
async fn without_a_query_it_is_the_yards_last_day() {
    let office = Office::with_shop(BOOKS).await;
    office.made(asking("shop", "SELECT 1", json!({}))).await;
    let job = office.made(json!({})).await;
    assert_eq!(job.job.name, "The yard's last day");
    let csv = office.text(&job, "report.csv");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("hour,added,completed,failed,cancelled,mean_seconds"));
    assert_eq!(lines.clone().count(), 24);
    let completed: u64 = lines.filter_map(|line| line.split(',').nth(2)?.parse::<u64>().ok()).sum();
    assert_eq!(completed, 1, "{csv}");
    assert!(office.text(&job, "report.html").contains("<rect class=\"s0\""));
    let error = office.refused(json!({"query": "DELETE FROM job"})).await;
    assert!(error.ends_with("it writes to job"), "{error}");
    office.close().await;
}

#[actix::test]
async fn without_any_database_there_is_no_such_kind() {
    let yard = crate::Yard::builder().reports().start().await.expect("started");
    assert!(yard.kinds().is_empty());
    yard.stop(super::PATIENCE).await;
}

#[actix::test]
async fn text_that_a_sheet_cannot_hold_is_cut_there_alone() {
    let office = Office::with_shop(BOOKS).await;
    let query =
        "SELECT replace(hex(zeroblob(20000)), '0', 'ä') AS long, 12345678901234567 AS digits, 1e999 AS inf";
    let job = office.made(asking("shop", query, json!({}))).await;
    assert_eq!(office.text(&job, "report.csv").matches('ä').count(), 40_000);
    let sheet = office.sheet(&job);
    assert_eq!(sheet.matches('ä').count(), 32_766);
    assert!(
        sheet.contains(">12345678901234567<") && !sheet.contains("<v>1234567890123456"),
        "digits are kept"
    );
    let log = office.yard.log(job.job.id, None, 100).await.expect("a log");
    assert!(log.iter().any(|line| line.text.starts_with("cut 1 cell in report.xlsx")), "{log:?}");
    assert_eq!(job.result.map(|result| result["rows"].clone()), Some(Value::from(1)));
    office.close().await;
}
