//! Live views: which rows a client watches, and how they change.

use serde::{Deserialize, Serialize};

use crate::batch::BatchId;
use crate::error::{ErrorCode, WireError};
use crate::job::{JobId, JobState, JobSummary, Progress};
use crate::limit::LimitStatus;
use crate::limits::{MAX_FILTER_CHARS, MAX_IDENTIFIER_BYTES, MAX_VIEW_ROWS};
use crate::log::LogLine;
use crate::object::objects_only;
use crate::operation::Operation;
use crate::queue::QueueStatus;
use crate::schedule::ScheduleStatus;
use crate::service::{CacheStatus, LimiterStatus, PoolStatus, Services};

objects_only!(JobFilter, WindowStart, JobsQuery, ViewQuery);

/// The server's number for a view. Only good within one server `instance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ViewId(pub u64);

/// Which jobs a list shows. Parts that are left out let everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "JobFilter", default, deny_unknown_fields)]
pub struct JobFilter {
    /// Empty: every state.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<JobState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Case does not matter. Found in name, detail, kind, queue or error; `#12` is the job of that number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl JobFilter {
    /// The one definition of what a filter lets pass: stores and live views both ask here.
    pub fn matches(&self, job: &JobSummary) -> bool {
        (self.states.is_empty() || self.states.contains(&job.state))
            && self.kind.as_ref().is_none_or(|kind| *kind == job.kind)
            && self.queue.as_ref().is_none_or(|queue| *queue == job.queue)
            && self.batch.is_none_or(|batch| job.batch == Some(batch))
            && self.text_matches(job)
    }

    /// Checks every bound.
    pub fn validate(&self) -> Result<(), WireError> {
        if self.text.chars().count() > MAX_FILTER_CHARS {
            return refuse(format!("the text to search for is longer than {MAX_FILTER_CHARS} characters"));
        }
        if self.states.len() > JobState::ALL.len() {
            return refuse("a state is named twice".to_owned());
        }
        for name in self.kind.iter().chain(&self.queue) {
            if name.len() > MAX_IDENTIFIER_BYTES {
                return refuse(format!("a kind or queue has at most {MAX_IDENTIFIER_BYTES} characters"));
            }
        }
        Ok(())
    }

    fn text_matches(&self, job: &JobSummary) -> bool {
        let text = self.text.trim();
        if text.is_empty() {
            return true;
        }
        if let Some(id) = text.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
            return job.id == JobId(id);
        }
        let needle = text.to_lowercase();
        [&job.name, &job.detail, &job.kind, &job.queue]
            .into_iter()
            .chain(&job.error)
            .any(|field| field.to_lowercase().contains(&needle))
    }
}

fn refuse(message: String) -> Result<(), WireError> {
    Err(WireError::new(ErrorCode::InvalidQuery, message))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// Highest id first.
    #[default]
    Newest,
    /// Lowest id first.
    Oldest,
}

/// Where in the sorted list a window begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "WindowStart", tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum WindowStart {
    /// At the first row; jobs that are added later appear at the top of a `newest` list.
    #[default]
    Top,
    /// After the row of this job in the sort order, whether that job still exists or not.
    After { id: JobId },
    /// After so many rows, as counted when the view is opened. From then on the window stays with the rows
    /// that it found (it becomes `after`), however many are added above.
    Offset { rows: u64 },
}

/// A window into the list of jobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "JobsQuery", deny_unknown_fields)]
pub struct JobsQuery {
    #[serde(default)]
    pub filter: JobFilter,
    #[serde(default)]
    pub sort: SortOrder,
    #[serde(default)]
    pub start: WindowStart,
    /// Rows in the window: 1 to [`MAX_VIEW_ROWS`].
    pub limit: u32,
}

impl JobsQuery {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), WireError> {
        if !(1..=MAX_VIEW_ROWS).contains(&self.limit) {
            return refuse(format!("limit is {}; it must be 1 to {MAX_VIEW_ROWS}", self.limit));
        }
        self.filter.validate()
    }
}

