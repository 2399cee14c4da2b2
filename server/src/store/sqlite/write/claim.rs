//! Claims: the first pending jobs of a queue become its running ones, unless it is too late for them or a limit does
//! not admit them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use rusqlite::params;
use serde_json::Value;
use taskyard_shared::job::{FileRef, JobId, JobOptions, JobState};

use super::super::rows::{self, FileRole, Flags, JOB_COLUMNS, job_columns, state_code};
use super::meters::{Applied, NO_WORKER};
use super::transaction::{Row, Transaction, read_row};
use crate::limits::{Admission, key_of};
use crate::store::ops::{ClaimResult, ClaimedJob, KnownKinds, Moved};
use crate::store::{CLAIM_LOOKS, transition};

macro_rules! with_what_a_worker_needs {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            job_columns!(),
            ", flags, held_by, has_inputs, args, options FROM ",
            $from,
            " CROSS JOIN job_args ON job_id = id ",
            $rest
        )
    };
}

/// A queue's jobs in a state, with what a worker needs, in the order in which they are claimed.
pub(super) const IN_STATE: &str = with_what_a_worker_needs!(
    "job INDEXED BY job_by_state",
    "WHERE queue_id = ?1 AND state = ?2 ORDER BY priority DESC, id LIMIT ?3"
);
/// Those of one priority.
pub(super) const OF_PRIORITY: &str = with_what_a_worker_needs!(
    "job INDEXED BY job_by_state",
    "WHERE queue_id = ?1 AND state = ?2 AND priority = ?4 ORDER BY id LIMIT ?3"
);
/// The job of that number.
pub(super) const ONE: &str = with_what_a_worker_needs!("job", "WHERE id = ?1");
pub(super) const RESULTS: &str = "SELECT on_job_id, job.state, result FROM dependency \
     LEFT JOIN job ON job.id = on_job_id LEFT JOIN job_output ON job_output.job_id = on_job_id \
     WHERE dependency.job_id = ?1 ORDER BY on_job_id";

/// Fewest rows read at once after the first ones were looked at in vain.
const CHUNK: usize = 64;

/// A job with what its worker needs, as it was read.
struct Ready {
    row: Row,
    has_inputs: bool,
    args: String,
    options: JobOptions,
}

/// What came of a look at a job.
enum Look {
    Started,
    /// A limit that has room under this key holds others back, which may start in its place.
    InVain(Option<(Applied, String)>),
}

/// A claim under way.
struct Claim<'k> {
    queue: i64,
    name: Arc<str>,
    limit: usize,
    kinds: Option<&'k KnownKinds>,
    whole_queue: Vec<Applied>,
    /// Whether any other limit can apply to jobs of the queue.
    has_limits: bool,
    /// The other limits of each kind.
    of_kind: HashMap<String, Vec<Applied>>,
    looked_in_vain: usize,
    result: ClaimResult,
}

impl Claim<'_> {
    fn room(&self) -> usize {
        self.limit - self.result.jobs.len()
    }

    fn due_by(&mut self, at_ms: Option<i64>) {
        if let Some(at_ms) = at_ms {
            self.result.due_at_ms = Some(self.result.due_at_ms.map_or(at_ms, |due| due.min(at_ms)));
        }
    }
}

