//! Queries of SQLite files. Blocks.
//!
//! That nothing is written is made sure of in several ways: the pool opens the file for reading only, with `query_only`;
//! an authorizer refuses whatever is not reading, before it is run, so that no other file is attached either; and
//! SQLite must call the one statement a reading one. Of functions it may call those of a list. The connection is given
//! back as it was.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, Row, Statement};
use serde_json::Value;

use super::args::ReportArgs;
use super::cell::{Cell, RowWeight};
use super::functions;
use super::rows::{Rows, Wanted};
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;
use crate::kinds::worker::JobResult;
use crate::services::pool::{Pooled, SqliteConnector};

/// How many instructions of SQLite's machine go by, at least, between two looks at the clock. There is a look where the
/// machine jumps, once a row or so, and none within an instruction, and the call of a function is one: see [`LIMITS`].
const STEPS_BETWEEN_LOOKS: i32 = 20;
/// What bounds a value in memory, and with it the time of a function's call, which nothing interrupts: `instr` and
/// `replace` compare as often as the product of both lengths, which is seconds at this length. That for patterns is what
/// SQLite recommends for queries of others (<https://sqlite.org/security.html>), with some room.
const LIMITS: [(Limit, i32); 3] = [
    (Limit::SQLITE_LIMIT_LENGTH, 1024 * 1024),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
];
/// Pragmas that only tell of the schema; full-text search asks the last one by itself.
const HARMLESS_PRAGMAS: [&str; 8] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "data_version",
];

/// Reads all rows into the files.
///
/// # Errors
/// For good: the query is wrong, or does more than reading; there are too many rows, or too large ones. Else: it took
/// too long, the job was cancelled, or the file cannot be read now.
pub(super) fn report(
    mut connection: Pooled<SqliteConnector>,
    args: &ReportArgs,
    ctx: &JobContext,
) -> JobResult {
    let rows = read_all(&mut connection, args, ctx)?;
    // Others may have it while the files are finished.
    drop(connection);
    rows.finish()
}

fn read_all(connection: &mut Connection, args: &ReportArgs, ctx: &JobContext) -> Result<Rows, JobError> {
    let guarded = Guarded::new(connection, args, ctx)?;
    let told = |error: Error| guarded.in_words(&error, ctx);
    let mut statement = guarded.prepare(&args.query).map_err(told)?;
    if !statement.readonly() {
        return Err(refused("it writes"));
    }
    if statement.column_count() == 0 {
        return Err(refused(super::GIVES_NO_ROWS));
    }
    bind(&mut statement, &args.parameters)?;
    let columns = statement.column_names().map(str::to_owned).collect();
    let mut rows = Rows::begin(args, columns, ctx)?;
    let mut cells = Vec::new();
    let mut found = statement.raw_query();
    while let Some(row) = found.next().map_err(told)? {
        read(row, &mut cells, told)?;
        if rows.take(&cells)? == Wanted::NoMore {
            break;
        }
    }
    Ok(rows)
}

fn read(row: &Row<'_>, cells: &mut Vec<Cell>, told: impl Fn(Error) -> JobError) -> Result<(), JobError> {
    cells.clear();
    let mut weight = RowWeight::default();
    for column in 0..row.as_ref().column_count() {
        let cell = match row.get_ref(column).map_err(&told)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Float(number),
            ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Cell::from_bytes(bytes),
        };
        weight.add(&cell)?;
        cells.push(cell);
    }
    Ok(())
}

fn bind(statement: &mut Statement<'_>, parameters: &[Value]) -> Result<(), JobError> {
    let wanted = statement.parameter_count();
    if wanted != parameters.len() {
        return Err(super::wrong_count(wanted, parameters.len()));
    }
    for (number, parameter) in (1..).zip(parameters) {
        if is_beyond_integers(parameter) {
            let message = format!(
                "the parameter {number} is a whole number beyond the 64 bits of SQLite, {parameter}; give it as a text, \
                 and cast that in the query"
            );
            return Err(JobError::new(message).do_not_retry());
        }
        let value = match parameter {
            Value::Null => SqlValue::Null,
            Value::Bool(yes) => SqlValue::Integer((*yes).into()),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => SqlValue::Integer(whole),
                (None, Some(real)) => SqlValue::Real(real),
                (None, None) => SqlValue::Text(number.to_string()),
            },
            Value::String(text) => SqlValue::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => SqlValue::Text(parameter.to_string()),
        };
        statement.raw_bind_parameter(number, value)?;
    }
    Ok(())
}

