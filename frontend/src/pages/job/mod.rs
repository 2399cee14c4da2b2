//! The page of one job: why it waits, what it was given, each attempt and its log, what came of it.

mod attempts;
mod delete;
mod detail;
mod facts;
mod head;
mod log;
mod page;
mod priority;
mod result;
mod why;

pub use page::JobPage;
