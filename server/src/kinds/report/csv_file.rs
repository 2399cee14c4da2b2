//! Rows as CSV (RFC 4180, UTF-8, with a line of column names).
//!
//! A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula, and whoever can write into the
//! database could have it send the sheet's content elsewhere. So such texts get an apostrophe first, unless the job
//! says otherwise: it is there to be seen by programs that read the file. Numbers are left alone.

use std::borrow::Cow;

use taskyard_shared::job::FileRef;

use super::args::{CsvFormulas, Format};
use super::cell::Cell;
use crate::kinds::context::ArtifactWriter;
use crate::kinds::job_error::JobError;

pub(super) struct CsvFile {
    writer: csv::Writer<ArtifactWriter>,
    formulas: CsvFormulas,
}

impl CsvFile {
    pub fn begin(to: ArtifactWriter, columns: &[String], formulas: CsvFormulas) -> Result<Self, JobError> {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
        let mut file = CsvFile { writer, formulas };
        for column in columns {
            let column = file.guarded(column).into_owned();
            file.writer.write_field(column)?;
        }
        file.writer.write_record(None::<&[u8]>)?;
        Ok(file)
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), JobError> {
        for cell in cells {
            let text = cell.text();
            let text = if let Cell::Text(_) = cell { self.guarded(&text) } else { Cow::Borrowed(&*text) };
            self.writer.write_field(&*text)?;
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    pub fn finish(self, name: &str) -> Result<FileRef, JobError> {
        let writer = self.writer.into_inner().map_err(|error| JobError::from(error.into_error()))?;
        writer.keep(name, Format::Csv.media_type())
    }

    fn guarded<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.formulas == CsvFormulas::Guard && looks_like_formula(text) {
            Cow::Owned(format!("'{text}"))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// Whether a spreadsheet may compute something of it. A plain number it only shows.
fn looks_like_formula(text: &str) -> bool {
    // The wide forms are taken for the usual ones in some languages.
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_number = || {
        text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
            && text.parse::<f64>().is_ok()
    };
    begins && !is_number()
}

#[test]
fn texts_that_a_spreadsheet_would_compute_are_found() {
    for formula in ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "-2+3", "=", "-", "-inf"] {
        assert!(looks_like_formula(formula), "{formula:?}");
    }
    for harmless in ["", "a=1", "-5", "+49", "-1.5e3", "'=1", " =1", "3"] {
        assert!(!looks_like_formula(harmless), "{harmless:?}");
    }
}
