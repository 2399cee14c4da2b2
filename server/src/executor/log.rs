//! Lines that running work has written: each attempt's numbered and bounded, then those of all attempts together on
//! their way to the queue, at most once in an interval.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::Recipient;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::{MAX_LOG_LINE_CHARS, MAX_LOG_LINES};
use taskyard_shared::log::{LogLevel, LogLine};
use tokio::sync::Notify;

use crate::queue::core::AttemptId;
use crate::queue::messages::LogsReported;

/// Lines of all attempts that may wait for the queue. While it does not take them, further ones are left out, as the
/// last line of their attempt says; [`LogBuffer::left_out`] counts them all.
const MAX_WAITING_LINES: usize = 10_000;

/// Lines not yet reported. Bounded by [`MAX_WAITING_LINES`], and one last line for each attempt that ends.
#[derive(Default)]
pub(super) struct LogBuffer {
    waiting: Mutex<Vec<(JobId, LogLine)>>,
    changed: Notify,
    /// Held while the queue takes lines, so that no later message of the one who waits for it overtakes them.
    sending: tokio::sync::Mutex<()>,
    left_out: AtomicU64,
}

impl LogBuffer {
    /// Whether there was room for the line.
    fn put(&self, job: JobId, line: LogLine) -> bool {
        let mut waiting = self.waiting();
        let room = waiting.len() < MAX_WAITING_LINES;
        if room {
            waiting.push((job, line));
            drop(waiting);
            self.changed.notify_one();
        }
        room
    }

    fn put_last(&self, job: JobId, line: LogLine, left_out: u64) {
        self.left_out.fetch_add(left_out, Ordering::Relaxed);
        self.waiting().push((job, line));
    }

