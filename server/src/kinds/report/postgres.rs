//! Queries of PostgreSQL.
//!
//! The query runs in a transaction that is begun for reading only, which no statement in it can change; it is prepared
//! before, which takes a single statement, and one without columns (`COPY`, `SET`, `DO`) is not run at all. Rows come as
//! they are taken: a portal gives no more of them than wanted, and the socket is read as fast as the files are written.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Column, Error, Row, Statement};

use super::args::ReportArgs;
use super::cell::{Cell, MAX_ROW_BYTES, RowWeight, row_too_large};
use super::postgres_cell::{AnyValue, Unreadable, is_readable};
use super::rows::{Rows, Wanted};
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;
use crate::kinds::worker::JobResult;
use crate::services::pool::{Pooled, PostgresConnection, PostgresConnector};

/// Most rows that go to the files' thread at a time.
const BATCH_ROWS: usize = 256;
/// A batch is sent on when it takes so much, in bytes. The last of its rows may take more.
const BATCH_BYTES: usize = 1024 * 1024;
/// The server stops a statement by itself so much later than it is told to, should it not be told.
const LATER: Duration = Duration::from_secs(5);
/// Batches that wait for the files' thread; then the socket is not read on.
const WAITING_BATCHES: usize = 2;

/// What the query tells the files.
enum Told {
    Columns(Vec<String>),
    Batch(Vec<Vec<Cell>>),
    /// There are no more rows. Without this, the query has failed or the job was cancelled.
    End,
}

/// Reads all rows into the files.
///
/// # Errors
/// As [`super::sqlite::report`].
pub(super) async fn report(
    mut connection: Pooled<PostgresConnector>,
    args: ReportArgs,
    ctx: &JobContext,
) -> JobResult {
    let (tell, told) = mpsc::channel(WAITING_BATCHES);
    let for_files = args.clone();
    let writing = ctx.blocking(move |ctx| write(told, &for_files, ctx));
    // With the connection inside, which is back in its pool while the files are finished.
    let reading = async move {
        // Given up in the middle, the connection is closed and the server told to stop.
        connection.begin_exchange();
        let read = tokio::time::timeout(args.timeout(), read(&mut connection, &args, tell)).await;
        match read {
            Ok(Ok(())) => {
                connection.end_exchange();
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Stopped::Failed(super::took_too_long(args.timeout_s))),
        }
    };
    let (read, written) = tokio::join!(reading, writing);
    match read {
        Ok(()) | Err(Stopped::NobodyWrites) => written,
        Err(Stopped::Failed(error)) => Err(error),
    }
}

/// Why reading ended before its end.
enum Stopped {
    Failed(JobError),
    /// The files failed, or want no more.
    NobodyWrites,
}

impl From<JobError> for Stopped {
    fn from(error: JobError) -> Self {
        Stopped::Failed(error)
    }
}

async fn read(
    connection: &mut PostgresConnection,
    args: &ReportArgs,
    tell: mpsc::Sender<Told>,
) -> Result<(), Stopped> {
    let told = |error: Error| in_words(&error);
    let transaction = connection.build_transaction().read_only(true).start().await.map_err(told)?;
    let bound = format!("SET LOCAL statement_timeout = {}", (args.timeout() + LATER).as_millis());
    transaction.batch_execute(&bound).await.map_err(told)?;
    let statement = transaction.prepare(&args.query).await.map_err(told)?;
    let columns = check(&statement, args)?;
    let parameters: Vec<TextParameter<'_>> = args.parameters.iter().map(TextParameter).collect();
    let portal = transaction.bind_raw(&statement, parameters.iter().map(|one| one as &(dyn ToSql + Sync)));
    let portal = portal.await.map_err(told)?;
    send(&tell, Told::Columns(columns)).await?;
    // One more than wanted tells that there are more.
    let most = i32::try_from(args.max_rows).unwrap_or(i32::MAX).saturating_add(1);
    let rows = transaction.query_portal_raw(&portal, most).await.map_err(told)?;
    futures_util::pin_mut!(rows);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await.map_err(told)? {
        let (cells, weight) = cells_of(&row)?;
        bytes += weight.bytes();
        batch.push(cells);
        if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
            send(&tell, Told::Batch(std::mem::take(&mut batch))).await?;
            bytes = 0;
        }
    }
    send(&tell, Told::Batch(batch)).await?;
    transaction.rollback().await.map_err(told)?;
    send(&tell, Told::End).await
}