impl Transaction<'_> {
    pub fn claim(
        &mut self,
        queue: &str,
        limit: u32,
        oldest: u32,
        kinds: Option<&KnownKinds>,
    ) -> rusqlite::Result<ClaimResult> {
        let Some((queue, name)) = self.known_queue(queue) else { return Ok(ClaimResult::default()) };
        let mut claim = self.begin_claim(queue, name, limit, kinds);
        let oldest = oldest.min(limit) as usize;
        if oldest > 0 && self.look_at(&mut claim, |tx, claim| tx.oldest(claim.queue, oldest))?.is_break() {
            return Ok(claim.result);
        }
        let mut read = claim.room();
        loop {
            let looked =
                self.look_at(&mut claim, |tx, claim| tx.in_state(claim.queue, JobState::Pending, read))?;
            if looked.is_break() {
                return Ok(claim.result);
            }
            read = claim.room().max(CHUNK);
        }
    }

    fn begin_claim<'k>(
        &self,
        queue: i64,
        name: Arc<str>,
        limit: u32,
        kinds: Option<&'k KnownKinds>,
    ) -> Claim<'k> {
        let book = self.standing.limits.book();
        let may_apply = |queue: &Option<String>| queue.as_deref().is_none_or(|wanted| wanted == &*name);
        Claim {
            queue,
            limit: limit as usize,
            kinds,
            whole_queue: self.applied(book.whole_queue(&name)),
            has_limits: book.all().iter().any(|limit| may_apply(&limit.queue)),
            of_kind: HashMap::new(),
            looked_in_vain: 0,
            result: ClaimResult::default(),
            name,
        }
    }

    /// Reads jobs and looks at each. `Break`: the claim is over.
    fn look_at<'k>(
        &mut self,
        claim: &mut Claim<'k>,
        read: impl FnOnce(&mut Self, &Claim<'k>) -> rusqlite::Result<Vec<Ready>>,
    ) -> rusqlite::Result<ControlFlow<()>> {
        if claim.room() == 0 {
            return Ok(ControlFlow::Break(()));
        }
        let found = read(self, claim)?;
        if found.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        for ready in found {
            if claim.room() == 0 || self.is_blocked(claim)? {
                return Ok(ControlFlow::Break(()));
            }
            let mut next = Some(ready);
            while let Some(ready) = next.take() {
                let Look::InVain(room) = self.judge(claim, ready)? else { break };
                claim.looked_in_vain += 1;
                if claim.looked_in_vain == CLAIM_LOOKS {
                    claim.result.more = true;
                    return Ok(ControlFlow::Break(()));
                }
                if let Some((limit, key)) = room {
                    next = self.let_in(claim, &limit, &key)?;
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether a limit of the whole queue admits no more.
    fn is_blocked(&mut self, claim: &mut Claim<'_>) -> rusqlite::Result<bool> {
        for limit in &claim.whole_queue {
            let admission = self.admission(limit, "")?;
            if admission != Admission::Free {
                claim.result.blocked = Some(admission);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn judge(&mut self, claim: &mut Claim<'_>, mut ready: Ready) -> rusqlite::Result<Look> {
        if ready.options.expires_at_ms.is_some_and(|at_ms| self.now_ms > at_ms) {
            let keyed = self.limits_of(claim, &ready)?;
            self.expire(claim, ready.row)?;
            return Ok(Look::InVain(self.room_for_others(&keyed, None)?));
        }
        let kind = &ready.row.job.kind;
        if claim.kinds.is_some_and(|kinds| !kinds.contains(kind)) {
            let kind = kind.clone();
            self.hold_back(&mut ready.row, NO_WORKER, &kind, None)?;
            return Ok(Look::InVain(None));
        }
        let keyed = self.limits_of(claim, &ready)?;
        for (limit, key) in &keyed {
            let (until_ms, is_its_turn) = match self.admission(limit, key)? {
                Admission::Free if self.held_before(limit, key, &ready.row)?.is_none() => continue,
                Admission::Free => (None, false),
                Admission::NotBefore { at_ms } => (Some(at_ms), true),
                Admission::Full => (None, true),
            };
            self.hold_back(&mut ready.row, limit.id, key, until_ms)?;
            claim.due_by(until_ms);
            return Ok(Look::InVain(if is_its_turn {
                self.room_for_others(&keyed, Some(limit.id))?
            } else {
                Some((limit.clone(), key.clone()))
            }));
        }
        self.start(claim, ready, &keyed)?;
        Ok(Look::Started)
    }

    /// The first of a job's limits that has room for others which it holds back, but for the one that holds this job.
    fn room_for_others(
        &mut self,
        keyed: &[(Applied, String)],
        holding: Option<i64>,
    ) -> rusqlite::Result<Option<(Applied, String)>> {
        for (limit, key) in keyed.iter().filter(|(limit, _)| Some(limit.id) != holding) {
            if self.holds_back(limit, key)? && self.admission(limit, key)? == Admission::Free {
                return Ok(Some((limit.clone(), key.clone())));
            }
        }
        Ok(None)
    }

    /// The job of this queue whose turn it is with a limit that has room. Its row is for a look at it to write. One of
    /// another queue is left to the next promotion, which has that queue claim.
    fn let_in(
        &mut self,
        claim: &mut Claim<'_>,
        limit: &Applied,
        key: &str,
    ) -> rusqlite::Result<Option<Ready>> {
        let Some(held) = self.next_held(limit, key, claim.queue)? else { return Ok(None) };
        if held.queue != claim.queue {
            self.look_soon(limit, key)?;
            claim.due_by(Some(self.now_ms));
            return Ok(None);
        }
        let mut found = Vec::with_capacity(1);
        self.read_ready(self.prepared(ONE)?.query([held.id.0])?, &mut found)?;
        let mut ready = found.pop().ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        self.leave_meter(&mut ready.row)?;
        Ok(Some(ready))
    }

    /// The limits that apply to a job besides those of the whole queue, each with its key.
    fn limits_of(&self, claim: &mut Claim<'_>, ready: &Ready) -> rusqlite::Result<Vec<(Applied, String)>> {
        if !claim.has_limits {
            return Ok(Vec::new());
        }
        let kind = &ready.row.job.kind;
        if !claim.of_kind.contains_key(kind) {
            let limits = self.applied(self.standing.limits.book().for_job(&claim.name, kind));
            claim.of_kind.insert(kind.clone(), limits);
        }
        let limits = &claim.of_kind[kind];
        let args = if limits.iter().any(|limit| limit.rule.key.is_some()) {
            rows::from_json(&ready.args)?
        } else {
            Value::Null
        };
        Ok(limits.iter().map(|limit| (limit.clone(), key_of(&limit.rule, &args))).collect())
    }

    fn applied<'a>(&self, limits: impl Iterator<Item = &'a crate::limits::LimitRef>) -> Vec<Applied> {
        limits
            .filter_map(|rule| {
                let id = self.standing.limits.id(&rule.name)?;
                Some(Applied { id, rule: Arc::clone(rule) })
            })
            .collect()
    }

    fn expire(&mut self, claim: &mut Claim<'_>, mut row: Row) -> rusqlite::Result<()> {
        self.forget_error(&row)?;
        if transition::expire(&mut row.job, self.now_ms) {
            self.change(&mut row, JobState::Pending)?;
            claim.result.resolves |= self.tell_end(&row)?;
            claim.result.expired.push(Moved { job: Arc::new(row.job), from: JobState::Pending });
        }
        Ok(())
    }

    fn start(
        &mut self,
        claim: &mut Claim<'_>,
        ready: Ready,
        keyed: &[(Applied, String)],
    ) -> rusqlite::Result<()> {
        let Ready { mut row, has_inputs, args, options } = ready;
        self.forget_error(&row)?;
        if !transition::claim(&mut row.job, self.now_ms) {
            return Ok(());
        }
        let is_limited = !keyed.is_empty() || !claim.whole_queue.is_empty();
        row.flags.set(Flags::LIMITED, is_limited);
        self.change(&mut row, JobState::Pending)?;
        if is_limited {
            for limit in &claim.whole_queue {
                self.start_on(limit, "", &row)?;
            }
            for (limit, key) in keyed {
                let due_at_ms = self.start_on(limit, key, &row)?;
                claim.due_by(due_at_ms);
            }
        }
        let inputs = if has_inputs { self.inputs(row.job.id)? } else { Vec::new() };
        let results = self.results(&row)?;
        let job = Arc::new(row.job);
        self.standing.at_work.keep(Arc::clone(&job), row.queue, row.flags);
        claim.result.jobs.push(ClaimedJob { job, args, inputs, options, results, is_limited });
        Ok(())
    }

    /// Every job at work, by id.
    pub fn all_processing(&self) -> rusqlite::Result<Vec<ClaimedJob>> {
        let mut all = Vec::new();
        for (id, _) in self.standing.all() {
            for ready in self.in_state(id, JobState::Processing, i32::MAX as usize)? {
                let Ready { row, has_inputs, args, options } = ready;
                all.push(ClaimedJob {
                    inputs: if has_inputs { self.inputs(row.job.id)? } else { Vec::new() },
                    results: self.results(&row)?,
                    is_limited: row.flags.has(Flags::LIMITED),
                    job: Arc::new(row.job),
                    args,
                    options,
                });
            }
        }
        all.sort_by_key(|running| running.job.id);
        Ok(all)
    }

    /// The pending jobs of the lowest ids, where that is not the order of claims anyway.
    fn oldest(&self, queue: i64, most: usize) -> rusqlite::Result<Vec<Ready>> {
        let pending = state_code(JobState::Pending);
        let mut next = self.prepared(rows::NEXT_PRIORITY)?;
        let mut below = rows::ABOVE_ALL_PRIORITIES;
        let mut oldest = Vec::new();
        loop {
            let mut found = next.query(params![queue, pending, below])?;
            let Some(row) = found.next()? else { break };
            below = row.get(0)?;
            let mut select = self.prepared(OF_PRIORITY)?;
            let found = select.query(params![queue, pending, most, below])?;
            self.read_ready(found, &mut oldest)?;
        }
        oldest.sort_by_key(|ready| ready.row.job.id);
        oldest.truncate(most);
        Ok(oldest)
    }

    fn in_state(&self, queue: i64, state: JobState, limit: usize) -> rusqlite::Result<Vec<Ready>> {
        let mut jobs = Vec::new();
        let mut select = self.prepared(IN_STATE)?;
        let found = select.query(params![queue, state_code(state), limit])?;
        self.read_ready(found, &mut jobs)?;
        Ok(jobs)
    }

    fn read_ready(&self, mut found: rusqlite::Rows<'_>, jobs: &mut Vec<Ready>) -> rusqlite::Result<()> {
        while let Some(row) = found.next()? {
            jobs.push(Ready {
                row: read_row(row, &self.standing)?,
                has_inputs: row.get(JOB_COLUMNS + 2)?,
                args: row.get(JOB_COLUMNS + 3)?,
                options: rows::options(row.get(JOB_COLUMNS + 4)?)?,
            });
        }
        Ok(())
    }

    fn inputs(&self, id: JobId) -> rusqlite::Result<Vec<FileRef>> {
        self.prepared(rows::FILES)?.query_map(params![id.0, FileRole::Input as i64], rows::file)?.collect()
    }

    /// Results of the jobs that this one comes after, where its arguments take them up.
    fn results(&self, row: &Row) -> rusqlite::Result<Vec<(JobId, Option<String>)>> {
        if !row.flags.has(Flags::TAKES_RESULTS) {
            return Ok(Vec::new());
        }
        self.prepared(RESULTS)?
            .query_map([row.job.id.0], |row| {
                let state: Option<i64> = row.get(1)?;
                let result: Option<String> = row.get(2)?;
                let completed = state == Some(state_code(JobState::Completed));
                // A completed job without a result of its own has null.
                let result = completed.then(|| result.unwrap_or_else(|| "null".to_owned()));
                Ok((JobId(row.get(0)?), result))
            })?
            .collect()
    }
}
