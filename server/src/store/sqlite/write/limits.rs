//! Limits as they were set, and the sums over their meters. Like the queues, the writer keeps them in memory between
//! transactions.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use taskyard_shared::limit::{Limit, LimitStatus};

use super::super::rows::{from_json, to_json};
use super::meters::NO_WORKER;
use super::transaction::Transaction;
use crate::limits::{LimitBook, LimitRef};

pub(super) const CHANGED: &str =
    "SELECT limit_id, change FROM changed_limit WHERE limit_id >= ?1 ORDER BY limit_id LIMIT 1";
pub(super) const ALL_LOOKED_AT: &str = "DELETE FROM changed_limit WHERE limit_id = ?1";
/// Makes meters due that hold jobs back by a limit that has changed since they were looked at.
pub(super) const LOOK_ANEW: &str = "UPDATE meter SET due_at_ms = ?3, looked_at = ?2 WHERE id IN \
     (SELECT id FROM meter INDEXED BY meter_holding WHERE limit_id = ?1 AND held > 0 AND looked_at < ?2 \
     ORDER BY looked_at, id LIMIT ?4)";
pub(super) const HOLDS_BACK: &str =
    "SELECT 1 FROM meter INDEXED BY meter_holding WHERE limit_id = ?1 AND held > 0 LIMIT 1";

/// What all meters of a limit, or one of them, come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub keys: i64,
    pub running: i64,
    pub held: i64,
}

#[derive(Default)]
pub(super) struct Limits {
    book: LimitBook,
    /// Sorted by name.
    known: Vec<Known>,
    /// As somebody heard of them last.
    announced: Vec<LimitStatus>,
    /// How often limits have changed, for meters to know whether they were looked at since.
    pub changes: i64,
}

struct Known {
    id: i64,
    limit: LimitRef,
    sums: Sums,
    /// Whether its row in the file is behind.
    changed: bool,
}

impl Limits {
    pub fn read(conn: &Connection) -> rusqlite::Result<Limits> {
        let mut limits = Limits::default();
        let mut all =
            conn.prepare("SELECT id, rule, keys, running, held_back FROM limit_rule ORDER BY name")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let limit: LimitRef = Arc::new(from_json(&row.get::<_, String>(1)?)?);
            let sums = Sums { keys: row.get(2)?, running: row.get(3)?, held: row.get(4)? };
            limits.known.push(Known { id: row.get(0)?, limit, sums, changed: false });
        }
        limits.book = LimitBook::new(limits.known.iter().map(|known| Limit::clone(&known.limit)));
        limits.announced = limits.statuses();
        limits.changes = conn.query_row("SELECT limit_changes FROM yard", [], |row| row.get(0))?;
        Ok(limits)
    }

    /// Writes the sums that changed.
    pub fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        for known in self.known.iter_mut().filter(|known| known.changed) {
            conn.prepare_cached(
                "UPDATE limit_rule SET keys = ?2, running = ?3, held_back = ?4 WHERE id = ?1",
            )?
            .execute(params![known.id, known.sums.keys, known.sums.running, known.sums.held])?;
            known.changed = false;
        }
        Ok(())
    }

    pub fn book(&self) -> &LimitBook {
        &self.book
    }

    pub fn statuses(&self) -> Vec<LimitStatus> {
        self.known.iter().map(Known::status).collect()
    }

    /// Every limit as it stands, if that is not what was said last.
    pub fn news(&mut self) -> Option<Vec<LimitStatus>> {
        let now = self.statuses();
        (now != self.announced).then(|| {
            self.announced.clone_from(&now);
            now
        })
    }

    /// The number of a limit of the book.
    pub fn id(&self, name: &str) -> Option<i64> {
        self.known.iter().find(|known| known.limit.name == name).map(|known| known.id)
    }

    /// The limit of that number, if it still exists.
    pub fn rule(&self, id: i64) -> Option<LimitRef> {
        self.known.iter().find(|known| known.id == id).map(|known| Arc::clone(&known.limit))
    }

    /// A meter of that limit came to something else.
    pub fn meter_changed(&mut self, id: i64, from: Sums, to: Sums) {
        if from != to
            && let Some(known) = self.known.iter_mut().find(|known| known.id == id)
        {
            known.sums.keys += to.keys - from.keys;
            known.sums.running += to.running - from.running;
            known.sums.held += to.held - from.held;
            known.changed = true;
        }
    }

    fn put(&mut self, id: i64, limit: &Limit) {
        self.book.set(limit.clone());
        let limit = Arc::new(limit.clone());
        match self.known.binary_search_by(|known| known.limit.name.cmp(&limit.name)) {
            Ok(place) => self.known[place].limit = limit,
            Err(place) => {
                self.known.insert(place, Known { id, limit, sums: Sums::default(), changed: false });
            }
        }
    }
}

