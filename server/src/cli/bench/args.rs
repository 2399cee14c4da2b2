//! What the benches can be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use taskyard::shared::limits::MAX_CONCURRENCY;

use crate::cli::values::duration;

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Add, run and finish no-op jobs
    #[command(after_help = "Example:\n  taskyard bench throughput --jobs 50000 --concurrency 200 --tabs 10")]
    Throughput(ThroughputArgs),
    /// Compare adding to an empty yard with adding to a full one that many tabs watch
    #[command(after_help = "Example:\n  taskyard bench adds --stored 100000 --tabs 50")]
    Adds(AddsArgs),
    /// Compare adding alone with adding while an operation cancels many jobs
    #[command(after_help = "Example:\n  taskyard bench bulk-cancel --jobs 100000 --rounds 5")]
    BulkCancel(BulkCancelArgs),
    /// Run down no-op jobs that wait already
    #[command(after_help = "Example:\n  taskyard bench rundown --concurrency 24,100 --with-limit")]
    Rundown(RundownArgs),
    /// Add to a queue that stands still: in process, over HTTP and over WebSocket
    #[command(after_help = "Example:\n  taskyard bench add --via http --callers 64 --bulk 1 --with-limit")]
    Add(AddArgs),
    /// Do the same row work bare, in one thread: what SQLite itself allows on this machine
    #[command(after_help = "Example:\n  taskyard bench limit --jobs 200000")]
    Limit(LimitArgs),
    /// Compare an empty yard with one in which many jobs wait, or have finished, and with one that many tabs watch
    #[command(after_help = "Example:\n  taskyard bench backlog --stored 1000000 --stored-as waiting")]
    Backlog(BacklogArgs),
    /// Add at a steady rate: from add to start, and from commit to the last tab
    #[command(after_help = "Example:\n  taskyard bench sustained --rate 1000 --tabs 0,1000")]
    Sustained(SustainedArgs),
    /// Watch jobs that are added at a steady rate: many tabs on one view and on many, all reading or not
    #[command(after_help = "Example:\n  taskyard bench watch --tabs 1000 --views 1,50 --never-read 1")]
    Watch(WatchArgs),
    /// A yard in a process of its own, so that its memory can be told from that of its tabs
    #[command(hide = true)]
    WatchHost(WatchHostArgs),
    /// One measurement of `backlog`, in a process of its own
    #[command(hide = true)]
    BacklogCase(BacklogCaseArgs),
    /// Run limit, add, rundown, throughput, sustained, watch and backlog, one after the other
    #[command(after_help = "Example:\n  taskyard bench all --quick --json")]
    All(AllArgs),
}

#[derive(Debug, Args)]
pub struct ThroughputArgs {
    /// Jobs to add, run and finish
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub jobs: u64,
    /// Jobs at work at a time
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY)))]
    pub concurrency: u32,
    /// How the jobs that are there beforehand stand
    #[arg(long, value_enum, default_value_t = StoredAs::Finished)]
    pub stored_as: StoredAs,
    #[command(flatten)]
    pub adding: CallersArgs,
    #[command(flatten)]
    pub common: CommonArgs,
    /// WebSocket clients that watch the newest jobs; they run in this process, on a thread of their own
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    pub tabs: u32,
    /// Jobs stored beforehand
    #[arg(long, default_value_t = 0)]
    pub stored: u64,
}

