//! The page of one job: what it was given, each attempt, what came of it.

mod attempts;
mod detail;
mod page;
mod result;

pub use page::JobPage;
