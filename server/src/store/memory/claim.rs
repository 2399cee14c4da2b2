//! Claims: the first pending jobs of a queue become its running jobs.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use taskyard_shared::job::JobId;

use super::job::StoredJob;
use super::lists::{self, Queue};
use super::meters::MeterId;
use super::yard::Yard;
use crate::limits::{Admission, LimitRef, key_of};
use crate::store::ops::{ClaimResult, ClaimedJob};
use crate::store::{CLAIM_LOOKS, transition};

/// What a claim makes of a job. Where that is not to start it, a meter that has room may hold others back, which may
/// start in its place.
enum Verdict {
    Expire(Option<MeterId>),
    /// The meter holds it back; until then, if that is a matter of time.
    Hold(MeterId, Admission, Option<MeterId>),
    /// It counts towards these limits, under these keys.
    Start(Vec<(LimitRef, String)>),
}

impl Yard {
    /// `limit` and `oldest` are those of the operation.
    pub fn claim(
        &mut self,
        queue: &str,
        (limit, oldest): (u32, u32),
        kinds: Option<&BTreeSet<String>>,
        now_ms: i64,
    ) -> ClaimResult {
        let mut claim = ClaimResult::default();
        let (_, resolves) =
            self.noting_ends(|yard| yard.fill(&mut claim, queue, (limit, oldest), kinds, now_ms));
        claim.resolves = resolves;
        claim
    }

    fn fill(
        &mut self,
        claim: &mut ClaimResult,
        queue: &str,
        (limit, oldest): (u32, u32),
        kinds: Option<&BTreeSet<String>>,
        now_ms: i64,
    ) {
        let whole_queue: Vec<LimitRef> = self.meters.book.whole_queue(queue).cloned().collect();
        let oldest = self.lists.find(queue).map(|queue| queue.oldest(oldest.min(limit)));
        let mut oldest = oldest.unwrap_or_default();
        let mut in_vain = 0;
        let mut instead = None;
        while claim.jobs.len() < limit as usize {
            if let Some(id) = instead {
                self.release(id);
            }
            let first = || self.lists.find(queue).and_then(Queue::first);
            let Some(id) = instead.take().or_else(|| oldest.pop_front()).or_else(first) else { return };
            claim.blocked = self.refusal(&whole_queue, now_ms);
            if claim.blocked.is_some() {
                return;
            }
            let room = match self.judge(id, kinds, now_ms) {
                Verdict::Start(limits) => {
                    self.start(claim, id, (&whole_queue, limits), now_ms);
                    continue;
                }
                Verdict::Expire(room) => {
                    let expired = self.transit_with_error(id, |row| transition::expire(row, now_ms));
                    claim.expired.extend(expired);
                    room
                }
                Verdict::Hold(meter, admission, room) => {
                    self.hold(id, meter, now_ms);
                    if let Admission::NotBefore { at_ms } = admission {
                        self.look_again(claim, meter, at_ms);
                    }
                    room
                }
            };
            in_vain += 1;
            if in_vain == CLAIM_LOOKS {
                claim.more = true;
                return;
            }
            instead = room.and_then(|meter| self.let_in(claim, queue, meter, now_ms));
        }
    }

    /// The job of this queue whose turn it is with a meter that has room. One of another queue is left to the next
    /// promotion, which has that queue claim.
    fn let_in(&mut self, claim: &mut ClaimResult, queue: &str, meter: MeterId, now_ms: i64) -> Option<JobId> {
        let claiming = self.lists.index(queue);
        let may_go_first = |queue| queue == claiming || self.can_start(queue);
        match self.meters.first_held(meter, 0, may_go_first)? {
            (queue, id) if queue == claiming => Some(id),
            _ => {
                self.look_again(claim, meter, now_ms);
                None
            }
        }
    }

    /// What a limit of the whole queue says against a start.
    fn refusal(&self, whole_queue: &[LimitRef], now_ms: i64) -> Option<Admission> {
        let admissions = whole_queue.iter().map(|limit| self.meters.usage(limit, "").admits(limit, now_ms));
        admissions.into_iter().find(|admission| *admission != Admission::Free)
    }

