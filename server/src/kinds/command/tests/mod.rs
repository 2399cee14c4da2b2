//! Declared programs, run for real: most are scripts of `/bin/sh`.

mod ending;
mod files;
mod running;
mod saying;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Command, CommandArgs, CommandConfig, ParameterConfig, ParameterType};
use crate::kinds::tests::{TestContext, TestFiles, test_context, test_files};
use crate::kinds::worker::{JobResult, Worker};
use crate::store::{AfterFailure, AttemptEnd};

/// Longest that a test waits for what a process does.
const PATIENCE: Duration = Duration::from_secs(20);

/// A script, to which the parameters `text` and `number` are `$1` and `$2` where they are declared.
fn script(script: &str) -> CommandConfig {
    let args = ["-c".to_owned(), script.replace('{', "{{").replace('}', "}}"), "sh".to_owned()];
    CommandConfig { args: args.into(), ..CommandConfig::new("/bin/sh") }
}

fn with_parameter(mut config: CommandConfig, name: &str, parameter: ParameterConfig) -> CommandConfig {
    config.args.push(format!("{{{name}}}"));
    config.parameters.insert(name.to_owned(), parameter);
    config
}

fn text() -> ParameterConfig {
    ParameterConfig::new(ParameterType::Text)
}

fn command(config: CommandConfig) -> Command {
    Command::new(&[("try".to_owned(), config)].into()).expect("a good declaration")
}

/// An attempt that a test watches.
struct Attempt {
    context: TestContext,
    files: TestFiles,
    result: tokio::task::JoinHandle<JobResult>,
}

fn begin(config: CommandConfig, parameters: Value) -> Attempt {
    begin_with(config, parameters, test_files())
}

fn begin_with(config: CommandConfig, parameters: Value, files: TestFiles) -> Attempt {
    let context = test_context(&files.files);
    let parameters: Map<String, Value> = serde_json::from_value(parameters).expect("an object");
    let args = CommandArgs { command: "try".to_owned(), parameters };
    let ctx = context.ctx.clone();
    let worker = Arc::new(command(config));
    let result = tokio::spawn(async move { worker.perform(args, ctx).await });
    Attempt { context, files, result }
}

impl Attempt {
    async fn ended(&mut self) -> (JobResult, Vec<String>) {
        let result = tokio::time::timeout(PATIENCE, &mut self.result).await;
        (result.expect("it ends").expect("no panic"), self.context.told.log())
    }

    /// The first line that it writes, when it has.
    async fn first_line(&self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.context.told.first_line()).await;
        line.expect("it writes a line").trim_start_matches("info: ").to_owned()
    }
}

async fn run(config: CommandConfig, parameters: Value) -> (JobResult, Vec<String>) {
    begin(config, parameters).ended().await
}

async fn stdout_of(config: CommandConfig, parameters: Value) -> String {
    let (result, _) = run(config, parameters).await;
    result.expect("success")["stdout"].as_str().expect("text").to_owned()
}

/// The error's sentence, and whether another attempt is of use.
async fn error_of(config: CommandConfig) -> (String, bool) {
    let (result, _) = run(config, json!({})).await;
    match result.expect_err("a failure").into_end(0) {
        AttemptEnd::Failed { error, then } => (error, then != AfterFailure::Final),
        other => panic!("{other:?}"),
    }
}

/// Whether a process still does something: one that nobody has collected does not.
fn is_running(pid: &str) -> bool {
    let ps = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("ps");
    let state = String::from_utf8_lossy(&ps.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

async fn until_gone(pid: &str) {
    let gone = async {
        while is_running(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(!pid.is_empty());
    tokio::time::timeout(PATIENCE, gone).await.unwrap_or_else(|_| panic!("process {pid} still runs"));
}
