//! What the benches found, for people and for machines: a file for each.

mod add;
mod adds;
mod backlog;
mod bulk_cancel;
mod check;
mod limit;
mod lines;
mod live;
mod rundown;
mod throughput;

pub use add::{AddCheck, AddFigures, AddReport};
pub use adds::AddsReport;
pub use backlog::{BacklogFigures, BacklogReport, CaseFound};
pub use bulk_cancel::{BulkCancelReport, BulkCheck};
pub use check::Check;
pub use limit::{LimitFigure, LimitReport, Share};
pub use live::{LiveFigures, LiveReport};
pub use rundown::{RundownFigures, RundownReport};
pub use throughput::ThroughputReport;
