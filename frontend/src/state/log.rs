//! A job's log as the page keeps it: the newest lines, in order.

use std::collections::VecDeque;

use taskyard_shared::limits::MAX_VIEW_ROWS;
use taskyard_shared::log::LogLine;

/// Most lines in memory and in the document. When more come, the oldest go, and the panel says so.
pub const MAX_LINES: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    lines: VecDeque<LogLine>,
    /// Whether there were lines before the first one.
    cut: bool,
    /// False until the first snapshot.
    pub known: bool,
}

/// What stands in the panel, one below the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Lines that came before are not shown.
    Cut,
    /// The lines of this attempt follow.
    Attempt(u32),
    /// So many lines of the attempt are missing before this one: they came too fast to be sent.
    Gap {
        attempt: u32,
        before: u32,
        lines: u32,
    },
    Line(LogLine),
}

impl Entry {
    /// Unique in a panel.
    pub fn key(&self) -> (u32, u32, u8) {
        match self {
            Entry::Cut => (0, 0, 0),
            Entry::Attempt(number) => (*number, 0, 0),
            Entry::Gap { attempt, before, .. } => (*attempt, *before, 0),
            Entry::Line(line) => (line.attempt, line.number, 1),
        }
    }
}

impl Log {
    /// The newest lines as they stand. Older ones that are known stay where the new ones join them: somebody may
    /// be reading there.
    pub fn snapshot(&mut self, lines: Vec<LogLine>) {
        if !lines.first().is_some_and(|first| self.lines.contains(first)) {
            let full = lines.len() >= MAX_VIEW_ROWS as usize;
            self.cut = full || lines.first().is_some_and(|line| line.number > 1);
            self.lines.clear();
        }
        self.known = true;
        self.append(lines);
    }

    /// Lines that were added. One that is known already is left out.
    pub fn append(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            let is_newer = |last: &LogLine| (line.attempt, line.number) > (last.attempt, last.number);
            if self.lines.back().is_none_or(is_newer) {
                self.lines.push_back(line);
            }
        }
        while self.lines.len() > MAX_LINES {
            self.lines.pop_front();
            self.cut = true;
        }
    }

    /// What to show of it: all, under a heading for each attempt where there are several, or one attempt.
    pub fn entries(&self, of_attempt: Option<u32>) -> Vec<Entry> {
        let headed = of_attempt.is_none() && self.attempts().len() > 1;
        let mut entries = Vec::with_capacity(self.lines.len());
        if self.cut && self.lines.front().is_some_and(|line| of_attempt.is_none_or(|of| of == line.attempt)) {
            entries.push(Entry::Cut);
        }
        let (mut attempt, mut number) = (0, 0);
        for line in self.lines.iter().filter(|line| of_attempt.is_none_or(|of| of == line.attempt)) {
            let missing = line.number.saturating_sub(number + 1);
            if line.attempt == attempt && missing > 0 {
                entries.push(Entry::Gap { attempt, before: line.number, lines: missing });
            }
            if headed && line.attempt != attempt {
                entries.push(Entry::Attempt(line.attempt));
            }
            (attempt, number) = (line.attempt, line.number);
            entries.push(Entry::Line(line.clone()));
        }
        entries
    }

    pub fn has(&self, attempt: u32) -> bool {
        self.lines.iter().any(|line| line.attempt == attempt)
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The attempts that have lines here, oldest first.
    pub fn attempts(&self) -> Vec<u32> {
        let mut attempts: Vec<u32> = self.lines.iter().map(|line| line.attempt).collect();
        attempts.dedup();
        attempts
    }
}

#[cfg(test)]
mod tests {
    use taskyard_shared::log::LogLevel;

    use super::*;

    fn line(attempt: u32, number: u32) -> LogLine {
        LogLine { attempt, number, at_ms: 0, level: LogLevel::Info, text: format!("{attempt}.{number}") }
    }

    fn keys(log: &Log, of_attempt: Option<u32>) -> Vec<(u32, u32)> {
        let keys = log.entries(of_attempt).iter().map(Entry::key).collect::<Vec<_>>();
        assert!(keys.is_sorted(), "each has a place of its own");
        keys.into_iter().map(|(attempt, number, _)| (attempt, number)).collect()
    }

    #[test]
    fn added_lines_follow_the_snapshot_and_none_is_shown_twice() {
        let mut log = Log::default();
        log.snapshot(vec![line(1, 1), line(1, 2)]);
        log.append(vec![line(1, 2), line(1, 3)]);
        assert_eq!(keys(&log, None), [(1, 1), (1, 2), (1, 3)]);
    }

    #[test]
    fn attempts_are_headed_where_there_are_several_and_can_be_shown_alone() {
        let mut log = Log::default();
        log.snapshot(vec![line(1, 1), line(3, 1)]);
        assert_eq!(log.attempts(), [1, 3]);
        assert_eq!(keys(&log, None), [(1, 0), (1, 1), (3, 0), (3, 1)]);
        assert_eq!(keys(&log, Some(3)), [(3, 1)]);
    }

    #[test]
    fn memory_is_bounded_and_the_cut_is_told() {
        let mut log = Log::default();
        log.snapshot(vec![line(1, 1)]);
        assert_eq!(log.entries(None)[0], Entry::Line(line(1, 1)));
        for number in 2..=1_500 {
            log.append(vec![line(1, number)]);
        }
        let entries = log.entries(None);
        assert_eq!((entries.len(), &entries[0]), (MAX_LINES + 1, &Entry::Cut));
        assert_eq!(entries[1], Entry::Line(line(1, 501)));
    }

    #[test]
    fn lines_that_were_never_sent_are_counted_where_they_are_missing() {
        let mut log = Log::default();
        log.snapshot(vec![line(1, 1)]);
        log.append(vec![line(1, 5)]);
        let gap = Entry::Gap { attempt: 1, before: 5, lines: 3 };
        assert_eq!(log.entries(None), [Entry::Line(line(1, 1)), gap, Entry::Line(line(1, 5))]);
        assert_eq!(keys(&log, None), [(1, 1), (1, 5), (1, 5)]);
    }

    #[test]
    fn snapshot_joins_the_lines_that_are_known_or_takes_their_place() {
        let mut log = Log::default();
        log.snapshot(vec![line(1, 1), line(1, 2)]);
        log.snapshot(vec![line(1, 2), line(1, 3)]);
        assert_eq!(keys(&log, None), [(1, 1), (1, 2), (1, 3)]);
        log.snapshot(vec![line(1, 9)]);
        assert_eq!(keys(&log, None), [(0, 0), (1, 9)]);
    }

    #[test]
    fn snapshot_that_does_not_begin_at_the_first_line_is_cut() {
        let mut log = Log::default();
        log.snapshot(vec![line(1, 40)]);
        assert_eq!(log.entries(None)[0], Entry::Cut);
        log.snapshot(vec![line(1, 1)]);
        assert_eq!(log.entries(None).len(), 1, "the new snapshot is whole");
    }
}
