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
        let is_new = self.limits.iter().all(|known| known.limit.name != limit.name);
        if is_new && self.limits.len() >= MAX_LIMITS {
            return out.push(Decision::Answer(request, Err(QueueError::TooManyLimits)));
        }
        let pending = Pending::SetLimit { request, name: limit.name.clone() };
        self.request(request, pending, WriteOp::SetLimit { limit }, out);
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

    pub(super) fn limit_set(&self, name: &str) -> Result<Answer, QueueError> {
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
