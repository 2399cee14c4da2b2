//! What can be typed.

mod add;
mod jobs;
mod limits;
mod queues;
mod schedules;
mod serve;
#[cfg(test)]
mod tests;

use clap::{Args, Parser, Subcommand};

use super::bench::args::BenchCommand;
use super::output::Form;
use super::values::name;
pub use add::{AddArgs, AddManyArgs, OptionArgs, WhenArgs, WorkArgs};
pub use jobs::{
    BatchArgs, BulkArgs, ClearArgs, JobArgs, JobsArgs, ListArgs, LogArgs, PriorityArgs, PriorityOf, UndoArgs,
    WatchArgs,
};
pub use limits::{LimitArgs, LimitCommand};
pub use queues::{ConcurrencyArgs, QueueArgs, QueueNameArgs, QueueSettingArgs, Setting};
pub use schedules::{PreviewArgs, ScheduleArgs, ScheduleCommand};
pub use serve::ServeArgs;

/// A background-job server with a live board: one binary, SQLite inside.
#[derive(Debug, Parser)]
#[command(name = "taskyard", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a server until it is told to stop (Ctrl-C or SIGTERM)
    #[command(after_help = "Example:\n  taskyard serve --bind 127.0.0.1:8080 --data ./data")]
    Serve(ServeArgs),
    /// Add a job
    #[command(after_help = "Examples:
  taskyard add demo name=Report duration=3 --wait --log
  taskyard add http url=https://example.org --delay 10m --max-attempts 5 --backoff exponential:2s..1h
  taskyard add demo name=Sum --after 1 --after 2 --on-failure cancel --unique=sum --on-conflict existing")]
    Add(Box<AddArgs>),
    /// Add several jobs at once, which may wait for each other
    #[command(after_help = "Examples:
  taskyard add-many jobs.json --batch nightly --then '{\"kind\":\"demo\",\"args\":{\"name\":\"Sum\"}}'
  taskyard add-many - --mode each --chain")]
    AddMany(AddManyArgs),
    /// List jobs
    #[command(after_help = "Example:\n  taskyard list --state failed --queue demo --text report --limit 50")]
    List(ListArgs),
    /// Show everything about a job
    #[command(after_help = "Example:\n  taskyard show 12")]
    Show(JobArgs),
    /// Show what a job's work wrote
    #[command(after_help = "Example:\n  taskyard log 12 --follow")]
    Log(LogArgs),
    /// Tell why a job is not running, and when it may be expected to start
    #[command(after_help = "Example:\n  taskyard explain 12")]
    Explain(JobArgs),
    /// Show how far a batch is
    #[command(after_help = "Example:\n  taskyard batch 7")]
    Batch(BatchArgs),
    /// Watch the newest jobs and the queues live; with --json, each change is one JSON object a line
    #[command(after_help = "Example:\n  taskyard watch --limit 10")]
    Watch(WatchArgs),
    /// Cancel jobs that have not ended
    #[command(after_help = "Examples:
  taskyard cancel 12 13
  taskyard cancel --all --state pending --queue demo --undo-for 30s")]
    Cancel(JobsArgs),
    /// Run failed or cancelled jobs again, and scheduled ones now
    #[command(after_help = "Examples:\n  taskyard retry 12\n  taskyard retry --all --state failed --yes")]
    Retry(JobsArgs),
    /// Delete finished jobs
    #[command(after_help = "Examples:\n  taskyard delete 12\n  taskyard delete --all --kind http --yes")]
    Delete(JobsArgs),
    /// Set the priority of jobs that have not begun
    #[command(
        override_usage = "taskyard priority <ID> <PRIORITY>\n       taskyard priority --all <PRIORITY> [OPTIONS]",
        after_help = "Examples:\n  taskyard priority 12 50\n  taskyard priority --all -10 --queue demo"
    )]
    Priority(PriorityArgs),
    /// Delete all finished jobs, or those of one queue
    #[command(after_help = "Example:\n  taskyard clear --queue demo")]
    Clear(ClearArgs),
    /// List the operations on many jobs
    #[command(after_help = "Example:\n  taskyard operations")]
    Operations(ClientArgs),
    /// Undo an operation that still waits
    #[command(after_help = "Example:\n  taskyard undo 3")]
    Undo(UndoArgs),
    /// List the queues with their settings and counts
    #[command(after_help = "Example:\n  taskyard queues --json")]
    Queues(ClientArgs),
    /// Show a queue, or change its settings
    #[command(after_help = "Examples:
  taskyard queue demo
  taskyard queue demo --max-attempts 3 --timeout 5m --keep-completed 7d --keep-failed 30d,10000 --drain")]
    Queue(QueueArgs),
    /// Start no further job of a queue; what runs goes on
    #[command(after_help = "Example:\n  taskyard pause demo")]
    Pause(QueueNameArgs),
    /// Let a paused queue go on
    #[command(after_help = "Example:\n  taskyard resume demo")]
    Resume(QueueNameArgs),
    /// Set how many jobs of a queue may run at a time
    #[command(after_help = "Example:\n  taskyard concurrency demo 4")]
    Concurrency(ConcurrencyArgs),
    /// List the limits and what they do at the moment
    #[command(after_help = "Example:\n  taskyard limits")]
    Limits(ClientArgs),
    /// Set or remove a limit
    #[command(subcommand)]
    Limit(LimitCommand),
    /// List the schedules and their next runs
    #[command(after_help = "Example:\n  taskyard schedules")]
    Schedules(ClientArgs),
    /// Set, remove, pause, resume, run or preview a schedule
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Show the rate limiter, the cache and the pools of connections
    #[command(after_help = "Example:\n  taskyard services")]
    Services(ClientArgs),
    /// Drop an entry of the cache, or all of them
    #[command(after_help = "Example:\n  taskyard drop-cached")]
    DropCached(DropCachedArgs),
    /// List the kinds of jobs and their arguments
    #[command(after_help = "Example:\n  taskyard kinds")]
    Kinds(ClientArgs),
    /// Measure how fast this machine runs jobs
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// For every command that is a client of a server.
#[derive(Clone, Debug, Args)]
pub struct ClientArgs {
    /// The server's answer as JSON on stdout; a refusal as JSON on stderr
    #[arg(long)]
    pub json: bool,
    /// Address of the server
    #[arg(long, value_name = "URL", env = "TASKYARD_SERVER", default_value = "http://127.0.0.1:8080")]
    pub server: String,
}

impl ClientArgs {
    pub fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// `taskyard drop-cached`
#[derive(Debug, Args)]
pub struct DropCachedArgs {
    /// The entry; without it all are dropped
    pub key: Option<String>,
    #[command(flatten)]
    pub client: ClientArgs,
}

/// For commands that concern one limit or schedule.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// Its name
    #[arg(value_parser = name)]
    pub name: String,
    #[command(flatten)]
    pub client: ClientArgs,
}
