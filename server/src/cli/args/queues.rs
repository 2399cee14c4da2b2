//! Queues and their settings.

use clap::Args;
use taskyard::shared::limits::{MAX_ATTEMPTS, MAX_CONCURRENCY};
use taskyard::shared::queue::Keep;

use super::ClientArgs;
use crate::cli::values::{keep, name, timeout};

/// For commands that concern one queue.
#[derive(Debug, Args)]
pub struct QueueNameArgs {
    /// Name of the queue
    #[arg(value_parser = name)]
    pub queue: String,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct ConcurrencyArgs {
    /// Name of the queue
    #[arg(value_parser = name)]
    pub queue: String,
    /// Most jobs at a time
    #[arg(allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY)))]
    pub concurrency: u32,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct QueueArgs {
    /// Name of the queue
    #[arg(value_parser = name)]
    pub queue: String,
    #[command(flatten)]
    pub settings: QueueSettingArgs,
    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Debug, Args)]
pub struct QueueSettingArgs {
    /// Most jobs at a time
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENCY)))]
    pub concurrency: Option<u32>,
    /// Attempts of jobs that do not say themselves; `default` for the kind's
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = attempts_or_default)]
    pub max_attempts: Option<Setting<u32>>,
    /// Longest time of an attempt of jobs that do not say themselves; `default` for the kind's
    #[arg(long, value_name = "DURATION", value_parser = timeout_or_default)]
    pub timeout: Option<Setting<u64>>,
    /// Completed jobs to keep: 7d, 10000, 30d,10000 or all
    #[arg(long, value_name = "HOW-LONG", value_parser = keep)]
    pub keep_completed: Option<Keep>,
    /// Failed jobs to keep
    #[arg(long, value_name = "HOW-LONG", value_parser = keep)]
    pub keep_failed: Option<Keep>,
    /// Cancelled jobs to keep
    #[arg(long, value_name = "HOW-LONG", value_parser = keep)]
    pub keep_cancelled: Option<Keep>,
    /// Take no more jobs, and work off those it has
    #[arg(long, conflicts_with = "no_drain")]
    pub drain: bool,
    /// Take jobs again
    #[arg(long)]
    pub no_drain: bool,
}

/// A value, or back to what holds without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    Value(T),
    Default,
}

impl<T> Setting<T> {
    pub fn value(self) -> Option<T> {
        match self {
            Setting::Value(value) => Some(value),
            Setting::Default => None,
        }
    }
}

fn or_default<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Setting<T>, String> {
    if text == "default" { Ok(Setting::Default) } else { read(text).map(Setting::Value) }
}

fn attempts_or_default(text: &str) -> Result<Setting<u32>, String> {
    or_default(text, |text| {
        let attempts = text.parse().ok().filter(|attempts| (1..=MAX_ATTEMPTS).contains(attempts));
        attempts.ok_or_else(|| format!("{text} is not in 1..={MAX_ATTEMPTS}, nor `default`"))
    })
}

fn timeout_or_default(text: &str) -> Result<Setting<u64>, String> {
    or_default(text, timeout)
}
