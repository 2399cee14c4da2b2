//! Declared programs in a real server: their log while they run, and that none of them outlives it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};
use taskyard_shared::job::JobState;
use taskyard_shared::new_job::NewJob;
use taskyard_shared::view::ViewQuery;
use taskyard_tests::api::Api;
use taskyard_tests::patience::{PAGE, until};
use taskyard_tests::server::TestServer;
use taskyard_tests::tab::Tab;

const CONFIGURATION: &str = r#"
[shutdown]
deadline_s = 0

[commands.wait]
program = "/bin/sh"
args = ["-c", "echo waiting; while ! [ -e \"$1\" ]; do sleep 0.02; done; echo there", "sh", "{path}"]
parameters.path = { type = "text", max_chars = 1000 }

[commands.flood]
program = "/bin/sh"
args = ["-c", "yes | head -n 300000"]

[commands.stubborn]
program = "/bin/sh"
args = ["-c", "trap '' TERM; (while :; do sleep 0.05; done) & echo $!; wait"]
grace_s = 1
"#;

/// The server finds the file because it works in this folder.
fn configure(data: &Path) -> Result<()> {
    fs::write(data.join("taskyard.toml"), CONFIGURATION).context("cannot write the configuration")
}

fn job(command: &str, parameters: Value) -> NewJob {
    NewJob::new("command", json!({ "command": command, "parameters": parameters }))
}

#[tokio::test]
async fn lines_of_a_program_are_shown_while_it_runs() -> Result<()> {
    let server = TestServer::start_prepared(&[], configure)?;
    let file = server.data_folder().join("go on");
    let mut tab = Tab::open(server.address()).await?;
    let id = tab.add(job("wait", json!({ "path": file }))).await?;
    let log = tab.watch(ViewQuery::Log { job: id }).await?;
    tab.until(|tab| (tab.view(log).log().first()?.text == "waiting").then_some(())).await?;
    let api = Api::new(server.address());
    assert_eq!(api.job(id).await?.job.state, JobState::Processing);
    fs::write(&file, "")?;
    tab.until(|tab| (tab.view(log).log().last()?.text == "there").then_some(())).await?;
    let done = api.job_when(id, JobState::Completed).await?;
    assert_eq!(done.result.context("a result")?["stdout"], "waiting\nthere\n");
    Ok(())
}

#[tokio::test]
async fn a_flood_of_lines_is_cut_and_counted() -> Result<()> {
    let server = TestServer::start_prepared(&[], configure)?;
    let api = Api::new(server.address());
    let id = api.add(&job("flood", json!({}))).await?;
    let done = api.job_when(id, JobState::Completed).await?;
    assert_eq!(done.result.context("a result")?["truncated"], true);
    let log: Value = api.get(&format!("/api/v1/jobs/{id}/log?limit=1")).await?.json()?;
    let last = &log["lines"][0];
    assert_eq!((&last["number"], &last["level"]), (&json!(1_000), &json!("warn")), "{last}");
    assert_eq!(last["text"], "… 299,001 further lines were left out");
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_leaves_no_program_behind() -> Result<()> {
    let mut server = TestServer::start_prepared(&[], configure)?;
    let mut tab = Tab::open(server.address()).await?;
    let id = tab.add(job("stubborn", json!({}))).await?;
    let log = tab.watch(ViewQuery::Log { job: id }).await?;
    let pid = tab.until(|tab| tab.view(log).log().first()?.text.parse().ok()).await?;
    let pid = Pid::from_raw(pid).context("a process")?;
    test_kill_process(pid).context("it runs")?;
    assert_eq!(server.stop()?.code(), Some(0));
    // A process whose new parent has not collected it yet is still there for a moment.
    until(PAGE, || Ok(has_ended(pid).then_some(())))?;
    server.restart()?;
    let again = Api::new(server.address()).job_when(id, JobState::Processing).await?;
    assert_eq!(again.job.failures, 0);
    Ok(())
}

/// Whether nothing of it runs; one that nobody collects may stay in the list for ever.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_err() || stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}
