//! Looking at jobs, and doing something to some or all of them.

use clap::Args;
use taskyard::shared::batch::BatchId;
use taskyard::shared::job::{JobId, JobState};
use taskyard::shared::limits::{MAX_LOG_LINES, MAX_PRIORITY, MAX_VIEW_ROWS};
use taskyard::shared::operation::OperationId;
use taskyard::shared::view::JobFilter;

use super::ClientArgs;
use crate::cli::values::undo_time;

/// Which jobs.
#[derive(Clone, Debug, Default, Args)]
pub struct FilterArgs {
    /// Only jobs in this state; may be repeated
    #[arg(long = "state")]
    pub states: Vec<JobState>,
    /// Only jobs of this kind
    #[arg(long)]
    pub kind: Option<String>,
    /// Only jobs of this queue
    #[arg(long)]
    pub queue: Option<String>,
    /// Only jobs of this batch
    #[arg(long, value_name = "ID")]
    pub batch: Option<BatchId>,
    /// Only jobs with this text in name, detail, kind, queue or error
    #[arg(long)]
    pub text: Option<String>,
}

impl FilterArgs {
    pub fn filter(&self) -> JobFilter {
        JobFilter {
            states: self.states.clone(),
            kind: self.kind.clone(),
            queue: self.queue.clone(),
            batch: self.batch,
            text: self.text.clone().unwrap_or_default(),
        }
    }
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub filter: FilterArgs,
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
    pub client: ClientArgs,
}

/// For commands that concern one job.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// Number of the job
    pub id: JobId,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    /// Number of the job
    pub id: JobId,
    /// Go on until the job has ended; with --json one line is one JSON object
    #[arg(long, short)]
    pub follow: bool,
    /// Only lines of this attempt
    #[arg(long, conflicts_with = "follow")]
    pub attempt: Option<u32>,
    /// Most lines; the newest are shown
    #[arg(long, default_value_t = MAX_LOG_LINES, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LOG_LINES)))]
    pub limit: u32,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// How many jobs to show
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_VIEW_ROWS)))]
    pub limit: u32,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct BatchArgs {
    /// Number of the batch
    pub id: BatchId,
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Some jobs by their numbers, or all that match.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// Numbers of the jobs
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ID")]
    pub ids: Vec<JobId>,
    #[command(flatten)]
    pub bulk: BulkArgs,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct PriorityArgs {
    /// Number of the job (not with --all), and its new priority: -100 to 100, higher runs first
    #[arg(required = true, num_args = 1..=2, value_names = ["ID", "PRIORITY"], allow_negative_numbers = true)]
    pub numbers: Vec<i64>,
    #[command(flatten)]
    pub bulk: BulkArgs,
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Which job gets which priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityOf {
    Job(JobId, i16),
    All(i16),
}

impl PriorityArgs {
    /// What the numbers mean.
    ///
    /// # Errors
    /// A sentence.
    pub fn meaning(&self) -> Result<PriorityOf, String> {
        match (self.numbers.as_slice(), self.bulk.all) {
            ([id, priority], false) => {
                let id = u64::try_from(*id).map_err(|_| format!("{id} is not the number of a job"))?;
                Ok(PriorityOf::Job(JobId(id), bounded(*priority)?))
            }
            ([priority], true) => Ok(PriorityOf::All(bounded(*priority)?)),
            (_, true) => Err("with --all give the priority alone: priority 10 --all --queue demo".to_owned()),
            (_, false) => Err("give the number of a job and its priority: priority 12 50".to_owned()),
        }
    }
}

fn bounded(priority: i64) -> Result<i16, String> {
    let bounded = i16::try_from(priority).ok().filter(|found| (-MAX_PRIORITY..=MAX_PRIORITY).contains(found));
    bounded.ok_or_else(|| format!("the priority is {priority}; it must be -{MAX_PRIORITY} to {MAX_PRIORITY}"))
}

/// All jobs that match, as one operation of the server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many jobs")]
pub struct BulkArgs {
    /// All jobs for which this makes sense, or those that the options below leave
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// How long it only waits: until then Ctrl-C or `taskyard undo` undoes it [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = undo_time)]
    pub undo_for: Option<u32>,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
}

impl BulkArgs {
    /// The filter, where one is meant.
    ///
    /// # Errors
    /// A sentence: a filter without `--all` is a mistake.
    pub fn filter(&self) -> Result<Option<JobFilter>, String> {
        let filter = self.filter.filter();
        if self.all {
            return Ok(Some(filter));
        }
        if filter != JobFilter::default() || self.undo_for.is_some() || self.yes {
            let message = "--state, --kind, --queue, --batch, --text, --undo-for and --yes go with --all, not \
                           with numbers";
            return Err(message.to_owned());
        }
        Ok(None)
    }
}

#[derive(Debug, Args)]
pub struct ClearArgs {
    /// Only those of this queue
    #[arg(long)]
    pub queue: Option<String>,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Number of the operation: `taskyard operations` lists them
    pub id: OperationId,
    #[command(flatten)]
    pub client: ClientArgs,
}
