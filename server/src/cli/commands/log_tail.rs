//! The lines of a job's log, each once, whatever the connection does.

use taskyard::shared::job::JobId;
use taskyard::shared::limits::MAX_LOG_LINES;
use taskyard::shared::log::{LogLevel, LogLine};
use taskyard::shared::view::{ViewDelta, ViewSnapshot};

use crate::cli::client::{Api, FeedEvent};
use crate::cli::error::CliError;
use crate::cli::format::{plain, time_of_day};

/// Knows the last line that was told.
#[derive(Debug)]
pub struct LogTail {
    /// Attempt and number.
    last: Option<(u32, u32)>,
    /// Most lines to tell of those that come first; afterwards none is left out.
    newest: Option<usize>,
}

impl LogTail {
    /// Begins with the newest `count` lines.
    pub fn newest(count: u32) -> Self {
        LogTail { last: None, newest: Some(count as usize) }
    }

    /// The lines that an event brings, if they are new.
    pub fn take_in(&mut self, event: &FeedEvent) -> Vec<LogLine> {
        match event {
            FeedEvent::Snapshot(ViewSnapshot::Log { lines }) | FeedEvent::Delta(ViewDelta::Log { lines }) => {
                self.fresh(lines)
            }
            _ => Vec::new(),
        }
    }

    /// The lines that have not come yet.
    ///
    /// # Errors
    /// Those of the request. A job that was deleted since has no more lines.
    pub async fn rest(&mut self, api: &Api, id: JobId) -> Result<Vec<LogLine>, CliError> {
        let limit = [("limit", MAX_LOG_LINES.to_string())];
        match api.get(&["jobs", &id.to_string(), "log"], &limit).await {
            Ok(answer) => Ok(self.fresh(&answer.part::<Vec<LogLine>>("lines")?)),
            Err(CliError::Refused(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn fresh(&mut self, lines: &[LogLine]) -> Vec<LogLine> {
        let new = lines.iter().filter(|line| self.last.is_none_or(|last| place(line) > last));
        let mut new: Vec<LogLine> = new.cloned().collect();
        if let Some(newest) = self.newest.take() {
            new.drain(..new.len().saturating_sub(newest));
        }
        self.last = lines.last().map(place).max(self.last);
        new
    }
}

fn place(line: &LogLine) -> (u32, u32) {
    (line.attempt, line.number)
}

/// `09:00:01.250 warn  it is slow today`, with the attempt from the second on.
pub fn log_line(line: &LogLine) -> String {
    let attempt = if line.attempt > 1 { format!("attempt {}  ", line.attempt) } else { String::new() };
    let level = match line.level {
        LogLevel::Info => "info ",
        LogLevel::Warn => "warn ",
        level => level.as_str(),
    };
    format!("{} {attempt}{level} {}", time_of_day(line.at_ms), plain(&line.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(places: &[(u32, u32)]) -> Vec<LogLine> {
        let line = |(attempt, number): &(u32, u32)| LogLine {
            attempt: *attempt,
            number: *number,
            at_ms: 0,
            level: LogLevel::Info,
            text: "x".to_owned(),
        };
        places.iter().map(line).collect()
    }

    fn places(lines: &[LogLine]) -> Vec<(u32, u32)> {
        lines.iter().map(place).collect()
    }

    #[test]
    fn each_line_comes_once() {
        let mut tail = LogTail::newest(10);
        assert_eq!(places(&tail.fresh(&lines(&[(1, 1), (1, 2)]))), [(1, 1), (1, 2)]);
        assert_eq!(places(&tail.fresh(&lines(&[(1, 3)]))), [(1, 3)]);
        // A new connection begins with what was there.
        assert_eq!(places(&tail.fresh(&lines(&[(1, 2), (1, 3), (2, 1)]))), [(2, 1)]);
        assert!(tail.fresh(&[]).is_empty());
        assert_eq!(places(&tail.fresh(&lines(&[(1, 3), (2, 1), (2, 2)]))), [(2, 2)]);
    }

    #[test]
    fn it_begins_with_the_newest() {
        let mut tail = LogTail::newest(1);
        assert_eq!(places(&tail.fresh(&lines(&[(1, 1), (1, 2)]))), [(1, 2)]);
        assert_eq!(places(&tail.fresh(&lines(&[(1, 3), (1, 4)]))), [(1, 3), (1, 4)]);
    }
}
