//! Limits.

use anyhow::Result;
use taskyard_tests::server::TestServer;

use crate::{assert_ended, json, run};

#[test]
fn limits_are_set_changed_listed_and_removed() -> Result<()> {
    let server = TestServer::start()?;
    let mut words = vec!["limit", "set", "mail", "--kind", "demo", "--queue", "demo", "--key", "/name"];
    words.extend(["--concurrency", "1", "--rate", "10/s:5"]);
    let says =
        "limit mail: jobs of queue demo of kind demo with the same /name, 1 at a time and starts at 10/s:5";
    assert_ended(&run(&server, &words)?, 0, &[says], &[]);
    assert_ended(&run(&server, &["limits"])?, 0, &["mail", "/name", "10/s:5", "HELD BACK"], &[]);
    run(&server, &["limit", "set", "mail", "--kind", "demo", "--rate", "100/5m"])?;
    let limit = &json(&server, &["limits"])?["limits"][0]["limit"];
    assert_eq!((&limit["rate"]["count"], &limit["rate"]["per_ms"]), (&100.into(), &300_000.into()));
    assert!(limit["concurrency"].is_null(), "what is not said is not limited any more: {limit}");
    assert_ended(&run(&server, &["limit", "remove", "mail"])?, 0, &["limit mail is removed"], &[]);
    assert_ended(&run(&server, &["limits"])?, 0, &[], &["no limits"]);
    Ok(())
}

#[test]
fn a_limit_that_holds_a_job_back_explains_it() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["concurrency", "demo", "2"])?;
    run(&server, &["limit", "set", "one-each", "--kind", "demo", "--key", "/name", "--concurrency", "1"])?;
    run(&server, &["add", "demo", "name=Tea", "duration=30"])?;
    run(&server, &["add", "demo", "name=Tea", "duration=30"])?;
    assert_ended(&run(&server, &["explain", "2"])?, 0, &["limit one-each holds it back", "Tea"], &[]);
    Ok(())
}
