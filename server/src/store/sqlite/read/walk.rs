//! Walking the jobs in the order of their ids: all of them, or those of certain queues and states, or of a batch.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rusqlite::{OptionalExtension, params};
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{JobState, JobSummary};
use taskyard_shared::view::{JobFilter, SortOrder};

use super::super::rows::{self, ABOVE_ALL_PRIORITIES, NEXT_PRIORITY, job_columns, state_codes};
use super::Snapshot;

pub(super) const ROWS_BACK: &str =
    concat!("SELECT ", job_columns!(), " FROM job WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
pub(super) const ROWS_ON: &str =
    concat!("SELECT ", job_columns!(), " FROM job WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(super) const SKIP_BACK: &str = "SELECT id FROM job WHERE id < ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";
pub(super) const SKIP_ON: &str = "SELECT id FROM job WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2";
pub(super) const IDS_BACK: &str = "SELECT id FROM job INDEXED BY job_by_state \
     WHERE queue_id = ?1 AND state = ?2 AND priority = ?3 AND id < ?4 ORDER BY id DESC LIMIT ?5";
pub(super) const IDS_ON: &str = "SELECT id FROM job INDEXED BY job_by_state \
     WHERE queue_id = ?1 AND state = ?2 AND priority = ?3 AND id > ?4 ORDER BY id LIMIT ?5";
pub(super) const BATCH_BACK: &str = "SELECT id FROM job INDEXED BY job_by_batch \
     WHERE batch_id = ?1 AND state = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";
pub(super) const BATCH_ON: &str = "SELECT id FROM job INDEXED BY job_by_batch \
     WHERE batch_id = ?1 AND state = ?2 AND id > ?3 ORDER BY id LIMIT ?4";

/// Ids read at once from a run: few at first, as there may be hundreds of runs (one for each queue, state and
/// priority) of which most give nothing to a short walk; twice as many each time that more are wanted of it.
const FIRST_CHUNK: usize = 2;
const LARGEST_CHUNK: usize = 64;

/// Where the walk stands.
pub(in super::super) enum Walk {
    /// Every job, after this id.
    All { after: i64 },
    /// Those of some queues and states, or of a batch, merged from runs.
    Runs(Runs),
}

impl Walk {
    /// Begins after the id `after`, which need not exist; with None at the first job.
    pub fn begin(
        snapshot: &Snapshot<'_>,
        filter: &JobFilter,
        sort: SortOrder,
        after: Option<i64>,
    ) -> rusqlite::Result<Walk> {
        let after = after.unwrap_or(match sort {
            SortOrder::Newest => i64::MAX,
            SortOrder::Oldest => 0,
        });
        if filter.states.is_empty() && filter.queue.is_none() && filter.batch.is_none() {
            return Ok(Walk::All { after });
        }
        let mut runs = Runs { sort, heads: BinaryHeap::new(), runs: Vec::new() };
        let states = || {
            let is_wanted = |state: &JobState| filter.states.is_empty() || filter.states.contains(state);
            JobState::ALL.into_iter().filter(is_wanted)
        };
        if let Some(batch) = filter.batch {
            for code in states().flat_map(state_codes) {
                runs.add(snapshot, Of::Batch { batch, state: *code }, after)?;
            }
            return Ok(Walk::Runs(runs));
        }
        for (queue, (name, counts)) in (1..).zip(&snapshot.queues) {
            if filter.queue.as_ref().is_some_and(|wanted| wanted != name) {
                continue;
            }
            // The exact counts spare a look at what is empty anyway.
            for code in states().filter(|state| counts[*state] > 0).flat_map(state_codes) {
                runs.add_queue(snapshot, queue, *code, after)?;
            }
        }
        Ok(Walk::Runs(runs))
    }

    /// Passes over this many jobs.
    pub fn skip(&mut self, snapshot: &Snapshot<'_>, sort: SortOrder, rows: u64) -> rusqlite::Result<()> {
        match self {
            Walk::All { after } if rows > 0 => {
                let sql = if sort == SortOrder::Newest { SKIP_BACK } else { SKIP_ON };
                let mut select = snapshot.conn.prepare_cached(sql)?;
                let mut found = select.query(params![*after, rows - 1])?;
                *after = match found.next()? {
                    Some(row) => row.get(0)?,
                    None => end(sort),
                };
            }
            Walk::All { .. } => {}
            Walk::Runs(runs) => {
                for _ in 0..rows {
                    if runs.next(snapshot)?.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The next jobs, at most `most`; none at the end.
    pub fn next(
        &mut self,
        snapshot: &Snapshot<'_>,
        sort: SortOrder,
        most: usize,
    ) -> rusqlite::Result<Vec<JobSummary>> {
        let mut jobs = Vec::new();
        match self {
            Walk::All { after } => {
                let sql = if sort == SortOrder::Newest { ROWS_BACK } else { ROWS_ON };
                let mut select = snapshot.conn.prepare_cached(sql)?;
                let mut found = select.query(params![*after, most])?;
                while let Some(row) = found.next()? {
                    *after = row.get(0)?;
                    jobs.push(rows::summary(row, snapshot.queue_name(rows::queue_id(row)?)?)?);
                }
            }
            Walk::Runs(runs) => {
                while jobs.len() < most
                    && let Some(id) = runs.next(snapshot)?
                {
                    jobs.extend(snapshot.summary(id)?);
                }
            }
        }
        Ok(jobs)
    }
}

/// Past the last id of an order.
fn end(sort: SortOrder) -> i64 {
    match sort {
        SortOrder::Newest => 0,
        SortOrder::Oldest => i64::MAX,
    }
}

/// Sorted runs of ids, merged into one: each is read a chunk at a time, as far as it is needed.
pub(in super::super) struct Runs {
    sort: SortOrder,
    /// The first id of each run that has one left, as a key of which the greatest comes next.
    heads: BinaryHeap<(Reverse<i64>, usize)>,
    runs: Vec<Run>,
}

struct Run {
    of: Of,
    /// What follows the head, as far as it was read.
    ids: VecDeque<i64>,
    /// Everything up to this id was read.
    read_to: i64,
    /// How many are read next.
    chunk: usize,
}

/// Which jobs a run is of: a part of an index within which they are in the order of their ids.
#[derive(Clone, Copy)]
enum Of {
    Queue { queue: i64, state: i64, priority: i64 },
    Batch { batch: BatchId, state: i64 },
}

impl Runs {
    /// One run for each priority that there is.
    fn add_queue(
        &mut self,
        snapshot: &Snapshot<'_>,
        queue: i64,
        state: i64,
        after: i64,
    ) -> rusqlite::Result<()> {
        let mut next = snapshot.conn.prepare_cached(NEXT_PRIORITY)?;
        let mut priority = ABOVE_ALL_PRIORITIES;
        while let Some(found) =
            next.query_row(params![queue, state, priority], |row| row.get(0)).optional()?
        {
            priority = found;
            self.add(snapshot, Of::Queue { queue, state, priority }, after)?;
        }
        Ok(())
    }

    fn add(&mut self, snapshot: &Snapshot<'_>, of: Of, after: i64) -> rusqlite::Result<()> {
        self.runs.push(Run { of, ids: VecDeque::new(), read_to: after, chunk: FIRST_CHUNK });
        self.advance(snapshot, self.runs.len() - 1)
    }

    fn next(&mut self, snapshot: &Snapshot<'_>) -> rusqlite::Result<Option<i64>> {
        let Some((Reverse(key), place)) = self.heads.pop() else { return Ok(None) };
        self.advance(snapshot, place)?;
        Ok(Some(self.keyed(key)))
    }

    /// Puts the next id of a run among the heads.
    fn advance(&mut self, snapshot: &Snapshot<'_>, place: usize) -> rusqlite::Result<()> {
        let run = &mut self.runs[place];
        if run.ids.is_empty() {
            run.read(snapshot, self.sort)?;
        }
        if let Some(id) = run.ids.pop_front() {
            let key = self.keyed(id);
            self.heads.push((Reverse(key), place));
        }
        Ok(())
    }

    /// Ids are kept so that the least key comes first in either order; twice applied it is the id again.
    fn keyed(&self, id: i64) -> i64 {
        match self.sort {
            SortOrder::Newest => -id,
            SortOrder::Oldest => id,
        }
    }
}

impl Run {
    fn read(&mut self, snapshot: &Snapshot<'_>, sort: SortOrder) -> rusqlite::Result<()> {
        let sql = match (self.of, sort) {
            (Of::Queue { .. }, SortOrder::Newest) => IDS_BACK,
            (Of::Queue { .. }, SortOrder::Oldest) => IDS_ON,
            (Of::Batch { .. }, SortOrder::Newest) => BATCH_BACK,
            (Of::Batch { .. }, SortOrder::Oldest) => BATCH_ON,
        };
        let mut select = snapshot.conn.prepare_cached(sql)?;
        let mut found = match self.of {
            Of::Queue { queue, state, priority } => {
                select.query(params![queue, state, priority, self.read_to, self.chunk])?
            }
            Of::Batch { batch, state } => select.query(params![batch.0, state, self.read_to, self.chunk])?,
        };
        self.chunk = (self.chunk * 2).min(LARGEST_CHUNK);
        while let Some(row) = found.next()? {
            self.read_to = row.get(0)?;
            self.ids.push_back(self.read_to);
        }
        Ok(())
    }
}
