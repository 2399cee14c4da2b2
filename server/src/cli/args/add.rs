//! `taskyard add`, `add-many`, and what a job of a schedule can be told.

use std::path::PathBuf;

use clap::Args;
use taskyard::shared::job::JobId;
use taskyard::shared::limits::{MAX_ATTEMPTS, MAX_PRIORITY};
use taskyard::shared::new_job::{AddMode, Backoff, OnConflict, OnFailure};

use super::ClientArgs;
use crate::cli::values::{backoff, choice, duration, instant, timeout};

#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    pub work: WorkArgs,
    /// Upload a file and hand it to the job; may be repeated
    #[arg(long = "file", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub when: WhenArgs,
    #[command(flatten)]
    pub options: OptionArgs,
    /// Repeated within a day, the same request with the same key adds nothing and prints the same job
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Wait until the job has ended; exit with 0 completed, 1 failed, 2 cancelled
    #[arg(long)]
    pub wait: bool,
    /// With --wait: show what its work writes, on stderr
    #[arg(long, requires = "wait")]
    pub log: bool,
    #[command(flatten)]
    pub client: ClientArgs,
}

/// What the job is.
#[derive(Debug, Args)]
pub struct WorkArgs {
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
}

/// When the job may run.
#[derive(Debug, Args)]
#[command(next_help_heading = "When it runs")]
pub struct WhenArgs {
    /// Not before this time: 2027-01-31T09:00:00Z, or "2027-01-31 09:00" for local time
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "delay")]
    pub run_at: Option<String>,
    /// Not before so much time has passed: 500ms, 10s, 5m, 2h, 3d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub delay: Option<u64>,
    /// Cancelled instead if it has not started by then
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub expires_at: Option<String>,
    /// Runs when this job has completed; may be repeated
    #[arg(long, value_name = "ID")]
    pub after: Vec<JobId>,
    /// What becomes of it when one of those does not complete: wait, run all the same, or be cancelled [default: stop]
    #[arg(long, value_name = "WHAT", requires = "after", value_parser = choice::<OnFailure>(&["stop", "continue", "cancel"]))]
    pub on_failure: Option<OnFailure>,
}

/// How the job is run.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it runs")]
pub struct OptionArgs {
    /// Queue to wait in [default: the kind's own]
    #[arg(long)]
    pub queue: Option<String>,
    /// Higher runs first: -100 to 100
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(i16).range(-i64::from(MAX_PRIORITY)..=i64::from(MAX_PRIORITY)))]
    pub priority: Option<i16>,
    /// Failed for good when so many attempts have failed [default: the queue's, else the kind's]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ATTEMPTS)))]
    pub max_attempts: Option<u32>,
    /// Wait between attempts: exponential:2s..1h or fixed:5s [default: the kind's]
    #[arg(long, value_name = "BACKOFF", value_parser = backoff)]
    pub backoff: Option<Backoff>,
    /// Longest time of an attempt; then it is stopped, and has failed [default: the queue's, else the kind's]
    #[arg(long, value_name = "DURATION", value_parser = timeout)]
    pub timeout: Option<u64>,
    /// An earlier result of the same kind and arguments will do if it is no older; 0s: never [default: the kind's]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub cache_for: Option<u64>,
    /// Only one job with this key; without KEY, only one with the same kind and arguments
    #[arg(long, value_name = "KEY", num_args = 0..=1, require_equals = true)]
    pub unique: Option<Option<String>>,
    /// Unique for so long after a job was added, even once it has completed [default: until it has ended]
    #[arg(long, value_name = "DURATION", requires = "unique", value_parser = duration)]
    pub unique_for: Option<u64>,
    /// When there is such a job: refuse this one, answer with the other, or give that one these arguments [default: reject]
    #[arg(long, value_name = "WHAT", requires = "unique", value_parser = choice::<OnConflict>(&["reject", "existing", "replace"]))]
    pub on_conflict: Option<OnConflict>,
}

#[derive(Debug, Args)]
pub struct AddManyArgs {
    /// A JSON list of jobs, one job a line, or {"jobs": […]} with its terms (- for standard input)
    pub file: PathBuf,
    /// When one of them is refused: add the others, or none [default: all-or-nothing]
    #[arg(long, value_name = "MODE", value_parser = choice::<AddMode>(&["all-or-nothing", "each"]))]
    pub mode: Option<AddMode>,
    /// Each job comes after the one before it
    #[arg(long)]
    pub chain: bool,
    /// Make a batch of them, under this name
    #[arg(long, value_name = "NAME")]
    pub batch: Option<String>,
    /// One more job, which runs when all of them have ended: {"kind":"demo","args":{"name":"Sum"}}
    #[arg(long, value_name = "JSON")]
    pub then: Option<String>,
    /// Repeated within a day, the same request with the same key adds nothing and prints the same outcomes
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub client: ClientArgs,
}
