//! What jobs record of themselves: each adds a line to a file when its work begins, and one when it ends.
//!
//! The lines of all processes and threads are in the order in which they were written, so that what was at work
//! together is known without a clock. Work that is cut off by the end of its process records no end; it has
//! ended before the first line of the next process.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result};
use taskyard_shared::job::JobId;

const BEGINS: &str = "begins";
const ENDS: &str = "ends";

/// Work that is recorded; its end is when this is dropped.
pub(crate) struct AtWork {
    record: PathBuf,
    words: String,
}

impl AtWork {
    /// Without a record nothing is written.
    pub fn begin(record: &Path, job: JobId, attempt: u32, key: &str) -> Self {
        let words = format!("{} {job} {attempt} {key}", process::id());
        let at_work = AtWork { record: record.to_owned(), words };
        at_work.write(BEGINS);
        at_work
    }

    fn write(&self, what: &str) {
        if !self.record.as_os_str().is_empty() {
            // Whoever reads the record misses the line.
            let _ = append(&self.record, &format!("{what} {}\n", self.words));
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.write(ENDS);
    }
}

fn append(record: &Path, line: &str) -> io::Result<()> {
    // One write to a file that is opened for appending is not mixed with those of others.
    OpenOptions::new().create(true).append(true).open(record)?.write_all(line.as_bytes())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Begins,
    Ends,
}

/// A line of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub what: What,
    pub process: u32,
    pub job: JobId,
    pub attempt: u32,
    pub key: String,
}

/// The lines so far. None when no job has written any.
pub fn read(record: &Path) -> Result<Vec<Entry>> {
    match fs::read_to_string(record) {
        Ok(text) => {
            text.lines().map(|line| entry(line).with_context(|| format!("not an entry: {line}"))).collect()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// How often work has ended so far.
pub fn ended(record: &Path) -> Result<usize> {
    Ok(read(record)?.iter().filter(|entry| entry.what == What::Ends).count())
}

/// The most that were ever at work together, by key.
pub fn most_together_by_key(entries: &[Entry]) -> BTreeMap<&str, usize> {
    let mut most = BTreeMap::new();
    for entry in entries {
        let of_key: Vec<Entry> = entries.iter().filter(|other| other.key == entry.key).cloned().collect();
        most.entry(entry.key.as_str()).or_insert_with(|| most_together(&of_key));
    }
    most
}

/// The most that were ever at work together.
pub fn most_together(entries: &[Entry]) -> usize {
    let (mut at_work, mut most, mut process) = (0_usize, 0, 0);
    for entry in entries {
        if entry.process != process {
            (at_work, process) = (0, entry.process);
        }
        match entry.what {
            What::Begins => at_work += 1,
            What::Ends => at_work = at_work.saturating_sub(1),
        }
        most = most.max(at_work);
    }
    most
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split(' ');
    let what = match words.next()? {
        BEGINS => What::Begins,
        ENDS => What::Ends,
        _ => return None,
    };
    Some(Entry {
        what,
        process: words.next()?.parse().ok()?,
        job: words.next()?.parse().ok()?,
        attempt: words.next()?.parse().ok()?,
        key: words.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(lines: &[&str]) -> Vec<Entry> {
        lines.iter().map(|line| entry(line).expect("an entry")).collect()
    }

    #[test]
    fn work_that_overlaps_is_counted_and_a_process_that_died_holds_nothing() {
        let seen = entries(&[
            "begins 7 1 1 a",
            "begins 7 2 1 b",
            "ends 7 2 1 b",
            "begins 8 1 2 a",
            "begins 8 3 1 a",
        ]);
        assert_eq!(most_together(&seen), 2);
        assert_eq!(most_together_by_key(&seen), BTreeMap::from([("a", 2), ("b", 1)]));
        assert_eq!(most_together(&seen[..4]), 2);
        assert_eq!(most_together(&seen[2..4]), 1);
    }
}
