//! Which limits apply to a job, and under which keys.

use std::sync::Arc;

use serde_json::Value;
use taskyard_shared::limit::Limit;
use taskyard_shared::limits::MAX_KEY_BYTES;

/// A limit as it is shared.
pub type LimitRef = Arc<Limit>;

/// One key of one limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeterKey {
    /// The limit's name.
    pub limit: String,
    /// The value of the argument; empty for a limit without a key.
    pub key: String,
}

/// All limits of a yard, sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitBook {
    limits: Vec<LimitRef>,
}

impl LimitBook {
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Self {
        let mut limits: Vec<LimitRef> = limits.into_iter().map(Arc::new).collect();
        limits.sort_by(|a, b| a.name.cmp(&b.name));
        LimitBook { limits }
    }

    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    pub fn len(&self) -> usize {
        self.limits.len()
    }

    pub fn all(&self) -> &[LimitRef] {
        &self.limits
    }

    pub fn get(&self, name: &str) -> Option<&LimitRef> {
        self.limits.iter().find(|limit| limit.name == name)
    }

    /// Puts a limit in, in place of the one of that name.
    pub fn set(&mut self, limit: Limit) {
        self.remove(&limit.name);
        let at = self.limits.partition_point(|other| other.name < limit.name);
        self.limits.insert(at, Arc::new(limit));
    }

    /// Answers whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.limits.len();
        self.limits.retain(|limit| limit.name != name);
        self.limits.len() < before
    }

    /// The limits that hold for every job of a queue alike: they need no look at the job.
    pub fn whole_queue<'a>(&'a self, queue: &'a str) -> impl Iterator<Item = &'a LimitRef> {
        self.limits.iter().filter(move |limit| is_whole_queue(limit, queue))
    }

    /// The other limits that hold for jobs of this kind in this queue.
    pub fn for_job<'a>(&'a self, queue: &'a str, kind: &'a str) -> impl Iterator<Item = &'a LimitRef> {
        self.limits.iter().filter(move |limit| {
            limit.queue.as_deref().is_none_or(|wanted| wanted == queue)
                && limit.kind.as_deref().is_none_or(|wanted| wanted == kind)
                && !is_whole_queue(limit, queue)
        })
    }
}

fn is_whole_queue(limit: &Limit, queue: &str) -> bool {
    limit.queue.as_deref() == Some(queue) && limit.kind.is_none() && limit.key.is_none()
}

/// The key under which a job counts towards a limit: the text of the argument that the limit names.
pub fn key_of(limit: &Limit, args: &Value) -> String {
    let Some(pointer) = &limit.key else { return String::new() };
    let text = match args.pointer(pointer) {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match text.char_indices().find(|(at, c)| at + c.len_utf8() > MAX_KEY_BYTES) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
