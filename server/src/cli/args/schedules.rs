//! Schedules.

use clap::{Args, Subcommand};
use taskyard::shared::schedule::{Missed, Overlap};

use super::add::{OptionArgs, WorkArgs};
use super::{ClientArgs, NameArgs};
use crate::cli::values::{choice, name};

#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Make a schedule, or change the one of that name: what is not said is as if it were new
    #[command(after_help = "Example:
  taskyard schedule set weekly --cron '0 9 * * MON' --zone Europe/Berlin demo name=Report duration=3")]
    Set(Box<ScheduleArgs>),
    /// Remove a schedule; jobs that it has added stay
    #[command(after_help = "Example:\n  taskyard schedule remove weekly")]
    Remove(NameArgs),
    /// Let a schedule add no more jobs
    #[command(after_help = "Example:\n  taskyard schedule pause weekly")]
    Pause(NameArgs),
    /// Let a paused schedule go on
    #[command(after_help = "Example:\n  taskyard schedule resume weekly")]
    Resume(NameArgs),
    /// Add a schedule's job now, besides its runs
    #[command(after_help = "Example:\n  taskyard schedule run weekly")]
    Run(NameArgs),
    /// Show when an expression would run
    #[command(after_help = "Example:\n  taskyard schedule preview '0 9 * * MON' --zone Europe/Berlin")]
    Preview(PreviewArgs),
}

#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// Name of the schedule
    #[arg(value_parser = name)]
    pub name: String,
    #[command(flatten)]
    pub times: CronArgs,
    /// When the job of the run before has not ended: add one beside it, leave this run out, or replace that job
    #[arg(long, value_name = "WHAT", default_value = "allow", value_parser = choice::<Overlap>(&["allow", "skip", "replace"]))]
    pub overlap: Overlap,
    /// Runs missed while the server was down: one makes up for all, none, or each is made up for
    #[arg(long, value_name = "WHAT", default_value = "run-once", value_parser = choice::<Missed>(&["run-once", "skip", "run-all"]))]
    pub missed: Missed,
    /// Begin paused
    #[arg(long)]
    pub paused: bool,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub options: OptionArgs,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct CronArgs {
    /// Five fields or six (seconds first), or @hourly, @daily and the like
    #[arg(long, value_name = "EXPRESSION")]
    pub cron: String,
    /// Time zone that the fields are meant in
    #[arg(long, default_value = "UTC")]
    pub zone: String,
}

#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// Five fields or six (seconds first), or @hourly, @daily and the like
    #[arg(value_name = "EXPRESSION")]
    pub cron: String,
    /// Time zone that the fields are meant in
    #[arg(long, default_value = "UTC")]
    pub zone: String,
    #[command(flatten)]
    pub client: ClientArgs,
}
