//! Reads the ends of jobs in their order, each once.

use std::collections::BTreeSet;
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobSummary};

use crate::store::EndedJob;

/// Most ends that are read at once.
pub(super) const PAGE: u32 = 500;

/// How far the ends have been read. More jobs may end in the millisecond that was read last, with lower numbers, so
/// that one is read again, and what was seen in it is remembered: as many as one millisecond ended.
#[derive(Clone)]
pub(super) struct Ends {
    from: EndedJob,
    seen: BTreeSet<JobId>,
    /// There may be more behind `from`, so the next page begins there.
    in_pass: bool,
}

impl Ends {
    pub fn since(at_ms: i64) -> Self {
        Ends { from: EndedJob { at_ms, id: JobId(0) }, seen: BTreeSet::new(), in_pass: false }
    }

    /// All that ended before this has been read.
    pub fn at_ms(&self) -> i64 {
        self.from.at_ms
    }

    /// Where the next page begins.
    pub fn begin(&self) -> EndedJob {
        if self.in_pass { self.from } else { EndedJob { id: JobId(0), ..self.from } }
    }

    /// The jobs of a page that are new. Answers too whether there may be another page now.
    pub fn take(&mut self, page: Vec<Arc<JobSummary>>) -> (Vec<Arc<JobSummary>>, bool) {
        self.in_pass = page.len() >= PAGE as usize;
        let mut new = Vec::new();
        for job in page {
            let Some(at_ms) = job.finished_at_ms else { continue };
            if at_ms > self.from.at_ms {
                self.seen.clear();
            }
            self.from = EndedJob { at_ms, id: job.id };
            if self.seen.insert(job.id) {
                new.push(job);
            }
        }
        (new, self.in_pass)
    }
}