impl Known {
    fn status(&self) -> LimitStatus {
        LimitStatus {
            limit: Limit::clone(&self.limit),
            keys: self.sums.keys.unsigned_abs(),
            running: self.sums.running.unsigned_abs(),
            held_back: self.sums.held.unsigned_abs(),
        }
    }
}

impl Transaction<'_> {
    pub fn set_limit(&mut self, limit: &Limit) -> rusqlite::Result<()> {
        let known = self.standing.limits.id(&limit.name);
        if known.and_then(|id| self.standing.limits.rule(id)).is_some_and(|known| *known == *limit) {
            return Ok(());
        }
        let rule = to_json(limit)?;
        let id = match known {
            Some(id) => {
                self.prepared("UPDATE limit_rule SET rule = ?2 WHERE id = ?1")?.execute(params![id, rule])?;
                self.limit_changed(id)?;
                id
            }
            None => {
                self.prepared("INSERT INTO limit_rule (name, rule) VALUES (?1, ?2)")?
                    .execute(params![limit.name, rule])?;
                self.conn.last_insert_rowid()
            }
        };
        self.changed = true;
        self.standing.limits.put(id, limit);
        Ok(())
    }

    /// Answers whether there was one. Its meters go when nothing counts towards them any more.
    pub fn remove_limit(&mut self, name: &str) -> rusqlite::Result<bool> {
        let Some(id) = self.standing.limits.id(name) else { return Ok(false) };
        self.limit_changed(id)?;
        self.prepared("DELETE FROM limit_rule WHERE id = ?1")?.execute([id])?;
        self.standing.limits.book.remove(name);
        self.standing.limits.known.retain(|known| known.id != id);
        self.changed = true;
        Ok(true)
    }

    /// What a limit holds back is looked at anew by the next promotions, a few of its meters each.
    pub fn limit_changed(&mut self, limit: i64) -> rusqlite::Result<()> {
        self.standing.limits.changes += 1;
        let change = self.standing.limits.changes;
        self.prepared("UPDATE yard SET limit_changes = ?1")?.execute([change])?;
        self.prepared("INSERT OR REPLACE INTO changed_limit (limit_id, change) VALUES (?1, ?2)")?
            .execute([limit, change])?;
        Ok(())
    }

    /// Makes up to `most` meters due whose limits have changed.
    pub fn look_anew(&mut self, most: u32) -> rusqlite::Result<()> {
        let mut left = most as usize;
        while left > 0
            && let Some((limit, change)) = self.changed_limit()?
        {
            self.flush_meters()?;
            let found = self.prepared(LOOK_ANEW)?.execute(params![limit, change, self.now_ms, left])?;
            if found < left {
                self.prepared(ALL_LOOKED_AT)?.execute([limit])?;
            }
            left -= found;
        }
        Ok(())
    }

    /// The first limit with meters that are to be looked at anew, and which change that was.
    pub fn changed_limit(&self) -> rusqlite::Result<Option<(i64, i64)>> {
        self.prepared(CHANGED)?.query_row([i64::MIN], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    }

    /// All that limits and missing workers hold back is looked at anew.
    pub fn all_limits_changed(&mut self) -> rusqlite::Result<()> {
        let limits = &self.standing.limits.known;
        let holding = limits.iter().filter(|known| known.sums.held > 0);
        let mut changed: Vec<i64> = holding.map(|known| known.id).collect();
        if self.prepared(HOLDS_BACK)?.exists([NO_WORKER])? {
            changed.push(NO_WORKER);
        }
        for limit in changed {
            self.limit_changed(limit)?;
        }
        Ok(())
    }
}
