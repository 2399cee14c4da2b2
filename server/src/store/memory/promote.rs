//! What time brings: scheduled jobs become pending, and limits admit jobs that they held back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::meters::MeterId;
use super::yard::Yard;
use crate::limits::Admission;
use crate::store::ops::{Moved, PromoteResult, Released};
use crate::store::{RELEASE_RETRY_MS, transition};

impl Yard {
    pub fn promote(&mut self, limit: u32, now_ms: i64) -> PromoteResult {
        self.meters.forget_unused(now_ms);
        let moved = self.promote_scheduled(limit, now_ms);
        self.meters.look_anew(limit as usize, now_ms);
        let meters = self.meters.due(limit as usize, now_ms);
        let mut more = moved.len() == limit as usize || meters.len() == limit as usize;
        let mut left = limit;
        let mut released = BTreeSet::new();
        for meter in meters {
            left -= self.refill(meter, left, &mut released, now_ms);
            if left == 0 {
                more = true;
                break;
            }
        }
        more |= self.meters.has_changed();
        self.meters.forget_unused(now_ms);
        let released: Released = released.into_iter().collect();
        PromoteResult { moved, released, next_at_ms: self.next_due_at_ms(), more }
    }

    fn promote_scheduled(&mut self, limit: u32, now_ms: i64) -> Vec<Moved> {
        let due = self.lists.scheduled.iter().take_while(|(at_ms, _)| *at_ms <= now_ms);
        let due: Vec<_> = due.take(limit as usize).map(|(_, id)| *id).collect();
        due.into_iter().filter_map(|id| self.transit(id, |row| transition::promote(row, now_ms))).collect()
    }

    /// Releases as many of the jobs that a meter holds back as may start now, up to `limit`, and says when it is to
    /// be looked at again. Answers how many it released.
    fn refill(&mut self, meter: MeterId, limit: u32, released: &mut BTreeSet<Arc<str>>, now_ms: i64) -> u32 {
        let (admission, free) = self.meters.admits(meter, now_ms);
        let mut count = 0;
        while count < free.min(limit)
            && let Some(queue) = self.release_first(meter, count)
        {
            released.insert(queue);
            count += 1;
        }
        let again_at_ms = match admission {
            // Cut short by `limit`: at once. Else the released ones should start, and if not, this tries again.
            Admission::Free if count < free => Some(now_ms),
            Admission::Free => Some(now_ms + RELEASE_RETRY_MS),
            Admission::NotBefore { at_ms } => Some(at_ms),
            Admission::Full => None,
        };
        self.meters.set_due(meter, again_at_ms);
        count
    }
}
