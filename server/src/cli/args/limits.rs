//! Limits.

use clap::{Args, Subcommand};
use taskyard::shared::limit::Rate;
use taskyard::shared::limits::MAX_CONCURRENCY;

use super::{ClientArgs, NameArgs};
use crate::cli::values::{name, rate};

#[derive(Debug, Subcommand)]
pub enum LimitCommand {
    /// Make a limit, or change the one of that name: what is not said is not limited any more
    #[command(after_help = "Examples:
  taskyard limit set per-customer --kind http --key /customer --concurrency 1
  taskyard limit set mail --queue mail --rate 10/s:5")]
    Set(LimitArgs),
    /// Remove a limit
    #[command(after_help = "Example:\n  taskyard limit remove mail")]
    Remove(NameArgs),
}

#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Name of the limit
    #[arg(value_parser = name)]
    pub name: String,
    /// For jobs of this kind
    #[arg(long)]
    pub kind: Option<String>,
    /// For jobs of this queue
    #[arg(long)]
    pub queue: Option<String>,
    /// For each value of this argument by itself: /customer
    #[arg(long, value_name = "POINTER")]
    pub key: Option<String>,
    /// Most jobs at a time
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY)))]
    pub concurrency: Option<u32>,
    /// Most starts in a time: 10/s, 100/5m, or 10/s:5 to let five start at once
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, value_parser = rate)]
    pub rate: Option<Rate>,
    #[command(flatten)]
    pub client: ClientArgs,
}
