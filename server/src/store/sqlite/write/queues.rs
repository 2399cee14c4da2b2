//! Where the yard stands: its queues with their counts, and the numbers given last. The writer keeps it in
//! memory between transactions, as it is the only one that changes it.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};
use taskyard_shared::queue::StateCounts;

use super::super::rows::unknown_code;
use super::transaction::Transaction;
use crate::store::CommitSeq;
use crate::store::ops::{QueueSettings, StoredQueue};

pub(super) struct Standing {
    pub seq: CommitSeq,
    pub last_job_id: u64,
    /// By their numbers, which count up from 1 without gaps.
    queues: Vec<Queue>,
    by_name: HashMap<Arc<str>, i64>,
}

struct Queue {
    stored: StoredQueue,
    /// Whether its row in the file is behind.
    changed: bool,
}

impl Standing {
    pub fn read(conn: &Connection) -> rusqlite::Result<Standing> {
        let (seq, last_job_id) = conn.query_row("SELECT commit_seq, last_job_id FROM yard", [], |row| {
            Ok((CommitSeq(row.get(0)?), row.get(1)?))
        })?;
        let mut standing = Standing { seq, last_job_id, queues: Vec::new(), by_name: HashMap::new() };
        let mut all = conn.prepare(
            "SELECT name, concurrency, paused, pending, processing, completed, failed, cancelled \
             FROM queue ORDER BY id",
        )?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            standing.push(StoredQueue {
                name: row.get::<_, String>(0)?.into(),
                settings: QueueSettings { concurrency: row.get(1)?, paused: row.get(2)? },
                counts: StateCounts {
                    pending: row.get(3)?,
                    processing: row.get(4)?,
                    completed: row.get(5)?,
                    failed: row.get(6)?,
                    cancelled: row.get(7)?,
                },
            });
        }
        Ok(standing)
    }

    /// Writes the queues that changed, and the numbers.
    pub fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let mut update = conn.prepare_cached(
            "UPDATE queue SET concurrency = ?2, paused = ?3, pending = ?4, processing = ?5, completed = ?6, \
             failed = ?7, cancelled = ?8 WHERE id = ?1",
        )?;
        for (id, queue) in (1_i64..).zip(&mut self.queues) {
            if std::mem::take(&mut queue.changed) {
                let StoredQueue { settings, counts, .. } = &queue.stored;
                update.execute(params![
                    id,
                    settings.concurrency,
                    settings.paused,
                    counts.pending,
                    counts.processing,
                    counts.completed,
                    counts.failed,
                    counts.cancelled,
                ])?;
            }
        }
        conn.prepare_cached("UPDATE yard SET commit_seq = ?1, last_job_id = ?2 WHERE only_row = 1")?
            .execute(params![self.seq.0, self.last_job_id])?;
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
        usize::try_from(id - 1)
            .ok()
            .and_then(|place| self.queues.get(place))
            .map(|queue| &*queue.stored.name)
            .ok_or_else(|| unknown_code(id))
    }

    /// The counts of a queue, to be changed.
    pub fn counts(&mut self, id: i64) -> rusqlite::Result<&mut StateCounts> {
        self.changing(id).map(|queue| &mut queue.counts)
    }

    fn changing(&mut self, id: i64) -> rusqlite::Result<&mut StoredQueue> {
        let queue = usize::try_from(id - 1)
            .ok()
            .and_then(|place| self.queues.get_mut(place))
            .ok_or_else(|| unknown_code(id))?;
        queue.changed = true;
        Ok(&mut queue.stored)
    }

    fn push(&mut self, stored: StoredQueue) -> i64 {
        let id = self.queues.len() as i64 + 1;
        self.by_name.insert(Arc::clone(&stored.name), id);
        self.queues.push(Queue { stored, changed: false });
        id
    }
}

impl Transaction<'_> {
    /// The number of a queue; it is created where needed.
    pub fn queue(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some((id, _)) = self.standing.find(name) {
            return Ok(id);
        }
        let settings = QueueSettings { concurrency: 1, paused: false };
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
        let queue = self.standing.changing(id)?;
        if queue.settings != *settings {
            queue.settings = settings.clone();
            self.changed = true;
        }
        Ok(())
    }
}