/// What can be watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "ViewQuery", tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ViewQuery {
    /// Every queue with its settings and counts.
    Queues {},
    /// A window into the list of jobs.
    Jobs { query: JobsQuery },
    /// Schedules, limits and operations.
    Yard {},
    /// The log of a job: its newest lines, and what is added.
    Log { job: JobId },
    /// The rate limiter, the cache and the pools of connections.
    Services {},
}

/// A view as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ViewSnapshot {
    /// Sorted by name.
    Queues {
        queues: Vec<QueueStatus>,
    },
    Jobs {
        window: JobsWindow,
    },
    Yard {
        yard: YardLists,
    },
    /// The newest [`crate::limits::MAX_VIEW_ROWS`] lines, oldest first.
    Log {
        lines: Vec<LogLine>,
    },
    Services {
        services: Services,
    },
}

/// Short lists that are shown whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct YardLists {
    /// Sorted by name.
    pub schedules: Vec<ScheduleStatus>,
    /// Sorted by name.
    pub limits: Vec<LimitStatus>,
    /// Newest first.
    pub operations: Vec<Operation>,
}

impl YardLists {
    /// Takes in those lists that changed: the parts of [`ViewDelta::Yard`].
    pub fn apply(
        &mut self,
        schedules: &Option<Vec<ScheduleStatus>>,
        limits: &Option<Vec<LimitStatus>>,
        operations: &Option<Vec<Operation>>,
    ) {
        replace(&mut self.schedules, schedules);
        replace(&mut self.limits, limits);
        replace(&mut self.operations, operations);
    }
}

fn replace<T: Clone>(list: &mut Vec<T>, changed: &Option<Vec<T>>) {
    if let Some(changed) = changed {
        list.clone_from(changed);
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobsWindow {
    /// In the order of the query's sort.
    pub rows: Vec<JobSummary>,
    /// Rows before the first one, when the view was opened with an offset or at the top. None after a cursor.
    pub offset: Option<u64>,
    /// Jobs that the filter lets pass in all. None where that is not known without a search (kind, batch or text).
    pub total: Option<u64>,
    /// Whether further rows follow the last one.
    pub more: bool,
}

impl JobsWindow {
    /// Takes in what changed; `sort` and `limit` are those of the query that is watched.
    pub fn apply(&mut self, delta: &JobsDelta, sort: SortOrder, limit: u32) {
        self.rows.retain(|row| !delta.removed.contains(&row.id));
        for job in &delta.changed {
            match self.rows.iter_mut().find(|row| row.id == job.id) {
                Some(row) => row.clone_from(job),
                None => self.rows.push(job.clone()),
            }
        }
        for (id, progress) in &delta.progress {
            if let Some(row) = self.rows.iter_mut().find(|row| row.id == *id) {
                row.progress = *progress;
            }
        }
        match sort {
            SortOrder::Newest => self.rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id)),
            SortOrder::Oldest => self.rows.sort_unstable_by_key(|row| row.id),
        }
        self.rows.truncate(limit as usize);
        self.total = delta.total;
        self.more = delta.more;
    }
}

/// How a view changed since its previous frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ViewDelta {
    /// Queues that changed, whole; queues are never removed.
    Queues {
        queues: Vec<QueueStatus>,
    },
    Jobs {
        changes: JobsDelta,
    },
    /// The lists that changed, whole.
    Yard {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schedules: Option<Vec<ScheduleStatus>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limits: Option<Vec<LimitStatus>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operations: Option<Vec<Operation>>,
    },
    /// Lines that were added, oldest first; [`crate::log::apply_lines`] takes them in. Lines that came too fast
    /// and would not be among the newest any more are left out.
    Log {
        lines: Vec<LogLine>,
    },
    /// The services that changed, whole.
    Services {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limiter: Option<LimiterStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache: Option<CacheStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pools: Option<Vec<PoolStatus>>,
    },
}

/// Apply in this order: `removed`, `changed`, `progress`; then the rows are sorted by id as the query says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobsDelta {
    /// Rows that left the window: deleted, not matching any more, or pushed out by others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<JobId>,
    /// Rows that are new in the window or changed, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<JobSummary>,
    /// Rows of which only the progress changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub progress: Vec<(JobId, Progress)>,
    pub total: Option<u64>,
    pub more: bool,
}
