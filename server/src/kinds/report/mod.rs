//! The `report` kind: a SQL query against a named pool becomes CSV, an Excel workbook and a page with a chart.
//!
//! It only reads, truly: see [`sqlite`] and [`postgres`] for how. A query that would do more is refused for good; one
//! that does not come to its end is stopped when its time is over or the job is cancelled, wherever it runs; in SQLite
//! between the calls of functions, of which the longest takes seconds ([`sqlite`]).
//!
//! Memory does not grow with the rows: they go to temporary files one by one. What is held is a row, of at most 32 MiB
//! (`MAX_ROW_BYTES`), and for PostgreSQL up to four batches of at most a mebibyte and such a row. Not in this are what
//! the database's own side holds: SQLite the values of a row, of at most a mebibyte each, and what it sorts and groups;
//! and the row as PostgreSQL sends it, which is in memory as a whole before it can be measured (a gibibyte at most).

mod args;
mod cell;
mod chart;
mod csv_file;
mod functions;
mod html_file;
mod markup;
mod postgres;
mod postgres_cell;
mod rows;
mod sqlite;
#[cfg(test)]
mod tests;
mod xlsx_file;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taskyard_shared::error::FieldError;
use taskyard_shared::service::PoolKind;

use super::context::JobContext;
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, Worker};
use crate::services::pool::{CheckoutError, PoolSettings};
pub use args::{Chart, ChartKind, CsvFormulas, Format, LAST_DAY, OverCap, ReportArgs, YARD};

/// See the module.
pub struct Report {
    /// Those that hold databases.
    pools: BTreeMap<String, PoolKind>,
}

impl Report {
    /// Reports from these pools; None when no database is among them.
    pub fn new(pools: &BTreeMap<String, PoolSettings>) -> Option<Self> {
        let databases = pools.iter().map(|(name, settings)| (name.clone(), settings.target.kind()));
        let pools: BTreeMap<_, _> = databases.filter(|(_, kind)| *kind != PoolKind::Smtp).collect();
        (!pools.is_empty()).then_some(Report { pools })
    }
}

impl Worker for Report {
    const KIND: &'static str = "report";
    const DESCRIPTION: &'static str =
        "Asks a database, and makes CSV, an Excel workbook and a page of the answer.";
    type Args = ReportArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 2 }
    }

    /// Three attempts: for a database that is away for a moment. What is wrong with the query is told at once.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { max_attempts: 3, ..RetryPolicy::default() }
    }

    /// The pools that there are.
    fn narrow_schema(&self, mut schema: Value) -> Value {
        if let Some(pool) = schema.pointer_mut("/properties/pool").and_then(Value::as_object_mut) {
            pool.insert("enum".to_owned(), json!(self.pools.keys().collect::<Vec<_>>()));
            if !self.pools.contains_key(YARD) {
                pool.remove("default");
            }
        }
        schema
    }

    fn label(&self, args: &ReportArgs) -> Label {
        Label { name: args.title().to_owned(), detail: format!("from {}", args.pool) }
    }

    fn check(&self, args: &ReportArgs) -> Result<(), Vec<FieldError>> {
        let mut wrong = Vec::new();
        if !self.pools.contains_key(&args.pool) {
            let known: Vec<&str> = self.pools.keys().map(String::as_str).collect();
            let message = format!("pool must be one with a database: {}", known.join(", "));
            wrong.push(FieldError { field: "/pool".to_owned(), message });
        }
        args.check(&mut wrong);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    async fn perform(&self, args: ReportArgs, ctx: JobContext) -> JobResult {
        let pools = &ctx.services().pools;
        match self.pools.get(&args.pool) {
            Some(PoolKind::Sqlite) => {
                let connection = pools.sqlite(&args.pool, ctx.id()).await;
                let connection = connection.map_err(CheckoutError::into_job_error)?;
                ctx.blocking(move |ctx| sqlite::report(connection, &args, ctx)).await
            }
            Some(PoolKind::Postgres) => {
                let connection = pools.postgres(&args.pool, ctx.id()).await;
                let connection = connection.map_err(CheckoutError::into_job_error)?;
                postgres::report(connection, args, &ctx).await
            }
            _ => {
                Err(JobError::new(format!("there is no database \"{}\" any more", args.pool)).do_not_retry())
            }
        }
    }
}

/// Of a statement that has no columns.
const GIVES_NO_ROWS: &str = "it gives no rows, so it does something else than read";

/// The query is one that reports do not run.
fn refused(why: &str) -> JobError {
    JobError::new(format!("a report takes a single statement that reads; this one is refused, because {why}"))
        .do_not_retry()
}

fn wrong_count(wanted: usize, given: usize) -> JobError {
    let wanted = counted(wanted as u64, "parameter");
    JobError::new(format!("the query has {wanted}, and the job gives {given}")).do_not_retry()
}

/// `1 row`, `2 rows`.
fn counted(count: u64, one: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {one}{ending}")
}

fn took_too_long(timeout_s: u32) -> JobError {
    JobError::new(format!("the query took longer than {timeout_s} s, so it was stopped"))
}
