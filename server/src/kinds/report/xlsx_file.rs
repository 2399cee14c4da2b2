//! Rows as a sheet of an Excel workbook. Cells are written to a temporary file row by row, so memory does not grow
//! with them. No text becomes a formula or a link.

use std::borrow::Cow;
use std::path::Path;

use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use taskyard_shared::job::FileRef;

use super::args::Format;
use super::cell::Cell;
use super::counted;
use crate::kinds::context::{ArtifactWriter, JobContext};
use crate::kinds::job_error::JobError;

/// Most UTF-16 units of a cell that Excel takes.
const MAX_CELL_UNITS: usize = 32_767;
/// Most bytes of them in UTF-8.
const MAX_CELL_BYTES: usize = 3 * MAX_CELL_UNITS;
/// Digits that Excel keeps of a number; one with more is written as text.
const EXACT_DIGITS: usize = 15;
const MAX_EXACT: i64 = 999_999_999_999_999;
/// Columns that are made wider than usual.
const WIDE_COLUMNS: usize = 100;
const WIDTH_CHARS: f64 = 18.0;

/// About what the sheet has around a cell's text, in bytes.
const AROUND_A_CELL: u64 = 48;

pub(super) struct XlsxFile {
    /// What may still be written, in bytes.
    room: Room,
    workbook: Workbook,
    to: ArtifactWriter,
    row: u32,
    cut: u64,
}

impl XlsxFile {
    /// Of at most `max_bytes`; the temporary file is written into `folder`.
    pub fn begin(
        to: ArtifactWriter,
        columns: &[String],
        max_bytes: u64,
        folder: &Path,
    ) -> Result<Self, JobError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder).map_err(failed)?;
        let bold = CellFormat::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name("Report").map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (number, column) in (0_u16..).zip(columns) {
            if usize::from(number) < WIDE_COLUMNS {
                sheet.set_column_width(number, WIDTH_CHARS).map_err(failed)?;
            }
            sheet.write_string_with_format(0, number, fitting(column), &bold).map_err(failed)?;
        }
        Ok(XlsxFile { room: Room { max_bytes, left: max_bytes }, workbook, to, row: 0, cut: 0 })
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), JobError> {
        self.row += 1;
        let row = self.row;
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (column, cell) in (0_u16..).zip(cells) {
            self.room.take(cell)?;
            let written = match (cell, exact(cell)) {
                (Cell::Null, _) => continue,
                (Cell::Bool(yes), _) => sheet.write_boolean(row, column, *yes),
                (_, Some(number)) => sheet.write_number(row, column, number),
                (other, None) => {
                    let text = other.text();
                    let fitting = fitting(&text);
                    self.cut += u64::from(fitting.len() != text.len());
                    sheet.write_string(row, column, fitting)
                }
            };
            written.map_err(failed)?;
        }
        Ok(())
    }

    pub fn finish(mut self, name: &str, ctx: &JobContext) -> Result<FileRef, JobError> {
        if self.cut > 0 {
            ctx.warn(format!(
                "cut {} in {name}, for a sheet cannot hold so long a text; CSV has all of it",
                counted(self.cut, "cell")
            ));
        }
        self.workbook.save_to_writer(&mut self.to).map_err(failed)?;
        self.to.keep(name, Format::Xlsx.media_type())
    }
}

/// Bounds the temporary file. What the text of a cell becomes in XML is not counted: `&` becomes `&amp;`, and so the file
/// may be some times as large.
struct Room {
    max_bytes: u64,
    left: u64,
}

impl Room {
    /// # Errors
    /// For good: there is none.
    fn take(&mut self, cell: &Cell) -> Result<(), JobError> {
        let bytes = match cell {
            Cell::Null => return Ok(()),
            Cell::Text(text) | Cell::Decimal(text) => text.len().min(MAX_CELL_BYTES) as u64,
            Cell::Bool(_) | Cell::Integer(_) | Cell::Float(_) => 0,
        };
        self.left = self.left.checked_sub(AROUND_A_CELL + bytes).ok_or_else(|| {
            let most = self.max_bytes;
            let message =
                format!("the sheet has more than {most} bytes; leave xlsx out of formats, or ask for less");
            JobError::new(message).do_not_retry()
        })?;
        Ok(())
    }
}

/// The number that a cell is, where a sheet keeps all of its digits.
fn exact(cell: &Cell) -> Option<f64> {
    let number = match cell {
        Cell::Integer(number) if (-MAX_EXACT..=MAX_EXACT).contains(number) => *number as f64,
        Cell::Float(number) => *number,
        Cell::Decimal(digits) => {
            let digits_only = digits.bytes().filter(u8::is_ascii_digit);
            let significant = digits_only.skip_while(|digit| *digit == b'0').count();
            (significant <= EXACT_DIGITS).then(|| digits.parse().ok())??
        }
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// As much of a text as a cell holds.
fn fitting(text: &str) -> Cow<'_, str> {
    // A unit has at least one byte.
    if text.len() <= MAX_CELL_UNITS || text.encode_utf16().count() <= MAX_CELL_UNITS {
        return Cow::Borrowed(text);
    }
    let mut units = 1;
    let kept = text.chars().take_while(|one| {
        units += one.len_utf16();
        units <= MAX_CELL_UNITS
    });
    Cow::Owned(kept.chain(['…']).collect())
}

fn failed(error: XlsxError) -> JobError {
    match error {
        XlsxError::IoError(error) => error.into(),
        error => JobError::new(format!("the sheet cannot be written: {error}")),
    }
}

#[test]
fn a_sheet_takes_cells_until_its_room_is_used_up() {
    let mut room = Room { max_bytes: 200, left: 200 };
    let text = |length: usize| Cell::Text("x".repeat(length));
    for cell in [Cell::Null, Cell::Integer(1), text(52), Cell::Null] {
        assert_eq!(room.take(&cell).map_err(|error| error.message), Ok(()), "{cell:?}");
    }
    let error = room.take(&text(5)).expect_err("148 of 200 bytes are used, and 53 are wanted");
    assert!(error.is_final());
    assert_eq!(
        error.message,
        "the sheet has more than 200 bytes; leave xlsx out of formats, or ask for less"
    );
}
