//! Limits as callers set them. What they do is the stores' part: `crate::limits` has the rules.

use taskyard_shared::limit::{Limit, LimitStatus};
use taskyard_shared::limits::MAX_LIMITS;

use super::decision::{Answer, Decision, RequestId};
use super::pending::Pending;
use super::state::Core;
use crate::queue::messages::QueueError;
use crate::store::WriteOp;

impl Core {
    pub(super) fn set_limit(&mut self, request: RequestId, limit: Limit, out: &mut Vec<Decision>) {
        let name = limit.name.clone();
        let is_new = !self.has_limit(&name) && !self.limits_being_set.contains_key(&name);
        let on_their_way = self.limits_being_set.keys().filter(|name| !self.has_limit(name)).count();
        if is_new && self.limits.len() + on_their_way >= MAX_LIMITS {
            return out.push(Decision::Answer(request, Err(QueueError::TooManyLimits)));
        }
        let pending = Pending::SetLimit { request, name: name.clone() };
        if self.request(request, pending, WriteOp::SetLimit { limit }, out) {
            *self.limits_being_set.entry(name).or_default() += 1;
        }
    }

    fn has_limit(&self, name: &str) -> bool {
        self.limits.iter().any(|known| known.limit.name == name)
    }

    /// The store has answered, whatever it said.
    pub(super) fn set_limit_answered(&mut self, name: &str) {
        if let Some(count) = self.limits_being_set.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                self.limits_being_set.remove(name);
            }
        }
    }

    pub(super) fn remove_limit(&mut self, request: RequestId, name: String, out: &mut Vec<Decision>) {
        let pending = Pending::RemoveLimit { request, name: name.clone() };
        self.request(request, pending, WriteOp::RemoveLimit { name }, out);
    }

    /// A limit was set or removed: whatever was held back or blocked is looked at anew.
    pub(super) fn look_at_limits_anew(&mut self, now_ms: i64) {
        self.times.promote_by(Some(now_ms));
        for (name, queue) in &mut self.queues {
            if queue.blocked_until_ms.take().is_some() {
                self.touched.insert(name.clone());
            }
        }
    }

    pub(super) fn limit_set(&mut self, name: &str) -> Result<Answer, QueueError> {
        self.set_limit_answered(name);
        let known = self.limits.iter().find(|known| known.limit.name == name);
        known.cloned().map(Answer::LimitSet).ok_or_else(|| QueueError::NoSuchLimit(name.to_owned()))
    }

    pub(super) fn limits_changed(&mut self, limits: Option<Vec<LimitStatus>>) {
        if let Some(limits) = limits {
            self.limits = limits;
            self.changed.limits = true;
        }
    }
}
