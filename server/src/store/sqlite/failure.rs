//! What the database's errors mean for the person who runs the server.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

/// The meaning of an error that came up while the store was in use.
pub(super) fn explain(error: &Error, file: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { path: file.to_owned(), reason: error.to_string() }
        }
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            StoreError::Refused(error.to_string())
        }
        Some(_) => StoreError::Io(error.to_string()),
        // A value that this program did not write, such as a state without a name.
        None if is_about_stored_values(error) => {
            StoreError::Corrupt { path: file.to_owned(), reason: error.to_string() }
        }
        None => StoreError::Refused(error.to_string()),
    }
}

/// The same for an error that came up while the store was opened.
pub(super) fn explain_opening(error: &Error, file: &Path) -> StoreError {
    match explain(error, file) {
        StoreError::Io(reason) | StoreError::Refused(reason) => {
            StoreError::Open { path: file.parent().unwrap_or(file).to_owned(), reason }
        }
        other => other,
    }
}

fn is_about_stored_values(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::QueryReturnedNoRows
    )
}
