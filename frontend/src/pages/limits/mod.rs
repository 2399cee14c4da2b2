//! How many jobs may be at work at a time and how often one may start, and what that holds back.

mod page;

pub use page::LimitsPage;