#[derive(Debug, Args)]
pub struct AddsArgs {
    /// Jobs to add in each round to each side
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub jobs: u64,
    /// Rounds; the sides take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Tabs that watch the full side; they run in this process, on a thread of their own
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    pub tabs: u32,
    /// Jobs stored on the full side beforehand, all finished
    #[arg(long, default_value_t = 100_000)]
    pub stored: u64,
    #[command(flatten)]
    pub adding: CallersArgs,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct BulkCancelArgs {
    /// Jobs that one operation cancels
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub jobs: u64,
    /// Rounds; the sides take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    #[command(flatten)]
    pub adding: CallersArgs,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct RundownArgs {
    /// Jobs that wait beforehand, in a paused queue
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub jobs: u64,
    /// Jobs at work at a time; each of these is measured
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 24, 100, 500],
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY))
    )]
    pub concurrency: Vec<u32>,
    #[command(flatten)]
    pub rounds: RoundsArgs,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// How jobs are added; each of these is measured
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Via::InProcess, Via::Http, Via::Websocket])]
    pub via: Vec<Via>,
    /// Callers, each with a connection of its own and waiting for its answer; each of these is measured
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 64, 512],
        value_parser = clap::value_parser!(u32).range(1..=5_000)
    )]
    pub callers: Vec<u32>,
    // A frame of the live protocol has room for no more than 5,000 of these jobs.
    /// Jobs in a call; each of these is measured
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 1_000],
        value_parser = clap::value_parser!(u32).range(1..=5_000)
    )]
    pub bulk: Vec<u32>,
    /// How long each of them is measured in a round
    #[arg(long = "for", value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub for_ms: u64,
    #[command(flatten)]
    pub rounds: RoundsArgs,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Rows to add, and to claim and complete, in each measurement
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub jobs: u32,
    /// Measurements of each
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct BacklogArgs {
    /// Jobs that are there beforehand; each of these is measured, and none before all others
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [100_000, 1_000_000],
        value_parser = clap::value_parser!(u64).range(1..=100_000_000)
    )]
    pub stored: Vec<u64>,
    /// How they stand: waiting in the measured queue itself, or finished
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [StoredAs::Waiting, StoredAs::Finished])]
    pub stored_as: Vec<StoredAs>,
    /// Tabs that watch an otherwise empty yard in a measurement of its own; 0: no such measurement
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    pub tabs: u32,
    #[command(flatten)]
    pub work: BacklogWorkArgs,
    /// Rounds; in each, everything is measured once
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What is done in each measurement of `backlog`.
#[derive(Clone, Copy, Debug, Args)]
pub struct BacklogWorkArgs {
    /// Jobs to add one by one, as many again to add in bulk, and as many as both to run
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub jobs: u64,
    /// Jobs at work at a time
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY)))]
    pub concurrency: u32,
    #[command(flatten)]
    pub adding: CallersArgs,
}

#[derive(Debug, Args)]
pub struct BacklogCaseArgs {
    /// The data folder, filled already
    #[arg(long)]
    pub dir: PathBuf,
    #[arg(long)]
    pub tabs: u32,
    #[command(flatten)]
    pub work: BacklogWorkArgs,
}

/// A steady rate.
#[derive(Clone, Copy, Debug, Args)]
pub struct RateArgs {
    /// Jobs to add in each second, each when it is due, whether earlier ones are answered or not
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// For how long
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub for_ms: u64,
}

#[derive(Debug, Args)]
pub struct SustainedArgs {
    #[command(flatten)]
    pub load: RateArgs,
    /// Tabs that watch the newest jobs; each of these is measured
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [0, 100],
        value_parser = clap::value_parser!(u32).range(0..=20_000)
    )]
    pub tabs: Vec<u32>,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    #[command(flatten)]
    pub load: RateArgs,
    /// Tabs; each of these is measured
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 100, 1_000, 5_000],
        value_parser = clap::value_parser!(u32).range(1..=20_000)
    )]
    pub tabs: Vec<u32>,
    /// Different views that the tabs share; each of these is measured
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 50],
        value_parser = clap::value_parser!(u32).range(1..=100)
    )]
    pub views: Vec<u32>,
    /// Percentage of the tabs that stop reading in a second measurement of each; 0: no second one
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=99))]
    pub never_read: u32,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct WatchHostArgs {
    #[arg(long)]
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct AllArgs {
    /// Fewer jobs and a single round: to see that it works, not how fast
    #[arg(long)]
    pub quick: bool,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub struct RoundsArgs {
    /// Rounds; in each, everything is measured once
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Do the bare row work too before each measurement, and tell what share of it is reached
    #[arg(long)]
    pub with_limit: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct CallersArgs {
    /// Callers that add one job at a time, each waiting for its answer
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub callers: u32,
}

#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Folder for the data, kept afterwards [default: a folder made here, deleted at the end]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredAs {
    Finished,
    /// In a paused queue of their own.
    Waiting,
}

/// The way by which jobs are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// By the library.
    InProcess,
    /// Over connections that are kept.
    Http,
    Websocket,
}

impl Via {
    pub fn as_str(self) -> &'static str {
        match self {
            Via::InProcess => "in-process",
            Via::Http => "http",
            Via::Websocket => "websocket",
        }
    }
}

impl StoredAs {
    pub fn as_str(self) -> &'static str {
        match self {
            StoredAs::Finished => "finished",
            StoredAs::Waiting => "waiting",
        }
    }
}
