//! A value of a row, wherever it comes from.

use std::borrow::Cow;

use crate::kinds::job_error::JobError;

/// Most bytes in memory of the cells of a row.
pub(super) const MAX_ROW_BYTES: usize = 32 * 1024 * 1024;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// A number that neither of the two above may hold exactly, in digits.
    Decimal(String),
    Text(String),
}

impl Cell {
    /// Bytes as both databases write them: `\x00ff`.
    pub fn from_bytes(bytes: &[u8]) -> Cell {
        let mut text = String::with_capacity(2 + 2 * bytes.len());
        text.push_str("\\x");
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('?'));
            }
        }
        Cell::Text(text)
    }

    /// As it is written into texts; nothing for null.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Null => Cow::Borrowed(""),
            Cell::Bool(true) => Cow::Borrowed("true"),
            Cell::Bool(false) => Cow::Borrowed("false"),
            Cell::Integer(number) => Cow::Owned(number.to_string()),
            Cell::Float(number) => Cow::Owned(number.to_string()),
            Cell::Decimal(text) | Cell::Text(text) => Cow::Borrowed(text),
        }
    }

    /// As it is drawn: numbers, and nothing else.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Cell::Integer(number) => *number as f64,
            Cell::Float(number) => *number,
            Cell::Decimal(digits) => digits.parse().ok()?,
            Cell::Bool(yes) => f64::from(u8::from(*yes)),
            Cell::Null | Cell::Text(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Cell::Integer(_) | Cell::Float(_) | Cell::Decimal(_))
    }

    /// Roughly what it takes in memory, in bytes.
    pub fn weight(&self) -> usize {
        size_of::<Cell>()
            + match self {
                Cell::Decimal(text) | Cell::Text(text) => text.len(),
                _ => 0,
            }
    }
}

/// What the cells of a row take, while it is read.
#[derive(Default)]
pub(super) struct RowWeight {
    bytes: usize,
}

impl RowWeight {
    /// # Errors
    /// For good: the row takes more than [`MAX_ROW_BYTES`].
    pub fn add(&mut self, cell: &Cell) -> Result<(), JobError> {
        self.bytes = self.bytes.saturating_add(cell.weight());
        if self.bytes > MAX_ROW_BYTES { Err(row_too_large()) } else { Ok(()) }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

pub(super) fn row_too_large() -> JobError {
    let most = MAX_ROW_BYTES / 1024 / 1024;
    JobError::new(format!("a row takes more than {most} MiB, which is the most that a report takes"))
        .do_not_retry()
}

/// At most `most` characters of a text; the last is `…` where something was left out.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    // A character has at least one byte.
    if text.len() <= most || text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect())
}
