//! Nothing of a program goes on when its attempt is over.

use std::time::Instant;

use super::super::group::{Group, Left};
use super::*;

#[tokio::test]
async fn cancelling_ends_what_the_program_started_too() {
    let mut attempt = begin(script("sleep 1000 & echo $!; wait"), json!({}));
    let grandchild = attempt.first_line().await;
    assert!(is_running(&grandchild));
    attempt.context.cancel.cancel();
    attempt.ended().await.0.expect_err("cancelled");
    until_gone(&grandchild).await;
}

#[tokio::test]
async fn an_attempt_that_is_dropped_still_holds_its_slot_until_the_program_has_ended() {
    let attempt =
        begin(script("trap 'sleep 0.2; exit 0' TERM; echo $$; while :; do sleep 0.05; done"), json!({}));
    let pid = attempt.first_line().await;
    attempt.context.cancel.cancel();
    attempt.result.abort();
    let TestContext { ctx, mut ends, .. } = attempt.context;
    drop(ctx);
    let ended = tokio::time::timeout(PATIENCE, ends.all_ended.recv()).await;
    assert_eq!(ended.expect("it ends"), None);
    assert!(!is_running(&pid));
}

#[tokio::test]
async fn a_program_may_end_by_itself_when_it_is_asked_to() {
    let mut attempt =
        begin(script("trap 'echo tidied; exit 0' TERM; echo ready; sleep 1000 & wait"), json!({}));
    attempt.first_line().await;
    attempt.context.cancel.cancel();
    let (_, log) = attempt.ended().await;
    assert_eq!(log, ["info: ready", "info: tidied"]);
}

#[tokio::test]
async fn what_ignores_the_request_is_killed_after_its_grace() {
    let ignores = "trap '' TERM; (while :; do sleep 0.05; done) & echo $!; wait";
    let mut attempt = begin(CommandConfig { grace_s: 1, ..script(ignores) }, json!({}));
    let grandchild = attempt.first_line().await;
    let begun = Instant::now();
    attempt.context.cancel.cancel();
    attempt.ended().await.0.expect_err("cancelled");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    until_gone(&grandchild).await;
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_ended_and_has_failed() {
    let config = CommandConfig { timeout_s: 1, ..script("sleep 1000 & echo $!; wait") };
    let mut attempt = begin(config, json!({}));
    let grandchild = attempt.first_line().await;
    let error = attempt.ended().await.0.expect_err("too long");
    assert_eq!(error.message, "try took longer than 1 s, so it was ended");
    until_gone(&grandchild).await;
}

#[tokio::test]
async fn what_a_program_leaves_running_is_ended_with_it() {
    let (result, log) = run(script("sleep 1000 & echo $!"), json!({})).await;
    let result = result.expect("success");
    until_gone(result["stdout"].as_str().expect("text").trim()).await;
    assert_eq!(log.last().map(String::as_str), Some("warn: it left processes running, which were ended"));
}

#[tokio::test]
async fn a_process_that_left_the_group_does_not_hold_the_attempt_up() {
    // Without setsid on this machine there is nothing to leave it with.
    if std::process::Command::new("setsid").arg("true").status().is_err() {
        return;
    }
    let (result, log) = run(script("setsid sleep 30 & sleep 0.2; echo $!"), json!({})).await;
    result.expect("success");
    let last = log.last().expect("lines");
    assert!(last.contains("a process that left the program's group"), "{last}");
}

#[tokio::test]
async fn a_group_that_is_dropped_is_killed() {
    let mut command = tokio::process::Command::new("/bin/sh");
    command.args(["-c", "trap '' TERM; sleep 1000 & echo $!; wait"]).stdout(std::process::Stdio::piped());
    let mut group = Group::start(&mut command).expect("started");
    let mut stdout = tokio::io::BufReader::new(group.child().stdout.take().expect("a pipe"));
    let mut pid = String::new();
    tokio::io::AsyncBufReadExt::read_line(&mut stdout, &mut pid).await.expect("a line");
    drop(group);
    until_gone(pid.trim()).await;
}

#[tokio::test]
async fn a_group_of_which_nothing_is_left_needs_no_ending() {
    let mut group = Group::start(&mut tokio::process::Command::new("true")).expect("started");
    assert!(group.wait().await.expect("waited for").success());
    assert_eq!(group.end(PATIENCE).await.expect("ended"), Left::Nothing);
}