    /// Lines of attempts that have ended which were left out since the start.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Returns when the queue has taken every line that was put before this was called.
    pub async fn flush(&self, queue: &Recipient<LogsReported>) {
        let _sending = self.sending.lock().await;
        let lines = std::mem::take(&mut *self.waiting());
        if !lines.is_empty() {
            // A queue that went down with the message has lost these lines, and nothing else.
            let _ = queue.send(LogsReported { lines }).await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(JobId, LogLine)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports until the queue is gone: the first line at once, further ones once an interval.
pub(super) async fn report(buffer: Arc<LogBuffer>, queue: Recipient<LogsReported>, interval: Duration) {
    while queue.connected() {
        buffer.changed.notified().await;
        buffer.flush(&queue).await;
        tokio::time::sleep(interval).await;
    }
}

/// The log of one attempt.
pub(super) struct AttemptLog {
    id: AttemptId,
    buffer: Arc<LogBuffer>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    /// Lines handed on.
    kept: u32,
    /// The last line that there is room for: kept back, for it must make way if another one follows.
    last: Option<LogLine>,
    left_out: u64,
}

impl AttemptLog {
    pub fn new(id: AttemptId, buffer: Arc<LogBuffer>) -> Self {
        AttemptLog { id, buffer, written: Mutex::default() }
    }

    pub fn write(&self, at_ms: i64, level: LogLevel, text: &str) {
        let mut written = self.written();
        for line in text.lines() {
            if written.last.is_some() {
                written.left_out += 1;
            } else {
                let line = LogLine {
                    attempt: self.id.attempt,
                    number: written.kept + 1,
                    at_ms,
                    level,
                    text: one_line(line),
                };
                self.keep(&mut written, line);
            }
        }
    }

    fn keep(&self, written: &mut Written, line: LogLine) {
        if line.number == MAX_LOG_LINES {
            written.last = Some(line);
        } else if self.buffer.put(self.id.job, line) {
            written.kept += 1;
        } else {
            written.left_out += 1;
        }
    }

    /// Called once, when nothing of the attempt's work is left. Answers whether it wrote anything.
    pub fn finish(&self, at_ms: i64) -> bool {
        let Written { kept, last, mut left_out } = std::mem::take(&mut *self.written());
        let last = if left_out == 0 {
            last
        } else {
            left_out += u64::from(last.is_some());
            let text = format!("… {} further lines were left out", with_commas(left_out));
            let attempt = self.id.attempt;
            Some(LogLine { attempt, number: kept + 1, at_ms, level: LogLevel::Warn, text })
        };
        let wrote = kept > 0 || last.is_some();
        if let Some(last) = last {
            self.buffer.put_last(self.id.job, last, left_out);
        }
        wrote
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a page can show as one line: a tab is the only control character, and what is too long is cut.
fn one_line(text: &str) -> String {
    let breaks = |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    let mut chars = text.chars().map(|c| if breaks(c) { ' ' } else { c });
    let mut line: String = chars.by_ref().take(MAX_LOG_LINE_CHARS).collect();
    if chars.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// `1,234,567`.
fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: AttemptId = AttemptId { job: JobId(7), attempt: 2 };

    /// What is left of a log that `write` wrote.
    fn kept(write: impl FnOnce(&AttemptLog)) -> Vec<LogLine> {
        let buffer = Arc::new(LogBuffer::default());
        let log = AttemptLog::new(ID, Arc::clone(&buffer));
        write(&log);
        let wrote = log.finish(9);
        let lines: Vec<LogLine> = buffer.waiting().drain(..).map(|(_, line)| line).collect();
        assert_eq!(wrote, !lines.is_empty());
        lines
    }

    fn text_of(text: &str) -> Vec<String> {
        kept(|log| log.write(0, LogLevel::Info, text)).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_numbered_and_know_when_and_how_bad() {
        let lines = kept(|log| {
            log.write(5, LogLevel::Info, "one");
            log.write(6, LogLevel::Error, "two\r\nthree\n");
        });
        let line = |number, at_ms, level, text: &str| LogLine {
            attempt: 2,
            number,
            at_ms,
            level,
            text: text.into(),
        };
        let expected = [
            line(1, 5, LogLevel::Info, "one"),
            line(2, 6, LogLevel::Error, "two"),
            line(3, 6, LogLevel::Error, "three"),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_is_one_line_and_not_too_long() {
        assert_eq!(text_of("10%\r20%\u{1b}[1m\u{2028}\tx"), ["10% 20% [1m \tx"]);
        assert_eq!(text_of(&"ü".repeat(1_000)), ["ü".repeat(1_000)]);
        assert_eq!(text_of(&"ü".repeat(1_001)), [format!("{}…", "ü".repeat(999))]);
        assert!(text_of("").is_empty());
    }

    #[test]
    fn what_an_attempt_writes_too_many_is_counted_in_its_last_line() {
        let write =
            |count: u32| kept(|log| (1..=count).for_each(|n| log.write(0, LogLevel::Info, &n.to_string())));
        let just = write(1_000);
        assert_eq!((just.len(), just[999].text.as_str(), just[999].number), (1_000, "1000", 1_000));
        for (count, says) in
            [(1_001, "… 2 further lines were left out"), (2_233, "… 1,234 further lines were left out")]
        {
            let cut = write(count);
            let last = &cut[999];
            assert_eq!((cut.len(), cut[998].text.as_str()), (1_000, "999"));
            assert_eq!(
                (last.text.as_str(), last.number, last.level, last.at_ms),
                (says, 1_000, LogLevel::Warn, 9)
            );
        }
    }

    #[test]
    fn lines_for_which_the_buffer_has_no_room_are_counted_too() {
        let buffer = Arc::new(LogBuffer::default());
        let other = LogLine { attempt: 1, number: 1, at_ms: 0, level: LogLevel::Info, text: String::new() };
        buffer.waiting().extend(vec![(JobId(1), other); MAX_WAITING_LINES - 1]);
        let log = AttemptLog::new(ID, Arc::clone(&buffer));
        log.write(0, LogLevel::Info, "a\nb\nc");
        assert_eq!(buffer.waiting().len(), MAX_WAITING_LINES);
        assert!(log.finish(0));
        let last: Vec<_> = buffer.waiting()[MAX_WAITING_LINES - 1..]
            .iter()
            .map(|(_, line)| (line.number, line.text.clone()))
            .collect();
        assert_eq!(last, [(1, "a".to_owned()), (2, "… 2 further lines were left out".to_owned())]);
        assert_eq!(buffer.left_out(), 2);
    }

    #[test]
    fn numbers_are_written_in_groups_of_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(with_commas(number), text);
        }
    }
}
