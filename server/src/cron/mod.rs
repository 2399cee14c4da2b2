//! When a repeating job runs: cron expressions in a time zone. Pure: time comes in as an argument, and the zones are
//! in the binary.
//!
//! # Expressions
//!
//! Five fields (minute, hour, day of month, month, day of week) or six (seconds first; otherwise they are zero), or a
//! nickname such as `@daily`. A field is a list of `*`, numbers, ranges and steps (`*/15`, `9-17`, `0-30/10`); months
//! and weekdays have names in any case. Sunday is 0 and 7. Days of the month also take `L` (the last), `LW` (the last
//! from Monday to Friday) and `15W` (the one from Monday to Friday that is nearest to the 15th, in the same month);
//! days of the week take `FRI#2` (the second Friday) and `5L` (the last Friday). Ranges do not wrap: `22-2` is refused.
//! So are Quartz's `?`, `L-3` and years.
//!
//! When day of month and day of week are both something other than `*`, a day matches if either does. `*/1`, and a
//! list with a `*` in it, count as `*`; any other step does not.
//!
//! # Daylight saving
//!
//! As Debian's cron does it. Jobs differ in what the minute and the hour field hold:
//!
//! - If an entry of one of these is `*` or `*/n`, the job follows elapsed time: it runs at both occurrences of a local
//!   time that occurs twice, and not at one that does not exist.
//! - Otherwise its local times are fixed. One that occurs twice counts the first time only. One that does not exist is
//!   made up for at the first instant after the gap; several in one gap are made up for by a single run.
//!
//! The seconds do not matter for this, and a step within a range (`0-23/2`) is a short way to write a list.

mod entry;
mod error;
mod field;
mod local_times;
mod schedule;
mod syntax;
#[cfg(test)]
mod tests;
mod zone;

pub use error::{CronError, FieldProblem};
pub use field::CronField;
pub use schedule::Cron;
