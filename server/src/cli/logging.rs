//! Where log lines go: to stderr, so that stdout carries results alone.

use std::io::IsTerminal;

use taskyard::config::{LogConfig, LogFormat};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Starts logging. Only the first call of a process has an effect.
pub fn start(config: &LogConfig) {
    // The configuration was checked, so the default filter stands in for a value nobody can reach.
    let filter: Targets = config.level.parse().unwrap_or_default();
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let layer = match config.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // A second subscriber would be a second call: the first one stays.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
