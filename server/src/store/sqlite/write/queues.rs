//! Where the yard stands: its queues with their counts, and the numbers given last. The writer keeps it in
//! memory between transactions, and reads it anew when the file's commit number says that others changed it
//! ([`super::outside`]).

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use taskyard_shared::queue::{Retention, StateCounts};

use super::super::rows::{counts, from_json, to_json, unknown_code};
use super::at_work::AtWork;
use super::limits::Limits;
use super::transaction::Transaction;
use crate::store::CommitSeq;
use crate::store::ops::{QueueSettings, StoredQueue};

pub(super) struct Standing {
    pub seq: CommitSeq,
    pub last_job_id: u64,
    pub last_operation_id: u64,
    pub limits: Limits,
    pub at_work: AtWork,
    /// By their numbers, which count up from 1 without gaps.
    queues: Vec<Queue>,
    by_name: HashMap<Arc<str>, i64>,
}

struct Queue {
    stored: StoredQueue,
    /// Whether its counts in the file are behind.
    changed: bool,
    /// Whether its settings are.
    settings_changed: bool,
}

pub(super) const LATEST_COMMIT: &str = "SELECT commit_seq FROM yard";

impl Standing {
    pub fn read(conn: &Connection) -> rusqlite::Result<Standing> {
        let numbers = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (seq, last_job_id, last_operation_id) =
            conn.query_row("SELECT commit_seq, last_job_id, last_operation_id FROM yard", [], numbers)?;
        let mut standing = Standing {
            seq: CommitSeq(seq),
            last_job_id,
            last_operation_id,
            limits: Limits::read(conn)?,
            at_work: AtWork::default(),
            queues: Vec::new(),
            by_name: HashMap::new(),
        };
        let mut all = conn.prepare(
            "SELECT name, concurrency, paused, draining, max_attempts, timeout_ms, retention, pending, processing, \
             completed, failed, cancelled, scheduled, waiting FROM queue ORDER BY id",
        )?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            standing.push(stored_queue(row)?);
        }
        Ok(standing)
    }

    /// Whether nobody else has committed since.
    pub fn is_current(&self, conn: &Connection) -> rusqlite::Result<bool> {
        let seq: u64 = conn.prepare_cached(LATEST_COMMIT)?.query_row([], |row| row.get(0))?;
        Ok(seq == self.seq.0)
    }

    /// The settings of a queue, if it exists.
    pub fn settings(&self, name: &str) -> Option<&QueueSettings> {
        let place = usize::try_from(self.by_name.get(name)? - 1).ok()?;
        self.queues.get(place).map(|queue| &queue.stored.settings)
    }

    /// Writes the queues and limits that changed, and the numbers.
    pub fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        // With nearly every commit some counts change; settings, which take more to write, hardly ever do.
        let mut counts = conn.prepare_cached(
            "UPDATE queue SET pending = ?2, processing = ?3, completed = ?4, failed = ?5, cancelled = ?6, \
             scheduled = ?7, waiting = ?8 WHERE id = ?1",
        )?;
        for (id, queue) in (1_i64..).zip(&mut self.queues) {
            if std::mem::take(&mut queue.changed) {
                let now = &queue.stored.counts;
                counts.execute(params![
                    id,
                    now.pending,
                    now.processing,
                    now.completed,
                    now.failed,
                    now.cancelled,
                    now.scheduled,
                    now.waiting,
                ])?;
            }
            if std::mem::take(&mut queue.settings_changed) {
                write_settings(conn, id, &queue.stored.settings)?;
            }
        }
        self.limits.write(conn)?;
        conn.prepare_cached(
            "UPDATE yard SET commit_seq = ?1, last_job_id = ?2, last_operation_id = ?3 WHERE only_row = 1",
        )?
        .execute(params![self.seq.0, self.last_job_id, self.last_operation_id])?;
        Ok(())
    }

    pub fn stored_queues(&self) -> Vec<StoredQueue> {
        let mut queues: Vec<_> = self.queues.iter().map(|queue| queue.stored.clone()).collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        queues
    }

    pub fn find(&self, name: &str) -> Option<(i64, Arc<str>)> {
        self.by_name.get_key_value(name).map(|(name, id)| (*id, Arc::clone(name)))
    }

    /// All queues in the order in which they were created.
    pub fn all(&self) -> Vec<(i64, Arc<str>)> {
        (1..).zip(&self.queues).map(|(id, queue)| (id, Arc::clone(&queue.stored.name))).collect()
    }

    pub fn name(&self, id: i64) -> rusqlite::Result<&str> {
        self.stored(id).map(|stored| &*stored.name).ok_or_else(|| unknown_code(id))
    }

    /// A queue as it is now.
    pub fn stored(&self, id: i64) -> Option<&StoredQueue> {
        let place = usize::try_from(id - 1).ok()?;
        self.queues.get(place).map(|queue| &queue.stored)
    }

    /// The counts of a queue.
    pub fn counts_of(&self, id: i64) -> StateCounts {
        self.stored(id).map(|stored| stored.counts).unwrap_or_default()
    }

    /// The counts of a queue, to be changed.
    pub fn counts(&mut self, id: i64) -> rusqlite::Result<&mut StateCounts> {
        let queue = self.queue_mut(id)?;
        queue.changed = true;
        Ok(&mut queue.stored.counts)
    }

    fn queue_mut(&mut self, id: i64) -> rusqlite::Result<&mut Queue> {
        usize::try_from(id - 1)
            .ok()
            .and_then(|place| self.queues.get_mut(place))
            .ok_or_else(|| unknown_code(id))
    }

    fn push(&mut self, stored: StoredQueue) -> i64 {
        let id = self.queues.len() as i64 + 1;
        self.by_name.insert(Arc::clone(&stored.name), id);
        self.queues.push(Queue { stored, changed: false, settings_changed: false });
        id
    }
}

