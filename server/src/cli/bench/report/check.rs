//! Whether a bench ran exactly the jobs that it should have.

use serde::Serialize;

use crate::cli::format::thousands;

/// Whether exactly the jobs that were added have completed, by every way to count them.
#[derive(Debug, Serialize)]
pub struct Check {
    pub expected: u64,
    pub began: u64,
    pub counted: u64,
    pub counted_after_reopening: u64,
    pub read_after_reopening: u64,
}

impl Check {
    pub fn passed(&self) -> bool {
        [self.began, self.counted, self.counted_after_reopening, self.read_after_reopening]
            .into_iter()
            .all(|count| count == self.expected)
    }

    pub fn sentence(&self) -> String {
        let expected = thousands(self.expected);
        match self.passed() {
            true => format!("passed: {expected} began, completed, and are in the file opened again"),
            false => format!(
                "FAILED: of {expected}, {} began, {} completed by the counts; in the file opened again {} by the counts, {} by its rows",
                self.began, self.counted, self.counted_after_reopening, self.read_after_reopening
            ),
        }
    }
}
