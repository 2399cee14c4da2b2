//! One attempt: the program from its start to the end of everything that it started.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use taskyard_shared::log::LogLevel;
use tokio::process::Command;

use super::declaration::Declaration;
use super::folder::Folder;
use super::group::{Group, Left};
use super::output::{Output, follow};
use super::program::Program;
use super::template::OUTPUT;
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;
use crate::kinds::worker::JobResult;

/// How long output is still read when nothing of the group is left. Only a process that left the group can hold the
/// other end then.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// How the program came to its end.
enum End {
    ByItself(ExitStatus),
    Cancelled,
    TookTooLong,
}

pub(super) async fn run(program: Program, given: Map<String, Value>, ctx: &JobContext) -> JobResult {
    let declaration = Arc::clone(&program.declaration);
    let folder = ctx
        .blocking(move |ctx| {
            let values = declaration.values(&given);
            let folder = Folder::make(&declaration, &values, ctx.files())?;
            let args = declaration.args.iter().map(|arg| {
                arg.fill(|name| match name {
                    OUTPUT => folder.output().into(),
                    name => folder.text_of(name, &values),
                })
            });
            let args: Vec<_> = args.collect();
            Ok((folder, args))
        })
        .await;
    let (folder, args) = folder?;
    let mut command = Command::new(&program.path);
    command.args(args).env_clear().envs(program.environment.iter().cloned());
    command.env("TASKYARD_OUTPUT", folder.output());
    command.env("TASKYARD_JOB_ID", ctx.id().to_string());
    command.env("TASKYARD_ATTEMPT", ctx.attempt().to_string());
    command.current_dir(program.declaration.config.dir.clone().unwrap_or_else(|| folder.work()));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Dropped in the middle, a program would be killed without its grace.
    ctx.to_its_end(|ctx| async move {
        let declaration = &program.declaration;
        let ended = perform(command, declaration, &ctx).await;
        finish(ended, folder, Arc::clone(declaration), &ctx).await
    })
    .await
}

/// What is left of the attempt when no process is.
struct Ended {
    end: End,
    stdout: Output,
    stderr: Output,
    elapsed: Duration,
}

async fn perform(
    mut command: Command,
    declaration: &Declaration,
    ctx: &JobContext,
) -> Result<Ended, JobError> {
    let config = &declaration.config;
    let begun = Instant::now();
    let mut group = Group::start(&mut command)
        .map_err(|error| JobError::new(format!("{} could not be started: {error}", declaration.name)))?;
    let (stdout, stderr) = (group.child().stdout.take(), group.child().stderr.take());
    let following =
        async { tokio::join!(heard(stdout, LogLevel::Info, ctx), heard(stderr, LogLevel::Warn, ctx)) };
    let watching = watch(&mut group, config.timeout(), config.grace(), ctx);
    tokio::pin!(following, watching);
    let mut heard = None;
    let end = loop {
        tokio::select! {
            end = &mut watching => break end?,
            outputs = &mut following, if heard.is_none() => heard = Some(outputs),
        }
    };
    if heard.is_none() {
        heard = tokio::time::timeout(DRAIN_TIME, following).await.ok();
    }
    if heard.is_none() {
        ctx.warn("a process that left the program's group holds its output open; it goes on by itself");
    }
    let (stdout, stderr) = heard.unwrap_or_default();
    Ok(Ended { end, stdout, stderr, elapsed: begun.elapsed() })
}

async fn heard(
    source: Option<impl tokio::io::AsyncRead + Unpin>,
    level: LogLevel,
    ctx: &JobContext,
) -> Output {
    match source {
        Some(source) => follow(source, level, ctx).await,
        None => Output::default(),
    }
}

/// Returns when nothing of the group is left.
async fn watch(
    group: &mut Group,
    timeout: Duration,
    grace: Duration,
    ctx: &JobContext,
) -> Result<End, JobError> {
    let end = tokio::select! {
        biased;
        status = group.wait() => End::ByItself(status?),
        () = ctx.cancelled() => End::Cancelled,
        () = tokio::time::sleep(timeout) => End::TookTooLong,
    };
    let left = group.end(grace).await?;
    if left == Left::Processes && matches!(end, End::ByItself(_)) {
        ctx.warn("it left processes running, which were ended");
    }
    Ok(end)
}

/// The result, and the files that it left. Removes the folder where that holds nobody up.
async fn finish(
    ended: Result<Ended, JobError>,
    folder: Folder,
    declaration: Arc<Declaration>,
    ctx: &JobContext,
) -> JobResult {
    ctx.blocking(move |ctx| {
        let ended = ended?;
        let exit_code = verdict(&ended, &declaration)?;
        let files = folder.keep_output(&declaration, ctx)?;
        Ok(json!({
            "exit_code": exit_code,
            "stdout": ended.stdout.text(),
            "truncated": ended.stdout.is_truncated(),
            "files": files,
            "elapsed_ms": u64::try_from(ended.elapsed.as_millis()).unwrap_or(u64::MAX),
        }))
    })
    .await
}

/// The exit code when it means success.
fn verdict(ended: &Ended, declaration: &Declaration) -> Result<i32, JobError> {
    let (name, config) = (&declaration.name, &declaration.config);
    let status = match ended.end {
        End::ByItself(status) => status,
        // Nobody reads it: the job is cancelled already, or its time is over.
        End::Cancelled => return Err(JobError::new("cancelled")),
        End::TookTooLong => {
            return Err(JobError::new(format!(
                "{name} took longer than {} s, so it was ended",
                config.timeout_s
            )));
        }
    };
    let is_among = |codes: &[u8], code: i32| codes.iter().any(|known| i32::from(*known) == code);
    let says = ended.stderr.last_line().map(|line| format!(": {line}")).unwrap_or_default();
    match status.code() {
        Some(code) if is_among(&config.success_codes, code) => Ok(code),
        Some(code) => {
            let error = JobError::new(format!("{name} ended with exit code {code}{says}"));
            Err(if is_among(&config.do_not_retry_codes, code) { error.do_not_retry() } else { error })
        }
        // `signal: 9 (SIGKILL)`
        None => {
            let signal = status.to_string().replacen("signal: ", "signal ", 1);
            Err(JobError::new(format!("{name} was ended by {signal}{says}")))
        }
    }
}