impl Transaction<'_> {
    /// The number of a queue; it is created where needed.
    pub fn queue(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some((id, _)) = self.standing.find(name) {
            return Ok(id);
        }
        let settings = QueueSettings::with_concurrency(1);
        let id = self.standing.push(StoredQueue {
            name: Arc::clone(name),
            settings: settings.clone(),
            counts: StateCounts::default(),
        });
        self.prepared("INSERT INTO queue (id, name, concurrency, paused) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, &**name, settings.concurrency, settings.paused])?;
        self.changed = true;
        Ok(id)
    }

    pub fn configure(&mut self, name: &Arc<str>, settings: &QueueSettings) -> rusqlite::Result<()> {
        let id = self.queue(name)?;
        let queue = self.standing.queue_mut(id)?;
        if queue.stored.settings != *settings {
            queue.stored.settings = settings.clone();
            queue.settings_changed = true;
            self.changed = true;
        }
        Ok(())
    }
}

fn write_settings(conn: &Connection, id: i64, settings: &QueueSettings) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE queue SET concurrency = ?2, paused = ?3, draining = ?4, max_attempts = ?5, timeout_ms = ?6, \
         retention = ?7 WHERE id = ?1",
    )?
    .execute(params![
        id,
        settings.concurrency,
        settings.paused,
        settings.draining,
        settings.max_attempts,
        settings.timeout_ms,
        retention_text(&settings.retention)?,
    ])?;
    Ok(())
}

fn stored_queue(row: &Row<'_>) -> rusqlite::Result<StoredQueue> {
    Ok(StoredQueue {
        name: row.get::<_, String>(0)?.into(),
        settings: QueueSettings {
            concurrency: row.get(1)?,
            paused: row.get(2)?,
            draining: row.get(3)?,
            max_attempts: row.get(4)?,
            timeout_ms: row.get(5)?,
            retention: row
                .get::<_, Option<String>>(6)?
                .map_or_else(|| Ok(Retention::default()), |text| from_json(&text))?,
        },
        counts: counts(row, 7)?,
    })
}

/// Null: the default.
fn retention_text(retention: &Retention) -> rusqlite::Result<Option<String>> {
    if *retention == Retention::default() { Ok(None) } else { to_json(retention).map(Some) }
}