async fn send(tell: &mpsc::Sender<Told>, what: Told) -> Result<(), Stopped> {
    tell.send(what).await.map_err(|_| Stopped::NobodyWrites)
}

fn cells_of(row: &Row) -> Result<(Vec<Cell>, RowWeight), JobError> {
    if row.raw_size_bytes() > MAX_ROW_BYTES {
        return Err(row_too_large());
    }
    let (mut cells, mut weight) = (Vec::with_capacity(row.len()), RowWeight::default());
    for (place, column) in row.columns().iter().enumerate() {
        let value: Option<AnyValue> = row.try_get(place).map_err(|error| unreadable(column, &error))?;
        let cell = value.map_or(Cell::Null, |value| value.0);
        weight.add(&cell)?;
        cells.push(cell);
    }
    Ok((cells, weight))
}

/// Of a value that is not as [`postgres_cell`](super::postgres_cell) knows its type.
fn unreadable(column: &Column, error: &Error) -> JobError {
    if !error.source().is_some_and(|cause| cause.is::<Unreadable>()) {
        return in_words(error);
    }
    cannot_show(column, "has a value", " (arrays are shown that have one dimension, which begins at 1)")
}

fn cannot_show(column: &Column, is: &str, more: &str) -> JobError {
    let (name, kind) = (column.name(), column.type_());
    JobError::new(format!(
        "the column \"{name}\" {is} of the type {kind}, which a report cannot show{more}; cast its expression to text \
         in the query, with ::text"
    ))
    .do_not_retry()
}

/// The names of its columns.
fn check(statement: &Statement, args: &ReportArgs) -> Result<Vec<String>, JobError> {
    if statement.columns().is_empty() {
        return Err(super::refused(super::GIVES_NO_ROWS));
    }
    if statement.params().len() != args.parameters.len() {
        return Err(super::wrong_count(statement.params().len(), args.parameters.len()));
    }
    if let Some(column) = statement.columns().iter().find(|column| !is_readable(column.type_())) {
        return Err(cannot_show(column, "is", ""));
    }
    Ok(statement.columns().iter().map(|column: &Column| column.name().to_owned()).collect())
}

fn write(mut told: mpsc::Receiver<Told>, args: &ReportArgs, ctx: &JobContext) -> JobResult {
    let mut rows = None;
    while let Some(what) = told.blocking_recv() {
        match (what, &mut rows) {
            (Told::Columns(columns), _) => rows = Some(Rows::begin(args, columns, ctx)?),
            (Told::Batch(batch), Some(rows)) => {
                for cells in batch {
                    if rows.take(&cells)? == Wanted::NoMore {
                        break;
                    }
                }
            }
            (Told::End, _) => {
                return rows.map_or_else(|| Err(unfinished()), Rows::finish);
            }
            (Told::Batch(_), None) => {}
        }
    }
    Err(unfinished())
}

/// Nobody reads it: reading says why.
fn unfinished() -> JobError {
    JobError::new("the query did not come to its end")
}

/// Why the server refused, and whether it would again.
fn in_words(error: &Error) -> JobError {
    let Some(said) = error.as_db_error() else {
        return JobError::new(format!("the query fails: {}", crate::services::pool::with_causes(error)));
    };
    if said.code() == &SqlState::READ_ONLY_SQL_TRANSACTION {
        return super::refused(&format!("it writes: {}", said.message()));
    }
    let mut message = format!("the query fails: {} (SQLSTATE {})", said.message(), said.code().code());
    if let Some(hint) = said.hint() {
        message.push_str(&format!("; {hint}"));
    }
    let error = JobError::new(message);
    if is_final(said.code()) { error.do_not_retry() } else { error }
}

/// Classes of errors that another try may not meet: connections, conflicts, resources, an operator's doing, the
/// system (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn is_final(code: &SqlState) -> bool {
    !["08", "40", "53", "55", "57", "58", "XX"].iter().any(|class| code.code().starts_with(class))
}

/// A JSON value as a parameter: PostgreSQL reads the text as the type that the query makes it.
#[derive(Debug)]
struct TextParameter<'a>(&'a Value);

impl ToSql for TextParameter<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::String(text) => out.extend_from_slice(text.as_bytes()),
            other => out.extend_from_slice(other.to_string().as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
