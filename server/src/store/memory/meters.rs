//! What each key of each limit has used, and the jobs that it holds back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use taskyard_shared::job::JobId;
use taskyard_shared::limit::{Limit, LimitStatus};

use super::lists::Turn;
use crate::limits::{Admission, LimitBook, LimitRef, MeterUse};
use crate::store::AT_ONCE_MS;
use crate::store::turns::{self, Order};

/// A meter, by when it was first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MeterId(u64);

/// A limit as its meters know it: one that is removed and set again has a new number, and begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct LimitNumber(u64);

/// Holds back jobs of kinds that have no worker; the key is the kind.
const NO_WORKER: LimitNumber = LimitNumber(0);

#[derive(Default)]
pub(super) struct Meters {
    pub book: LimitBook,
    numbers: HashMap<String, LimitNumber>,
    limits: HashMap<LimitNumber, LimitRef>,
    last_limit: u64,
    last_meter: u64,
    meters: BTreeMap<MeterId, Meter>,
    by_key: HashMap<(LimitNumber, String), MeterId>,
    due: BTreeSet<(i64, MeterId)>,
    totals: HashMap<LimitNumber, Totals>,
    /// Changed since unused ones were forgotten.
    touched: BTreeSet<MeterId>,
    /// How often limits have changed.
    changes: u64,
    /// Limits whose meters are to be looked at anew, and which change that was.
    changed: BTreeMap<LimitNumber, u64>,
    /// What was told last.
    told: Vec<LimitStatus>,
}

struct Meter {
    of: LimitNumber,
    key: String,
    usage: MeterUse,
    /// By the place of their queue.
    held: BTreeMap<usize, BTreeSet<Turn>>,
    /// Starts since the last one that went by age: see [`turns`].
    passed: u32,
    /// As of which change of limits it was looked at, or began to hold jobs back.
    looked_at: u64,
    /// When jobs that it holds back may be released; None: when one that is at work has ended.
    due_at_ms: Option<i64>,
}

/// Over the meters of a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    keys: u64,
    running: u64,
    held: u64,
}

impl Meters {
    /// Puts a limit in, and has what it held back looked at. Answers whether anything is different now.
    pub fn set(&mut self, limit: &Limit) -> bool {
        let known = self.book.get(&limit.name);
        if known.is_some_and(|known| **known == *limit) {
            return false;
        }
        let is_known = known.is_some();
        let number = *self.numbers.entry(limit.name.clone()).or_insert_with(|| {
            self.last_limit += 1;
            LimitNumber(self.last_limit)
        });
        self.book.set(limit.clone());
        if let Some(limit) = self.book.get(&limit.name) {
            self.limits.insert(number, LimitRef::clone(limit));
        }
        if is_known {
            self.limit_changed(number);
        }
        true
    }

