//! What can be typed.

use std::path::PathBuf;

use super::bench::args::BenchCommand;
use clap::{Args, Parser, Subcommand};
use taskyard::shared::job::{JobId, JobState};
use taskyard::shared::limits::{MAX_CONCURRENCY, MAX_VIEW_ROWS};

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
    Serve(ServeArgs),
    /// Add a job
    Add(AddArgs),
    /// List jobs
    List(ListArgs),
    /// Show everything about a job
    Show(ShowArgs),
    /// Watch the newest jobs and the queues live
    Watch(WatchArgs),
    /// Cancel jobs that wait or run
    Cancel(JobsArgs),
    /// Run failed or cancelled jobs again
    Retry(JobsArgs),
    /// Delete finished jobs
    Clear(ClearArgs),
    /// List the queues with their settings and counts
    Queues(ReadArgs),
    /// Start no further job of a queue; what runs goes on
    Pause(QueueArgs),
    /// Let a paused queue go on
    Resume(QueueArgs),
    /// Set how many jobs of a queue may run at a time
    Concurrency(ConcurrencyArgs),
    /// List the kinds of jobs and their arguments
    Kinds(ReadArgs),
    /// Measure how fast this machine runs jobs
    #[command(subcommand)]
    Bench(BenchCommand),
}

#[derive(Clone, Debug, Args)]
pub struct ServerArg {
    /// Address of the server
    #[arg(long, value_name = "URL", env = "TASKYARD_SERVER", default_value = "http://127.0.0.1:8080")]
    pub server: String,
}

/// Each flag wins over its environment variable, and that over the file.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Configuration file [default: taskyard.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "TASKYARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<String>,
    /// Folder of the database and files [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Threads that answer requests [default: one per core]
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
    /// Threads that run jobs [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<String>,
    /// Another origin whose pages may use the server; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Another name under which the server is reached; may be repeated
    #[arg(long = "allow-host", value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// Let http jobs call loopback, private and link-local addresses
    #[arg(long)]
    pub allow_private_addresses: bool,
    /// How long running jobs may go on after the stop was asked for, in seconds [default: 30]
    #[arg(long, value_name = "S")]
    pub deadline: Option<String>,
    /// error, warn, info, debug, trace or off; or by part: info,taskyard=debug [default: info,actix_server=warn]
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// Kind of the job: `taskyard kinds` lists them
    pub kind: String,
    /// Arguments, read as the kind's schema says: name=Report duration=3
    #[arg(value_name = "KEY=VALUE")]
    pub pairs: Vec<String>,
    /// All arguments as a JSON object; pairs win over it
    #[arg(long, value_name = "JSON", conflicts_with = "args_file")]
    pub args: Option<String>,
    /// The same, from a file (- for standard input)
    #[arg(long, value_name = "FILE")]
    pub args_file: Option<PathBuf>,
    /// Upload a file and hand it to the job; may be repeated
    #[arg(long = "file", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Queue to wait in [default: the kind's own]
    #[arg(long)]
    pub queue: Option<String>,
    /// Wait until the job has ended; exit with 0 completed, 1 failed, 2 cancelled
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub server: ServerArg,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only jobs in this state; may be repeated
    #[arg(long = "state")]
    pub states: Vec<JobState>,
    /// Only jobs of this kind
    #[arg(long)]
    pub kind: Option<String>,
    /// Only jobs of this queue
    #[arg(long)]
    pub queue: Option<String>,
    /// Only jobs with this text in name, detail, kind, queue or error
    #[arg(long)]
    pub text: Option<String>,
    /// Oldest first
    #[arg(long)]
    pub oldest: bool,
    /// Begin after this job
    #[arg(long, value_name = "ID")]
    pub after: Option<JobId>,
    /// Most rows
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_VIEW_ROWS)))]
    pub limit: u32,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// For commands that only look.
#[derive(Debug, Args)]
pub struct ReadArgs {
    /// JSON instead of a table
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerArg,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Number of the job
    pub id: JobId,
    #[command(flatten)]
    pub read: ReadArgs,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// How many jobs to show
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_VIEW_ROWS)))]
    pub limit: u32,
    #[command(flatten)]
    pub server: ServerArg,
}

#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Numbers of the jobs
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<JobId>,
    #[command(flatten)]
    pub server: ServerArg,
}

#[derive(Debug, Args)]
pub struct ClearArgs {
    /// Only those of this queue
    #[arg(long)]
    pub queue: Option<String>,
    #[command(flatten)]
    pub server: ServerArg,
}

#[derive(Debug, Args)]
pub struct QueueArgs {
    /// Name of the queue
    pub queue: String,
    #[command(flatten)]
    pub server: ServerArg,
}

#[derive(Debug, Args)]
pub struct ConcurrencyArgs {
    /// Name of the queue
    pub queue: String,
    /// Most jobs at a time
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY)))]
    pub concurrency: u32,
    #[command(flatten)]
    pub server: ServerArg,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        let words = std::iter::once("taskyard").chain(line.split_whitespace());
        Cli::try_parse_from(words).map(|cli| cli.command).map_err(|error| error.to_string())
    }

    #[test]
    fn the_declarations_hold_together() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_typed_arrives() {
        let lines = [
            "serve",
            "serve --bind 127.0.0.1:0 --data /tmp/x --workers 2 --log-format json --allow-private-addresses",
            "add demo name=a duration=3 --queue slow --wait --server http://h:1",
            "add image --file a.jpg --file b.jpg --args {}",
            "list --state failed --state cancelled --kind demo --text x --after 7 --limit 500 --json",
            "show 12 --json",
            "watch --limit 5",
            "cancel 1 2 3",
            "retry 4",
            "clear --queue demo",
            "queues",
            "pause demo",
            "resume demo",
            "concurrency demo 10000",
            "kinds --json",
            "bench throughput --jobs 10 --concurrency 5 --callers 2 --tabs 1 --stored 7 --stored-as waiting",
            "bench adds --stored 10 --tabs 2 --rounds 3 --data /tmp/x --json",
        ];
        for line in lines {
            assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
        }
        let Ok(Command::Add(add)) = parse("add demo name=a duration=3 --wait") else { panic!("not an add") };
        assert_eq!((add.kind.as_str(), add.pairs.len(), add.wait), ("demo", 2, true));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let cases = [
            ("", "Usage"),
            ("ad demo", "similar subcommand"),
            ("add", "KIND"),
            ("add demo --args {} --args-file f", "cannot be used with"),
            ("list --state done", "is not a state"),
            ("list --limit 0", "is not in 1..=500"),
            ("list --limit 501", "is not in 1..=500"),
            ("show twelve", "invalid value 'twelve'"),
            ("cancel", "ID"),
            ("concurrency demo 0", "is not in 1..=10000"),
            ("bench throughput --jobs 0", "is not in 1..=100000000"),
            ("bench throughput --stored-as old", "possible values: finished, waiting"),
            ("serve --prot 80", "unexpected argument '--prot'"),
        ];
        for (line, expected) in cases {
            let error = parse(line).expect_err(line);
            assert!(error.contains(expected), "{line:?}\n  gives   {error}\n  without {expected}");
        }
    }
}
