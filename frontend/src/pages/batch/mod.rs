//! Jobs that were added together, looked at together.

mod page;

pub use page::BatchPage;