    fn judge(&mut self, id: JobId, kinds: Option<&BTreeSet<String>>, now_ms: i64) -> Verdict {
        let job = &self.jobs[&id];
        if job.options.expires_at_ms.is_some_and(|at_ms| at_ms < now_ms) {
            return Verdict::Expire(self.room_for_others(&self.limits_of(job), None, now_ms));
        }
        let kind = job.row.kind.as_str();
        if kinds.is_some_and(|known| !known.contains(kind)) {
            return Verdict::Hold(self.meters.of_kind_without_worker(kind), Admission::Full, None);
        }
        let limits = self.limits_of(job);
        let (claiming, turn) = (self.lists.index(&job.row.queue), lists::turn(&job.row));
        let may_go_first = |queue| queue == claiming || self.can_start(queue);
        for (limit, key) in &limits {
            let admission = self.meters.usage(limit, key).admits(limit, now_ms);
            if admission != Admission::Free {
                let room = self.room_for_others(&limits, Some(limit), now_ms);
                return Verdict::Hold(self.meters.of_limit(limit, key), admission, room);
            }
            if let Some(meter) = self.meters.known(limit, key)
                && self.meters.holds_one_before(meter, turn, may_go_first)
            {
                return Verdict::Hold(meter, Admission::Free, Some(meter));
            }
        }
        Verdict::Start(limits)
    }

    /// The first of a job's limits that has room for others which it holds back, but for the one that holds this job.
    fn room_for_others(
        &self,
        limits: &[(LimitRef, String)],
        holding: Option<&LimitRef>,
        now_ms: i64,
    ) -> Option<MeterId> {
        let others = limits.iter().filter(|(limit, _)| Some(limit) != holding);
        let meters = others.filter_map(|(limit, key)| self.meters.known(limit, key));
        meters.into_iter().find(|meter| {
            self.meters.holds_back(*meter) && self.meters.admits(*meter, now_ms).0 == Admission::Free
        })
    }

    /// The limits for this job that are not for its whole queue, with its keys.
    pub fn limits_of(&self, job: &StoredJob) -> Vec<(LimitRef, String)> {
        let limits: Vec<&LimitRef> = self.meters.book.for_job(&job.row.queue, &job.row.kind).collect();
        let args = if limits.iter().any(|limit| limit.key.is_some()) { job.args() } else { Value::Null };
        limits.into_iter().map(|limit| (Arc::clone(limit), key_of(limit, &args))).collect()
    }

    /// What a meter holds back is looked at by then.
    fn look_again(&mut self, claim: &mut ClaimResult, meter: MeterId, at_ms: i64) {
        self.meters.due_by(meter, at_ms);
        claim.due_at_ms = claim.due_at_ms.into_iter().chain([at_ms]).min();
    }

    fn start(
        &mut self,
        claim: &mut ClaimResult,
        id: JobId,
        (whole_queue, limits): (&[LimitRef], Vec<(LimitRef, String)>),
        now_ms: i64,
    ) {
        let begin = |job: &mut StoredJob| {
            transition::claim(Arc::make_mut(&mut job.row), now_ms);
            job.attempt_began(now_ms);
            job.row.attempt
        };
        let attempt = self.update(id, begin).expect("it was found among the pending jobs");
        let mut uses = Vec::with_capacity(whole_queue.len() + limits.len());
        uses.extend(whole_queue.iter().map(|limit| self.meters.start(limit, "", now_ms)));
        for (limit, key) in limits {
            let meter = self.meters.start(&limit, &key, now_ms);
            claim.due_at_ms = claim.due_at_ms.into_iter().chain(self.meters.due_at_ms(meter)).min();
            uses.push(meter);
        }
        if !uses.is_empty() {
            self.uses.insert((id, attempt), uses);
        }
        claim.jobs.push(self.claimed(id));
    }

    /// A job at work, with what its worker needs.
    pub fn claimed(&self, id: JobId) -> ClaimedJob {
        let job = &self.jobs[&id];
        let result = |on: JobId| self.jobs.get(&on).and_then(StoredJob::result_text);
        let results = if job.takes_results {
            self.edges.after(id).map(|dependency| (dependency.job, result(dependency.job))).collect()
        } else {
            Vec::new()
        };
        let is_limited = self.uses.contains_key(&(id, job.row.attempt));
        ClaimedJob { results, is_limited, ..job.claimed() }
    }
}
