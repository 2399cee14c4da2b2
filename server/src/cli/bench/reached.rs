//! When the last of many tabs has been shown a job.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How far the tabs are that read: a tab is as far as the highest number of a job that it was shown.
#[derive(Default)]
pub struct Reached(Mutex<Progress>);

#[derive(Default)]
struct Progress {
    /// Tabs by how far they are.
    tabs: BTreeMap<u64, u32>,
    /// Since when all of them are how far. Grows by at most one entry for each round of frames.
    all: Vec<(Instant, u64)>,
}

impl Reached {
    /// One more tab, which has not been shown any job.
    pub fn join(&self) {
        *self.progress().tabs.entry(0).or_default() += 1;
    }

    /// A tab has come `from` one job `to` a later one.
    pub fn advance(&self, from: u64, to: u64) {
        let mut progress = self.progress();
        let least = progress.tabs.keys().next().copied();
        if let Some(tabs) = progress.tabs.get_mut(&from) {
            *tabs -= 1;
            if *tabs == 0 {
                progress.tabs.remove(&from);
            }
        }
        *progress.tabs.entry(to).or_default() += 1;
        if let Some(now) = progress.tabs.keys().next().copied()
            && Some(now) != least
        {
            progress.all.push((Instant::now(), now));
        }
    }

    /// Since when every tab that reads has been shown that job, or a later one. None: not yet.
    pub fn all_since(&self, job: u64) -> Option<Instant> {
        let progress = self.progress();
        let place = progress.all.partition_point(|(_, reached)| *reached < job);
        progress.all.get(place).map(|(since, _)| *since)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tabs_are_as_far_as_the_last_of_them() {
        let reached = Reached::default();
        reached.join();
        reached.join();
        reached.advance(0, 5);
        assert_eq!(reached.all_since(1), None);
        reached.advance(0, 3);
        assert!(reached.all_since(3).is_some());
        assert_eq!(reached.all_since(4), None);
        reached.advance(3, 8);
        assert!(reached.all_since(5) > reached.all_since(3));
        assert_eq!(reached.all_since(6), None);
    }
}