/// A whole number that would become another one, as a real. (JSON's reader has made reals of the largest already.)
fn is_beyond_integers(parameter: &Value) -> bool {
    let beyond = |real: f64| real.fract() == 0.0 && real.abs() >= -(i64::MIN as f64);
    parameter.as_i64().is_none() && parameter.as_f64().is_some_and(beyond)
}

/// A connection that only reads, and stops when its time is over or the job was cancelled.
struct Guarded<'a> {
    connection: &'a mut Connection,
    /// What the query wanted besides reading.
    denied: Arc<OnceLock<String>>,
    usual_limits: Vec<(Limit, i32)>,
    timeout_s: u32,
}

impl<'a> Guarded<'a> {
    fn new(connection: &'a mut Connection, args: &ReportArgs, ctx: &JobContext) -> Result<Self, JobError> {
        let denied = Arc::new(OnceLock::new());
        let mut guarded = Guarded {
            connection,
            denied: Arc::clone(&denied),
            usual_limits: Vec::new(),
            timeout_s: args.timeout_s,
        };
        for (limit, most) in LIMITS {
            let usual = guarded.set_limit(limit, most)?;
            guarded.usual_limits.push((limit, usual));
        }
        let (deadline, ctx) = (Instant::now() + args.timeout(), ctx.clone());
        let must_stop = move || ctx.is_cancelled() || Instant::now() >= deadline;
        guarded.progress_handler(STEPS_BETWEEN_LOOKS, Some(must_stop))?;
        guarded.authorizer(Some(move |asked: AuthContext<'_>| authorize(&asked.action, &denied)))?;
        Ok(guarded)
    }

    /// Why SQLite refused, and whether it would again.
    fn in_words(&self, error: &Error, ctx: &JobContext) -> JobError {
        if let Some(denied) = self.denied.get() {
            return refused(denied);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) if ctx.is_cancelled() => JobError::new("cancelled"),
            Some(ErrorCode::OperationInterrupted) => super::took_too_long(self.timeout_s),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::DiskFull
                | ErrorCode::CannotOpen
                | ErrorCode::SchemaChanged,
            ) => JobError::new(format!("the database cannot be read: {error}")),
            Some(ErrorCode::ReadOnly) => refused("it writes"),
            _ if matches!(error, Error::MultipleStatement) => refused("it is more than one statement"),
            _ => JobError::new(format!("the query fails: {error}")).do_not_retry(),
        }
    }
}

impl Deref for Guarded<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Guarded<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        // Taking them away cannot fail: the connection is open.
        let _ = self.connection.progress_handler(0, None::<fn() -> bool>);
        let _ = self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
        for (limit, usual) in &self.usual_limits {
            let _ = self.connection.set_limit(*limit, *usual);
        }
    }
}

fn authorize(action: &AuthAction<'_>, denied: &OnceLock<String>) -> Authorization {
    let wants = match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => return Authorization::Allow,
        AuthAction::Function { function_name } if functions::may_be_called(function_name) => {
            return Authorization::Allow;
        }
        AuthAction::Pragma { pragma_name, .. }
            if HARMLESS_PRAGMAS.iter().any(|known| known.eq_ignore_ascii_case(pragma_name)) =>
        {
            return Authorization::Allow;
        }
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => format!("it writes to {table_name}"),
        AuthAction::Attach { .. } => "it opens another file".to_owned(),
        AuthAction::Pragma { pragma_name, .. } => format!("it uses the pragma {pragma_name}"),
        AuthAction::Function { function_name } => {
            format!("it calls {function_name}, which is not among the functions that reports may call")
        }
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => "it steers transactions".to_owned(),
        _ => "it changes the database".to_owned(),
    };
    let _ = denied.set(wants);
    Authorization::Deny
}

fn refused(why: &str) -> JobError {
    super::refused(why)
}