    /// Answers whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let Some(number) = self.numbers.remove(name) else { return false };
        self.limits.remove(&number);
        self.totals.remove(&number);
        self.book.remove(name);
        self.limit_changed(number);
        true
    }

    /// What a limit has counted under a key.
    pub fn usage(&self, limit: &Limit, key: &str) -> MeterUse {
        let number = self.numbers.get(&limit.name).copied().unwrap_or(NO_WORKER);
        let id = self.by_key.get(&(number, key.to_owned()));
        id.and_then(|id| self.meters.get(id)).map(|meter| meter.usage).unwrap_or_default()
    }

    /// A job of this key has started. Others that the meter holds back are due when it admits the next.
    pub fn start(&mut self, limit: &Limit, key: &str, now_ms: i64) -> MeterId {
        let id = self.of_limit(limit, key);
        self.change(id, |meter| {
            meter.begin_use(now_ms);
            meter.usage.start(limit, now_ms);
            meter.passed = turns::passed_after(meter.passed, !meter.held.is_empty());
            match meter.usage.admits(limit, now_ms) {
                Admission::Free => {}
                Admission::NotBefore { at_ms } => meter.due_at_ms = Some(at_ms),
                Admission::Full => meter.due_at_ms = None,
            }
        });
        id
    }

    /// The work of a job has ended. Answers whether one that was held back for want of its place may have it now.
    pub fn end(&mut self, id: MeterId) -> bool {
        self.change(id, |meter| meter.usage.end());
        let Some(meter) = self.meters.get(&id).filter(|meter| !meter.held.is_empty()) else { return false };
        let most = self.limits.get(&meter.of).and_then(|limit| limit.concurrency);
        most.is_some_and(|most| meter.usage.running < most)
    }

    pub fn of_limit(&mut self, limit: &Limit, key: &str) -> MeterId {
        let number = self.numbers.get(&limit.name).copied().unwrap_or(NO_WORKER);
        self.meter(number, key)
    }

    pub fn of_kind_without_worker(&mut self, kind: &str) -> MeterId {
        self.meter(NO_WORKER, kind)
    }

    /// Holds a job back; `queue` is the place of its queue.
    pub fn hold(&mut self, id: MeterId, queue: usize, job: Turn, now_ms: i64) {
        let changes = self.changes;
        self.change(id, |meter| {
            meter.begin_use(now_ms);
            if meter.held.is_empty() {
                meter.looked_at = changes;
            }
            meter.held.entry(queue).or_default().insert(job);
        });
    }

    /// Lets go of a job that was held back.
    pub fn let_go(&mut self, id: MeterId, queue: usize, job: Turn) {
        self.change(id, |meter| {
            if let Some(held) = meter.held.get_mut(&queue) {
                held.remove(&job);
            }
            meter.held.retain(|_, held| !held.is_empty());
        });
    }

    /// A job that is held back has another priority.
    pub fn reorder(&mut self, id: MeterId, queue: usize, from: Turn, to: Turn) {
        self.change(id, |meter| {
            if let Some(held) = meter.held.get_mut(&queue) {
                held.remove(&from);
                held.insert(to);
            }
        });
    }

    pub fn set_due(&mut self, id: MeterId, due_at_ms: Option<i64>) {
        self.change(id, |meter| meter.due_at_ms = due_at_ms);
    }

    /// Has it looked at by then, if not before.
    pub fn due_by(&mut self, id: MeterId, at_ms: i64) {
        self.change(id, |meter| meter.due_at_ms = Some(meter.due_at_ms.map_or(at_ms, |due| due.min(at_ms))));
    }

    pub fn due_at_ms(&self, id: MeterId) -> Option<i64> {
        self.meters.get(&id)?.due_at_ms
    }

    /// The job that it holds back and whose turn it is after so many starts more, among those of some queues, with the
    /// place of its queue.
    pub fn first_held(
        &self,
        id: MeterId,
        starts: u32,
        of_queue: impl Fn(usize) -> bool,
    ) -> Option<(usize, JobId)> {
        let (meter, order) =
            self.meters.get(&id).map(|meter| (meter, Order::after(meter.passed + starts)))?;
        let of_queues = meter.held.iter().filter(|(queue, _)| of_queue(**queue));
        let all = of_queues.flat_map(|(queue, held)| held.iter().map(|job| (*queue, *job)));
        all.min_by_key(|(_, (priority, job))| order.rank(priority.0, *job))
            .map(|(queue, (_, job))| (queue, job))
    }

    /// Whether it is the turn of such a job before that of this one.
    pub fn holds_one_before(&self, id: MeterId, job: Turn, of_queue: impl Fn(usize) -> bool) -> bool {
        let Some(meter) = self.meters.get(&id) else { return false };
        let order = Order::after(meter.passed);
        let rank = |(priority, id): Turn| order.rank(priority.0, id);
        let of_queues = meter.held.iter().filter(|(queue, _)| of_queue(**queue));
        of_queues.flat_map(|(_, held)| held).any(|held| rank(*held) < rank(job))
    }

    pub fn holds_back(&self, id: MeterId) -> bool {
        self.meters.get(&id).is_some_and(|meter| !meter.held.is_empty())
    }

    /// The first of the jobs of a queue that it holds back that a claim looks at.
    pub fn first_held_of(&self, id: MeterId, queue: usize) -> Option<JobId> {
        self.meters.get(&id)?.held.get(&queue)?.first().map(|(_, job)| *job)
    }

    /// The meter of a key, if that has been used.
    pub fn known(&self, limit: &Limit, key: &str) -> Option<MeterId> {
        let number = self.numbers.get(&limit.name)?;
        self.by_key.get(&(*number, key.to_owned())).copied()
    }

    /// Whether it lets a job start, and how many.
    pub fn admits(&self, id: MeterId, now_ms: i64) -> (Admission, u32) {
        let Some(meter) = self.meters.get(&id) else { return (Admission::Free, u32::MAX) };
        match self.limits.get(&meter.of) {
            Some(limit) => (meter.usage.admits(limit, now_ms), meter.usage.free(limit, now_ms)),
            // Of no limit that there still is.
            None => (Admission::Free, u32::MAX),
        }
    }

    /// The first meters whose time has come.
    pub fn due(&self, most: usize, now_ms: i64) -> Vec<MeterId> {
        self.due.iter().take_while(|(at_ms, _)| *at_ms <= now_ms).take(most).map(|(_, id)| *id).collect()
    }

    pub fn next_due_at_ms(&self) -> Option<i64> {
        if self.has_changed() {
            return Some(AT_ONCE_MS);
        }
        self.due.first().map(|(at_ms, _)| *at_ms)
    }

    /// Nothing is at work any more, and all that is held back is looked at anew.
    pub fn restart(&mut self) {
        let running = self.meters.iter().filter(|(_, meter)| meter.usage.running > 0);
        let running: Vec<MeterId> = running.map(|(id, _)| *id).collect();
        for id in running {
            self.change(id, |meter| meter.usage.running = 0);
        }
        let known = |number: &LimitNumber| *number == NO_WORKER || self.limits.contains_key(number);
        let holding = self.meters.values().filter(|meter| !meter.held.is_empty() && known(&meter.of));
        let changed: BTreeSet<LimitNumber> = holding.map(|meter| meter.of).collect();
        for number in changed {
            self.limit_changed(number);
        }
    }

    /// Makes up to `most` meters due whose limits have changed.
    pub fn look_anew(&mut self, most: usize, now_ms: i64) {
        let mut left = most;
        while left > 0
            && let Some((number, change)) = self.changed.first_key_value().map(|(of, change)| (*of, *change))
        {
            let holding = |(_, meter): &(&MeterId, &Meter)| {
                meter.of == number && !meter.held.is_empty() && meter.looked_at < change
            };
            let meters = self.meters.iter().filter(holding);
            let meters: BTreeSet<_> = meters.map(|(id, meter)| (meter.looked_at, *id)).collect();
            for (_, id) in meters.iter().take(left) {
                self.change(*id, |meter| {
                    meter.due_at_ms = Some(now_ms);
                    meter.looked_at = change;
                });
            }
            if meters.len() < left {
                self.changed.remove(&number);
            }
            left -= meters.len().min(left);
        }
    }

    /// Whether meters are still to be looked at anew.
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Forgets up to `limit` meters of which nothing would be lost, longest unused first. Answers how many.
    pub fn forget_idle(&mut self, limit: usize, now_ms: i64) -> usize {
        self.forget_unused(now_ms);
        let idle = self.meters.iter().filter(|(_, meter)| meter.is_idle(now_ms));
        let idle: BTreeSet<_> = idle.map(|(id, meter)| (meter.usage.arrival_us, *id)).collect();
        for (_, id) in idle.iter().take(limit) {
            self.remove_meter(*id);
        }
        idle.len().min(limit)
    }

    /// Forgets those that were used and are idle now, and of limits that there are no more those that are empty.
    pub fn forget_unused(&mut self, now_ms: i64) {
        for id in std::mem::take(&mut self.touched) {
            let Some(meter) = self.meters.get(&id) else { continue };
            let is_orphan = meter.is_empty() && !self.limits.contains_key(&meter.of);
            if is_orphan || meter.is_idle(now_ms) {
                self.remove_meter(id);
            }
        }
    }

    /// Every limit as it stands, by name.
    pub fn statuses(&self) -> Vec<LimitStatus> {
        let status = |limit: &LimitRef| {
            let totals = self.numbers.get(&limit.name).and_then(|number| self.totals.get(number));
            let Totals { keys, running, held } = totals.copied().unwrap_or_default();
            LimitStatus { limit: Limit::clone(limit), keys, running, held_back: held }
        };
        self.book.all().iter().map(status).collect()
    }

    /// Every limit as it stands, if that is not what was told last.
    pub fn tell(&mut self) -> Option<Vec<LimitStatus>> {
        let statuses = self.statuses();
        (statuses != self.told).then(|| {
            self.told.clone_from(&statuses);
            statuses
        })
    }

    /// The meter of a key; it begins unused.
    fn meter(&mut self, of: LimitNumber, key: &str) -> MeterId {
        *self.by_key.entry((of, key.to_owned())).or_insert_with(|| {
            self.last_meter += 1;
            let id = MeterId(self.last_meter);
            let (usage, held) = (MeterUse::default(), BTreeMap::new());
            self.meters.insert(
                id,
                Meter { of, key: key.to_owned(), usage, held, passed: 0, looked_at: 0, due_at_ms: None },
            );
            id
        })
    }

    /// What a limit holds back is looked at anew by the next promotions, a few of its meters each.
    fn limit_changed(&mut self, number: LimitNumber) {
        self.changes += 1;
        self.changed.insert(number, self.changes);
    }

    /// Changes a meter, and what is counted over it. One that holds nothing is not due.
    fn change(&mut self, id: MeterId, change: impl FnOnce(&mut Meter)) {
        let Some(meter) = self.meters.get_mut(&id) else { return };
        let (before, was_due) = (meter.totals(), meter.due_at_ms);
        change(meter);
        if meter.held.is_empty() {
            meter.due_at_ms = None;
        }
        if self.limits.contains_key(&meter.of) {
            let totals = self.totals.entry(meter.of).or_default();
            *totals = totals.changed(before, meter.totals());
        }
        if was_due != meter.due_at_ms {
            was_due.map(|at_ms| self.due.remove(&(at_ms, id)));
            meter.due_at_ms.map(|at_ms| self.due.insert((at_ms, id)));
        }
        self.touched.insert(id);
    }

    /// Removes a meter that counts nothing.
    fn remove_meter(&mut self, id: MeterId) {
        if let Some(meter) = self.meters.remove(&id) {
            self.by_key.remove(&(meter.of, meter.key));
        }
    }
}

