//! A page for people: the chart, and a table of the first rows. Without scripts, and without anything from elsewhere.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use taskyard_shared::job::FileRef;

use super::args::{Format, ReportArgs};
use super::cell::{Cell, cut};
use super::chart::Drawing;
use super::counted;
use super::markup::escaped;
use super::rows::Totals;
use crate::kinds::context::{ArtifactWriter, JobContext};
use crate::kinds::job_error::JobError;

/// Rows of the table.
const MAX_ROWS: u64 = 1_000;
/// Columns of the table.
const MAX_COLUMNS: usize = 50;
/// Characters of a cell.
const MAX_CELL_CHARS: usize = 500;

/// Even where somebody opens it as a page of their own, nothing in it runs or is loaded.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("page.css");

pub(super) struct HtmlFile {
    to: BufWriter<ArtifactWriter>,
    title: String,
    drawing: Option<Drawing>,
    /// The chart is known when the last row is, and stands before them.
    table: BufWriter<File>,
    columns: usize,
    rows: u64,
}

impl HtmlFile {
    /// The temporary file is written into `folder`.
    pub fn begin(
        to: ArtifactWriter,
        args: &ReportArgs,
        columns: &[String],
        folder: &Path,
    ) -> Result<Self, JobError> {
        let drawing = args.chart().map(|chart| Drawing::new(&chart, columns)).transpose()?;
        let mut table = BufWriter::new(tempfile::tempfile_in(folder)?);
        table.write_all(b"<table>\n<thead><tr>")?;
        for column in columns.iter().take(MAX_COLUMNS) {
            write!(table, "<th scope=\"col\">{}</th>", escaped(&cut(column, MAX_CELL_CHARS)))?;
        }
        table.write_all(b"</tr></thead>\n<tbody>\n")?;
        Ok(HtmlFile {
            to: BufWriter::new(to),
            title: args.title().to_owned(),
            drawing,
            table,
            columns: columns.len(),
            rows: 0,
        })
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), JobError> {
        if let Some(drawing) = &mut self.drawing {
            drawing.row(cells);
        }
        self.rows += 1;
        if self.rows > MAX_ROWS {
            return Ok(());
        }
        self.table.write_all(b"<tr>")?;
        for cell in cells.iter().take(MAX_COLUMNS) {
            let class = match cell {
                Cell::Null => " class=\"null\"",
                cell if cell.is_number() => " class=\"number\"",
                _ => "",
            };
            write!(self.table, "<td{class}>{}</td>", escaped(&cut(&cell.text(), MAX_CELL_CHARS)))?;
        }
        self.table.write_all(b"</tr>\n")?;
        Ok(())
    }

    pub fn finish(mut self, name: &str, totals: &Totals, ctx: &JobContext) -> Result<FileRef, JobError> {
        if self.drawing.as_ref().is_some_and(Drawing::is_empty) {
            ctx.warn(format!("the chart in {name} is empty: no row has a number in the columns drawn"));
        }
        self.table.write_all(b"</tbody>\n</table>\n")?;
        let mut table = self.table.into_inner().map_err(|error| JobError::from(error.into_error()))?;
        table.rewind()?;
        let title = escaped(&self.title);
        write!(
            self.to,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        )?;
        writeln!(self.to, "<p>{}</p>", said(totals, self.columns))?;
        if let Some(drawing) = &self.drawing {
            self.to.write_all(drawing.svg().as_bytes())?;
        }
        self.to.write_all(b"<div class=\"table\">\n")?;
        std::io::copy(&mut table, &mut self.to)?;
        self.to.write_all(b"</div>\n</body>\n</html>\n")?;
        let to = self.to.into_inner().map_err(|error| JobError::from(error.into_error()))?;
        to.keep(name, Format::Html.media_type())
    }
}

/// What the table shows of all there is.
fn said(totals: &Totals, columns: usize) -> String {
    let mut said = counted(totals.rows, "row");
    if totals.truncated {
        said.push_str(", which is all that the report takes of them: there are more");
    }
    if totals.rows > MAX_ROWS {
        said.push_str(&format!("; the table shows the first {MAX_ROWS}"));
    }
    if columns > MAX_COLUMNS {
        said.push_str(&format!("; it shows {MAX_COLUMNS} of {columns} columns"));
    }
    said.push('.');
    said
}
