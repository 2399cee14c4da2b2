//! What the list shows of its live window, and where: rows keep their place while somebody looks at them.
//!
//! While *held* (the pointer or the focus is on a row, or the list is scrolled away from its top) no row
//! changes its index: newer jobs are counted instead of shown, and a row that left the list leaves a gap.
//! Bounded by the window: it never holds more rows than the last two windows together.

use taskyard_shared::job::{JobId, JobSummary};
use taskyard_shared::view::{SortOrder, WindowStart};

use super::jobs_view::JobsView;

/// Rows in a window, and so in memory.
pub const WINDOW_ROWS: u32 = 200;
/// So many rows before the edge of its window the list asks for the next one.
const MARGIN: u64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Still,
    Free,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub job: JobSummary,
    /// The job is not in this list any more.
    pub gone: bool,
}

/// Slot `i` is row `base + i` of the list as it was when it was last free.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Display {
    pub slots: Vec<Slot>,
    pub base: u64,
    /// Rows to scroll through.
    pub rows: u64,
    /// Jobs above the first row that are not shown yet.
    pub newer: u64,
    /// Whether rows that are not counted in `rows` follow.
    pub more: bool,
    /// The total when the list was last free.
    free_total: Option<u64>,
    /// False until the first snapshot.
    pub known: bool,
}

impl Display {
    /// A new window has come: another part of the list, or the list seen afresh.
    pub fn replace(&mut self, view: &JobsView, hold: Hold) {
        self.known = true;
        if hold == Hold::Free || self.slots.is_empty() {
            return self.release(view);
        }
        if view.offset.unwrap_or(0) == 0 && self.base == 0 {
            return self.update(view, hold);
        }
        self.newer = self.count_newer(view);
        let base = self.anchored_base(view);
        let hidden = (-base).max(0) as usize;
        self.base = base.max(0) as u64;
        self.slots = view.rows.iter().skip(hidden).map(shown).collect();
        self.count_rows(view);
    }

    /// The window that is shown has changed.
    pub fn update(&mut self, view: &JobsView, hold: Hold) {
        if hold == Hold::Free || self.slots.is_empty() {
            return self.release(view);
        }
        let last = view.rows.last().map(|row| row.id);
        let pushed_out =
            |slot: &Slot| view.more && last.is_some_and(|last| follows(view.sort, last, slot.job.id));
        self.slots.retain(|slot| !pushed_out(slot));
        for slot in &mut self.slots {
            match view.rows.iter().find(|row| row.id == slot.job.id) {
                Some(row) if slot.job == *row && !slot.gone => {}
                Some(row) => *slot = shown(row),
                None => slot.gone = true,
            }
        }
        if self.slots.iter().all(|slot| slot.gone) && self.base == 0 {
            return self.release(view);
        }
        if let Some(tail) = self.slots.last().map(|slot| slot.job.id) {
            self.slots.extend(view.rows.iter().filter(|row| follows(view.sort, tail, row.id)).map(shown));
        }
        self.newer = self.count_newer(view);
        self.count_rows(view);
    }

    /// Shows the window as it is.
    pub fn release(&mut self, view: &JobsView) {
        self.slots = view.rows.iter().map(shown).collect();
        self.base = view.offset.unwrap_or(0);
        self.newer = 0;
        self.free_total = view.total;
        self.known = true;
        self.count_rows(view);
    }

    pub fn find(&self, id: JobId) -> Option<(u64, &Slot)> {
        let at = self.slots.iter().position(|slot| slot.job.id == id)?;
        Some((self.base + at as u64, &self.slots[at]))
    }

    pub fn at(&self, index: u64) -> Option<&Slot> {
        self.slots.get(usize::try_from(index.checked_sub(self.base)?).ok()?)
    }

    /// The window to ask for when these rows are visible; None while the present one serves.
    pub fn wanted(&self, first: u64, visible: u64, now: WindowStart) -> Option<WindowStart> {
        let end = self.base + self.slots.len() as u64;
        let above = self.base == 0 || first >= self.base + MARGIN.min(first);
        let below = !self.more || first + visible + MARGIN <= end;
        if !self.known || (above && below) {
            return None;
        }
        let window = u64::from(WINDOW_ROWS);
        let rows = (first + self.newer).saturating_sub(window.saturating_sub(visible) / 2);
        let start = if rows == 0 { WindowStart::Top } else { WindowStart::Offset { rows } };
        (start != now).then_some(start)
    }

    fn count_newer(&self, view: &JobsView) -> u64 {
        let first = self.slots.first().map(|slot| slot.job.id);
        let above = match first {
            Some(first) if self.base == 0 => {
                view.rows.iter().take_while(|row| follows(view.sort, row.id, first)).count() as u64
            }
            _ => 0,
        };
        let grown = match (view.sort, view.total, self.free_total) {
            (SortOrder::Newest, Some(now), Some(then)) => now.saturating_sub(then),
            _ => 0,
        };
        above.max(grown)
    }

    fn count_rows(&mut self, view: &JobsView) {
        let end = self.base + self.slots.len() as u64;
        self.rows = match view.total {
            Some(total) if view.more => total.saturating_sub(self.newer).max(end + 1),
            // One more, so that there is somewhere to scroll to.
            None if view.more => end + 1,
            _ => end,
        };
        self.more = view.more;
    }

    /// The index of the new window's first row: a row that was there before keeps its index.
    fn anchored_base(&self, view: &JobsView) -> i64 {
        let anchored = view.rows.iter().enumerate().find_map(|(at, row)| {
            let (index, _) = self.find(row.id)?;
            Some(index as i64 - at as i64)
        });
        anchored.unwrap_or_else(|| view.offset.unwrap_or(self.base) as i64 - self.newer as i64)
    }
}

fn shown(job: &JobSummary) -> Slot {
    Slot { job: job.clone(), gone: false }
}

/// Whether `other` comes after `one` in the list.
fn follows(sort: SortOrder, one: JobId, other: JobId) -> bool {
    match sort {
        SortOrder::Newest => other < one,
        SortOrder::Oldest => other > one,
    }
}

#[cfg(test)]
#[path = "display_tests.rs"]
mod tests;