impl Meter {
    fn is_empty(&self) -> bool {
        self.usage.running == 0 && self.held.is_empty()
    }

    /// Whether nothing would be lost if it were forgotten.
    fn is_idle(&self, now_ms: i64) -> bool {
        self.held.is_empty() && self.usage.is_idle(now_ms)
    }

    /// It is about to be used. After a time in which it might have been forgotten it begins anew.
    fn begin_use(&mut self, now_ms: i64) {
        if self.is_idle(now_ms) {
            self.passed = 0;
        }
    }

    fn totals(&self) -> Totals {
        Totals {
            keys: u64::from(!self.is_empty()),
            running: u64::from(self.usage.running),
            held: self.held.values().map(|held| held.len() as u64).sum(),
        }
    }
}

impl Totals {
    fn changed(self, from: Totals, to: Totals) -> Totals {
        Totals {
            keys: self.keys + to.keys - from.keys,
            running: self.running + to.running - from.running,
            held: self.held + to.held - from.held,
        }
    }
}

#[cfg(test)]
impl Meters {
    /// Every meter counts these jobs and no others, and every limit what its meters come to.
    pub fn assert_counts(
        &self,
        running: &BTreeMap<MeterId, u32>,
        held: &BTreeMap<MeterId, BTreeMap<usize, BTreeSet<Turn>>>,
        context: &str,
    ) {
        for id in running.keys().chain(held.keys()) {
            assert!(self.meters.contains_key(id), "{id:?} is gone: {context}");
        }
        let mut totals = HashMap::<LimitNumber, Totals>::new();
        let mut due = BTreeSet::new();
        for (id, meter) in &self.meters {
            assert_eq!(meter.usage.running, running.get(id).copied().unwrap_or_default(), "{context}");
            assert_eq!(meter.held, held.get(id).cloned().unwrap_or_default(), "{context}");
            let of_limit = totals.entry(meter.of).or_default();
            *of_limit = of_limit.changed(Totals::default(), meter.totals());
            due.extend(meter.due_at_ms.map(|at_ms| (at_ms, *id)));
            self.assert_is_looked_at_again(meter, context);
        }
        assert_eq!(self.due, due, "{context}");
        for number in self.limits.keys() {
            let kept = self.totals.get(number).copied().unwrap_or_default();
            assert_eq!(kept, totals.get(number).copied().unwrap_or_default(), "{context}");
        }
    }

    /// What a meter holds back is released some time: at a time, by the end of a job that is at work, or because its
    /// limit has changed.
    fn assert_is_looked_at_again(&self, meter: &Meter, context: &str) {
        let limit = self.limits.get(&meter.of);
        let most = limit.and_then(|limit| limit.concurrency);
        let is_full = most.is_some_and(|most| meter.usage.running >= most);
        let is_to_be_looked_at = self.changed.get(&meter.of).is_some_and(|change| meter.looked_at < *change);
        let is_due = meter.due_at_ms.is_some() || is_to_be_looked_at;
        assert!(
            meter.held.is_empty() || is_due || is_full || meter.of == NO_WORKER,
            "what {} holds back is forgotten: {context}",
            meter.key
        );
    }
}
