//! Jobs that are added again and again, by the clock.

mod form;
mod page;

pub use page::SchedulesPage;
