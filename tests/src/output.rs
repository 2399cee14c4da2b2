//! What a child process writes: awaited line by line, and kept to be shown when a test fails.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Lines kept; the oldest go.
const MAX_LINES: usize = 500;

/// Both outputs of a child, read by a thread each until the child closes them.
#[derive(Clone, Default)]
pub struct Output {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    kept: VecDeque<String>,
    /// Outputs that may still bring lines.
    open: usize,
}

impl Output {
    /// Reads what `child` writes. Both its outputs must be piped.
    pub fn of(child: &mut Child) -> Result<Self> {
        let output = Output::default();
        output.lines().open = 2;
        output.read(child.stdout.take().context("the child's output is not piped")?);
        output.read(child.stderr.take().context("the child's error output is not piped")?);
        Ok(output)
    }

    /// The rest of the first line that has `marker`, as soon as it is there. None after `within`, or when the
    /// child has closed its outputs without it.
    pub fn line_after(&self, marker: &str, within: Duration) -> Option<String> {
        let deadline = Instant::now() + within;
        let mut lines = self.lines();
        loop {
            if let Some(rest) = lines.kept.iter().find_map(|line| Some(line.split_once(marker)?.1.to_owned()))
            {
                return Some(rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if lines.open == 0 || left.is_zero() {
                return None;
            }
            let woken = self.shared.changed.wait_timeout(lines, left);
            lines = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn text(&self) -> String {
        self.lines().kept.iter().map(|line| format!("    {line}\n")).collect()
    }

    /// For the end of a test: what `name` said is part of why it failed.
    #[expect(clippy::print_stderr, reason = "a failed test tells why")]
    pub fn show_if_panicking(&self, name: &str) {
        if std::thread::panicking() {
            eprintln!("the last that {name} said:\n{}", self.text());
        }
    }

    fn read(&self, source: impl Read + Send + 'static) {
        let output = self.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(source);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                output.keep(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
            output.lines().open -= 1;
            output.shared.changed.notify_all();
        });
    }

    fn keep(&self, line: String) {
        let mut lines = self.lines();
        if lines.kept.len() == MAX_LINES {
            lines.kept.pop_front();
        }
        lines.kept.push_back(line);
        self.shared.changed.notify_all();
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
