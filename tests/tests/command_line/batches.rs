//! Several jobs at once: `add-many`, and how far they are.

use std::fs::{self, File};
use std::process::Command;

use anyhow::Result;
use serde_json::Value;
use taskyard_tests::server::{TestServer, binary};
use tempfile::TempDir;

use crate::{assert_ended, json, run};

const TEA: &str = r#"{"kind":"demo","args":{"name":"Tea"}}"#;
const TOO_LONG: &str = r#"{"kind":"demo","args":{"name":"Long","duration":31}}"#;

/// A server whose jobs stay where they are, and a file with this text.
fn prepared(text: &str) -> Result<(TestServer, TempDir, String)> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    let folder = TempDir::new()?;
    let file = folder.path().join("jobs.json");
    fs::write(&file, text)?;
    let path = file.display().to_string();
    Ok((server, folder, path))
}

#[test]
fn many_jobs_are_a_batch_that_one_more_job_closes() -> Result<()> {
    let (server, _folder, file) = prepared(&format!("[{TEA},{TEA}]"))?;
    let words = ["add-many", &file, "--batch", "nightly", "--then", TEA];
    let said = ["jobs[0]: job 1 is added", "jobs[1]: job 2 is added", "then: job 3 is added"];
    assert_ended(&run(&server, &words)?, 0, &said, &["3 of 3 jobs, as batch 1"]);
    let batch = run(&server, &["batch", "1"])?;
    assert_ended(&batch, 0, &["batch 1 nightly: 0 of 3 jobs ended", "pending    2", "waiting    1"], &[]);
    run(&server, &["cancel", "1", "2"])?;
    assert_eq!(json(&server, &["show", "3"])?["job"]["state"], "pending", "however the others ended");
    let rows = json(&server, &["list", "--batch", "1"])?["rows"].as_array().map(Vec::len);
    assert_eq!(rows, Some(3));
    Ok(())
}

#[test]
fn one_wrong_job_keeps_the_others_out_unless_each_is_for_itself() -> Result<()> {
    let (server, _folder, file) = prepared(&format!("[{TEA},{TOO_LONG}]"))?;
    let refused = run(&server, &["add-many", &file])?;
    assert_ended(&refused, 3, &[], &["so none was", "jobs[1]: ", "duration must be 1 to 30"]);
    assert_ended(&run(&server, &["list"])?, 0, &[], &["no jobs"]);
    let each = run(&server, &["add-many", &file, "--mode", "each"])?;
    assert_ended(&each, 3, &["jobs[0]: job 1 is added"], &["jobs[1]: ", "must be 1 to 30", "1 of 2 jobs"]);
    assert_eq!(each.stdout.lines().count(), 1);
    Ok(())
}

#[test]
fn lines_of_jobs_come_one_after_the_other_from_standard_input() -> Result<()> {
    let (server, _folder, file) = prepared(&format!("{TEA}\n{TEA}\n"))?;
    let mut command = Command::new(binary()?);
    command
        .args(["add-many", "-", "--chain", "--json", "--server", &server.url("")])
        .stdin(File::open(&file)?);
    let output = command.output()?;
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&answer["outcomes"][0]["id"], &answer["outcomes"][1]["id"]), (&1.into(), &2.into()));
    assert_ended(&run(&server, &["explain", "2"])?, 0, &["it waits for job 1"], &[]);
    Ok(())
}

#[test]
fn the_file_says_its_own_terms_and_what_is_typed_wins() -> Result<()> {
    let text = format!(r#"{{"jobs":[{TEA},{TOO_LONG}],"mode":"all_or_nothing","batch":"mine"}}"#);
    let (server, _folder, file) = prepared(&text)?;
    let added = run(&server, &["add-many", &file, "--mode", "each"])?;
    assert_ended(&added, 3, &["job 1 is added"], &["as batch 1"]);
    assert_eq!(json(&server, &["batch", "1"])?["name"], "mine");
    Ok(())
}

#[test]
fn what_is_no_job_is_refused_with_its_place() -> Result<()> {
    for (text, says) in [
        (format!("{TEA}\n{{\"kid\":1}}"), "line 2 is not a job: unknown field `kid`"),
        (format!("[{TEA},7]"), "jobs[1] is not a job"),
        ("no JSON".to_owned(), "line 1 is not JSON"),
        (String::new(), "jobs"),
    ] {
        let (server, _folder, file) = prepared(&text)?;
        let refused = run(&server, &["add-many", &file])?;
        assert_ended(&refused, 3, &[], &[says]);
        assert_eq!(refused.stdout, "", "{text}");
    }
    Ok(())
}
