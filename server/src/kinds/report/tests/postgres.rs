//! A real PostgreSQL server.

use serde_json::json;
use taskyard_shared::job::JobState;

use super::cluster::{Cluster, cluster};
use super::{Office, asking};
use crate::services::pool::PoolSettings;

async fn office(cluster: &Cluster) -> Office {
    cluster.connect().await;
    Office::open("books", |_| cluster.target()).await
}

#[actix::test]
async fn every_type_becomes_text_or_a_number() {
    let cluster = cluster();
    let office = office(&cluster).await;
    let table = [
        ("true", "true"),
        ("(-7)::int2", "-7"),
        ("9007199254740993::int8", "9007199254740993"),
        ("0.1::float4", "0.1"),
        ("1e300::float8 * 1e10", ""),
        ("12345678901234567890.0120::numeric", "12345678901234567890.0120"),
        ("-0.0005::numeric", "-0.0005"),
        ("0::numeric", "0"),
        ("10000::numeric", "10000"),
        ("100000000.00010::numeric", "100000000.00010"),
        ("'NaN'::numeric", "NaN"),
        ("'text'::text", "text"),
        ("'a'::char(3)", "a  "),
        ("'name'::name", "name"),
        ("null::int", ""),
        ("'{\"a\": [1]}'::jsonb", "\"{\"\"a\"\": [1]}\""),
        ("'{\"a\":1}'::json", "\"{\"\"a\"\":1}\""),
        ("'6f9619ff-8b86-d011-b42d-00c04fc964ff'::uuid", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("date '2024-02-29'", "2024-02-29"),
        ("date '0044-03-15 BC'", "0044-03-15 BC"),
        ("date 'infinity'", "infinity"),
        ("time '04:05:06.7'", "04:05:06.7"),
        ("timestamp '1999-12-31 23:59:59.999999'", "1999-12-31 23:59:59.999999"),
        ("timestamptz '2024-06-01 12:00:00+02'", "2024-06-01 10:00:00+00"),
        ("timestamp 'infinity'", "infinity"),
        ("interval '1 year 3 days -04:05:06'", "12 mons 3 days -04:05:06"),
        ("'\\x00ff'::bytea", "\\x00ff"),
        ("array[1, null, 3]", "\"{1,NULL,3}\""),
        ("array[]::int[]", "{}"),
        ("array['a b', 'c', '']", "\"{\"\"a b\"\",c,\"\"\"\"}\""),
    ];
    for (expression, text) in table {
        // What fails in the server is said, too.
        let args = asking("books", &format!("SELECT {expression} AS v"), json!({"formats": ["csv"]}));
        let job = office.ended(args).await;
        match text {
            "" if expression.contains("1e300") => {
                assert!(job.error.is_some_and(|error| error.contains("out of range")), "{expression}");
            }
            text => {
                assert_eq!(job.job.state, JobState::Completed, "{expression}: {:?}", job.error);
                let csv = office.text(&job, "report.csv");
                let line = if text.is_empty() { "\"\"" } else { text };
                assert_eq!(csv, format!("v\r\n{line}\r\n"), "{expression}");
            }
        }
    }
    let error = office.refused(asking("books", "SELECT '1.2.3.4'::inet AS host", json!({}))).await;
    let says = "the column \"host\" is of the type inet, which a report cannot show; cast its expression to text in the query, with ::text";
    assert_eq!(error, says);
    for array in ["array[[1, 2], [3, 4]]", "'[2:3]={7,8}'::int[]"] {
        let error = office.refused(asking("books", &format!("SELECT {array} AS v"), json!({}))).await;
        let says = "the column \"v\" has a value of the type _int4, which a report cannot show \
            (arrays are shown that have one dimension, which begins at 1); \
            cast its expression to text in the query, with ::text";
        assert_eq!(error, says, "{array}");
    }
    office.close().await;
}

#[actix::test]
async fn parameters_get_the_types_of_the_query() {
    let cluster = cluster();
    let office = office(&cluster).await;
    let query = "SELECT $1::int + 1 AS a, $2::date AS b, $3::text AS c, $4::jsonb -> 'k' AS d, $5::bool AS e";
    let given = json!({"parameters": [41, "2024-01-02", null, {"k": [1]}, true], "formats": ["csv"]});
    let job = office.made(asking("books", query, given)).await;
    assert_eq!(office.text(&job, "report.csv"), "a,b,c,d,e\r\n42,2024-01-02,,[1],true\r\n");
    let error = office.refused(asking("books", "SELECT $1::int AS a", json!({"parameters": ["x"]}))).await;
    assert!(error.contains("invalid input syntax for type integer"), "{error}");
    let error = office.refused(asking("books", "SELECT $1::int AS a", json!({}))).await;
    assert_eq!(error, "the query has 1 parameter, and the job gives 0");
    office.close().await;
}

#[actix::test]
async fn statements_that_write_are_refused_for_good() {
    let cluster = cluster();
    let office = office(&cluster).await;
    let direct = cluster.connect().await;
    direct
        .batch_execute(
            "CREATE TABLE kept (n int);
             INSERT INTO kept VALUES (1);
             CREATE FUNCTION add_one() RETURNS int LANGUAGE sql AS 'INSERT INTO kept VALUES (2) RETURNING n';",
        )
        .await
        .expect("made");
    let file = office.folder.path().join("out");
    let copy = format!("COPY kept TO '{}'", file.display());
    for (query, why) in [
        ("DELETE FROM kept", "it gives no rows"),
        ("DELETE FROM kept RETURNING n", "cannot execute DELETE in a read-only transaction"),
        ("WITH gone AS (DELETE FROM kept RETURNING n) SELECT * FROM gone", "in a read-only transaction"),
        ("SELECT add_one()", "cannot execute INSERT in a read-only transaction"),
        ("EXPLAIN ANALYZE DELETE FROM kept", "cannot execute DELETE in a read-only transaction"),
        ("SET TRANSACTION READ WRITE", "it gives no rows"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "read-write mode"),
        ("COMMIT", "it gives no rows"),
        (&copy, "it gives no rows"),
        ("DO 'BEGIN DELETE FROM kept; END'", "it gives no rows"),
        ("SELECT 1; DELETE FROM kept", "cannot insert multiple commands into a prepared statement"),
    ] {
        let error = office.refused(asking("books", query, json!({}))).await;
        assert!(error.contains(why), "{query}: {error}");
    }
    assert!(!file.exists());
    let job = office.made(asking("books", "SELECT * FROM kept", json!({"formats": ["csv"]}))).await;
    assert_eq!(office.text(&job, "report.csv"), "n\r\n1\r\n");
    let error = office.refused(asking("books", "SELECT * FROM boks", json!({}))).await;
    assert_eq!(error, "the query fails: relation \"boks\" does not exist (SQLSTATE 42P01)");
    direct.batch_execute("DROP FUNCTION add_one; DROP TABLE kept").await.expect("removed");
    office.close().await;
}

/// How many queries run in the server that have this in their text.
async fn running(direct: &tokio_postgres::Client, mark: &str) -> i64 {
    let query = "SELECT count(*) FROM pg_stat_activity
        WHERE state = 'active' AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()";
    direct.query_one(query, &[&mark]).await.expect("answered").get(0)
}

async fn until_running(direct: &tokio_postgres::Client, mark: &str, wanted: i64) {
    let begun = std::time::Instant::now();
    while running(direct, mark).await != wanted {
        assert!(begun.elapsed() < super::PATIENCE, "{mark}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[actix::test]
async fn a_query_that_never_ends_is_stopped_in_the_server_by_its_time_and_by_cancelling() {
    let cluster = cluster();
    let office = office(&cluster).await;
    let direct = cluster.connect().await;
    let endless = |mark: &str| {
        format!(
            "/* {mark} */ WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT 1 FROM c) SELECT count(*) FROM c"
        )
    };
    let job = office.ended(asking("books", &endless("by time"), json!({"timeout_s": 1}))).await;
    assert_eq!(job.error.as_deref(), Some("the query took longer than 1 s, so it was stopped"));
    assert_eq!(job.job.state, JobState::Scheduled, "it is tried again");
    office.pool_is_unused("books").await;
    until_running(&direct, "by time", 0).await;

    let id = office.add(asking("books", &endless("by hand"), json!({}))).await;
    until_running(&direct, "by hand", 1).await;
    office.yard.cancel(id).await.expect("cancelled");
    until_running(&direct, "by hand", 0).await;
    office.pool_is_unused("books").await;
    office.close().await;
}

#[actix::test]
async fn a_row_that_takes_too_much_memory_is_refused_for_good() {
    let cluster = cluster();
    let office = office(&cluster).await;
    for (sent, columns) in [
        ("much", "repeat('x', 20000000) AS a, repeat('x', 20000000) AS b"),
        ("less, and twice as much as text", "decode(repeat('00', 20000000), 'hex') AS a"),
        (
            "little, and a thousand times as much as text",
            "array_fill(0::numeric(1000, 1000), array[50000]) AS a",
        ),
    ] {
        let error = office.refused(asking("books", &format!("SELECT {columns}"), json!({}))).await;
        assert_eq!(error, "a row takes more than 32 MiB, which is the most that a report takes", "{sent}");
    }
    office.close().await;
}

#[actix::test]
async fn many_rows_are_streamed_and_no_more_of_them_than_wanted() {
    let cluster = cluster();
    let office = office(&cluster).await;
    let rows =
        |count: u64| format!("SELECT n, 'Row number ' || n AS name FROM generate_series(1, {count}) AS n");
    let job = office.made(asking("books", &rows(50_000), json!({}))).await;
    assert_eq!(job.result.as_ref().map(|result| &result["rows"]), Some(&json!(50_000)));
    let csv = office.text(&job, "report.csv");
    assert_eq!((csv.lines().count(), csv.lines().last()), (50_001, Some("50000,Row number 50000")));
    // It would take minutes to send all of them.
    let cut = json!({"max_rows": 1000, "over_cap": "cut", "timeout_s": 20});
    let endless = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT n FROM c";
    let job = office.made(asking("books", endless, cut)).await;
    let result = job.result.expect("a result");
    assert_eq!((&result["rows"], &result["truncated"]), (&json!(1000), &json!(true)));
    let error = office.refused(asking("books", &rows(100), json!({"max_rows": 99}))).await;
    assert!(error.starts_with("the query has more than 99 rows"), "{error}");
    office.close().await;
}

#[actix::test]
async fn what_a_report_leaves_in_its_session_is_gone_before_the_next_one() {
    let cluster = cluster();
    cluster.connect().await;
    let office =
        Office::open_with("books", |_| PoolSettings { max_size: 1, ..PoolSettings::new(cluster.target()) });
    let office = office.await;
    let csv = json!({"formats": ["csv"]});
    // It does not end with the transaction.
    let leave = "SELECT pg_backend_pid() AS pid, pg_advisory_lock(42)::text AS locked";
    let job = office.made(asking("books", leave, csv.clone())).await;
    let first = office.text(&job, "report.csv");
    let look = "SELECT pg_backend_pid() AS pid, count(*) AS locks FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid()";
    let job = office.made(asking("books", look, csv)).await;
    let second = office.text(&job, "report.csv");
    let pid = |text: &str| text.lines().nth(1).and_then(|line| line.split(',').next()).map(str::to_owned);
    assert_eq!(pid(&first), pid(&second), "it is the same connection");
    assert!(second.ends_with(",0\r\n"), "{second}");
    office.close().await;
}

#[actix::test]
async fn a_query_that_the_server_stops_by_itself_is_tried_again_and_says_whose_doing_it_was() {
    let cluster = cluster();
    let office = office(&cluster).await;
    let direct = cluster.connect().await;
    let id = office.add(asking("books", "/* by admin */ SELECT pg_sleep(300)::text", json!({}))).await;
    until_running(&direct, "by admin", 1).await;
    let stop = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
        WHERE query LIKE '/* by admin */%' AND pid <> pg_backend_pid()";
    direct.query(stop, &[]).await.expect("answered");
    let job = office.until(id, |job| job.job.state == JobState::Scheduled).await;
    let says = "the query fails: canceling statement due to user request (SQLSTATE 57014)";
    assert_eq!(job.error.as_deref(), Some(says));
    office.close().await;
}
