//! Rows as a sheet of an Excel workbook. Cells are written to a temporary file row by row, so memory does not grow
//! with them. No text becomes a formula or a link.

use std::borrow::Cow;

use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use taskyard_shared::job::FileRef;

use super::args::Format;
use super::cell::Cell;
use super::counted;
use crate::kinds::context::{ArtifactWriter, JobContext};
use crate::kinds::job_error::JobError;

/// Most UTF-16 units of a cell that Excel takes.
const MAX_CELL_UNITS: usize = 32_767;
/// Digits that Excel keeps of a number; one with more is written as text.
const EXACT_DIGITS: usize = 15;
const MAX_EXACT: i64 = 999_999_999_999_999;
/// Columns that are made wider than usual.
const WIDE_COLUMNS: usize = 100;
const WIDTH_CHARS: f64 = 18.0;

pub(super) struct XlsxFile {
    workbook: Workbook,
    to: ArtifactWriter,
    row: u32,
    cut: u64,
}

impl XlsxFile {
    pub fn begin(to: ArtifactWriter, columns: &[String]) -> Result<Self, JobError> {
        let mut workbook = Workbook::new();
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
        Ok(XlsxFile { workbook, to, row: 0, cut: 0 })
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), JobError> {
        self.row += 1;
        let row = self.row;
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (column, cell) in (0_u16..).zip(cells) {
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
