//! Which job waits for which, and which ends those that wait have not been told of.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use taskyard_shared::job::{Dependency, DependencyState, JobId};

use crate::store::endings::Ending;

#[derive(Default)]
pub(super) struct Edges {
    /// By the job that waits and the one that it waits for, which may be gone.
    after: BTreeMap<(JobId, JobId), DependencyState>,
    /// The other way round.
    before: BTreeSet<(JobId, JobId)>,
    /// Those of `before` that are open, and those that are blocked.
    open: BTreeSet<(JobId, JobId)>,
    blocked: BTreeSet<(JobId, JobId)>,
    /// For how many jobs each still waits; none that waits for no other.
    unmet: HashMap<JobId, usize>,
    /// Ends that somebody is to be told of, in the order in which they happened.
    pub ends: VecDeque<(JobId, Ending)>,
}

impl Edges {
    /// From now on `job` waits for `on`.
    pub fn add(&mut self, job: JobId, on: JobId) {
        if self.after.insert((job, on), DependencyState::Open).is_none() {
            self.before.insert((on, job));
            self.open.insert((on, job));
            *self.unmet.entry(job).or_default() += 1;
        }
    }

    pub fn set(&mut self, job: JobId, on: JobId, state: DependencyState) {
        let Some(known) = self.after.get_mut(&(job, on)) else { return };
        if *known == DependencyState::Met {
            return;
        }
        *known = state;
        self.open.remove(&(on, job));
        self.blocked.remove(&(on, job));
        match state {
            DependencyState::Open => _ = self.open.insert((on, job)),
            DependencyState::Blocked => _ = self.blocked.insert((on, job)),
            DependencyState::Met => self.met_one(job),
        }
    }

    /// The job is gone, and waits for nothing.
    pub fn forget(&mut self, job: JobId) {
        let of_job: Vec<JobId> = self.after(job).map(|dependency| dependency.job).collect();
        for on in of_job {
            self.after.remove(&(job, on));
            self.before.remove(&(on, job));
            self.open.remove(&(on, job));
            self.blocked.remove(&(on, job));
        }
        self.unmet.remove(&job);
    }

    /// Whether it waits for nothing any more.
    pub fn are_met(&self, job: JobId) -> bool {
        !self.unmet.contains_key(&job)
    }

    pub fn unmet_count(&self, job: JobId) -> usize {
        self.unmet.get(&job).copied().unwrap_or_default()
    }

    /// Those that it waits for, or waited for, by their numbers.
    pub fn after(&self, job: JobId) -> impl Iterator<Item = Dependency> {
        let all = self.after.range((job, JobId(0))..=(job, JobId(u64::MAX)));
        all.map(|(&(_, on), &state)| Dependency { job: on, state })
    }

    /// Those that wait for it, or waited for it, by their numbers.
    pub fn before(&self, on: JobId) -> impl Iterator<Item = Dependency> {
        let all = self.before.range((on, JobId(0))..=(on, JobId(u64::MAX)));
        all.map(|&(on, job)| Dependency { job, state: self.after[&(job, on)] })
    }

    /// The first job that is to be told that `on` ended like this: by their numbers, those that are blocked last.
    pub fn first_concerned(&self, on: JobId, ending: Ending) -> Option<JobId> {
        let first = |waits: &BTreeSet<(JobId, JobId)>| {
            waits.range((on, JobId(0))..=(on, JobId(u64::MAX))).next().map(|(_, job)| *job)
        };
        let open = first(&self.open).filter(|_| ending.concerns(DependencyState::Open));
        let blocked = first(&self.blocked).filter(|_| ending.concerns(DependencyState::Blocked));
        open.or(blocked)
    }

    /// Remembers the end of `on`, if it concerns anybody.
    pub fn ended(&mut self, on: JobId, ending: Ending) {
        if self.first_concerned(on, ending).is_some() {
            self.ends.push_back((on, ending));
        }
    }

    fn met_one(&mut self, job: JobId) {
        if let Some(left) = self.unmet.get_mut(&job) {
            *left -= 1;
            if *left == 0 {
                self.unmet.remove(&job);
            }
        }
    }
}
