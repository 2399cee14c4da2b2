//! Rows on their way into the files, counted. Blocks on the disk.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Format, OverCap, ReportArgs};
use super::cell::{Cell, cut};
use super::counted;
use super::csv_file::CsvFile;
use super::html_file::HtmlFile;
use super::xlsx_file::XlsxFile;
use crate::files::FileStore;
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;

/// The sum of no bytes.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// Largest file, in bytes; of a workbook its sheet, before it is compressed.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The log says how many rows were read after so many more.
const LOGGED_EVERY: u64 = 100_000;
/// The progress is told after so many more rows.
const TOLD_EVERY: u64 = 500;
/// How much of the work reading counts for.
const READ: f64 = 0.9;
/// Longest name of a column, in characters, in the result.
const MAX_NAME_CHARS: usize = 200;

/// What came of the query.
pub(super) struct Totals {
    pub rows: u64,
    pub truncated: bool,
}

/// Whether another row is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    More,
    NoMore,
}

/// The files of a report while they are written. Dropped before [`Rows::finish`] they leave nothing behind.
pub(super) struct Rows {
    args: ReportArgs,
    ctx: JobContext,
    columns: Vec<String>,
    files: Vec<ReportFile>,
    totals: Totals,
}

enum ReportFile {
    Csv(Box<CsvFile>),
    Xlsx(Box<XlsxFile>),
    Html(Box<HtmlFile>),
}

impl Rows {
    /// # Errors
    /// The chart names a column that is not there, or there more than once; or the disk refused.
    pub fn begin(args: &ReportArgs, columns: Vec<String>, ctx: &JobContext) -> Result<Self, JobError> {
        let folder = folder_of(ctx.files())?;
        let begin = |format: &Format| {
            let to = ctx.write_artifact(MAX_FILE_BYTES)?;
            Ok(match format {
                Format::Csv => ReportFile::Csv(Box::new(CsvFile::begin(to, &columns, args.csv_formulas)?)),
                Format::Xlsx => {
                    ReportFile::Xlsx(Box::new(XlsxFile::begin(to, &columns, MAX_FILE_BYTES, &folder)?))
                }
                Format::Html => ReportFile::Html(Box::new(HtmlFile::begin(to, args, &columns, &folder)?)),
            })
        };
        let files = args.formats.iter().map(begin).collect::<Result<_, JobError>>()?;
        let totals = Totals { rows: 0, truncated: false };
        Ok(Rows { args: args.clone(), ctx: ctx.clone(), columns, files, totals })
    }

    /// # Errors
    /// There are more rows than the report may have, and it is to fail then; it was cancelled; or the disk refused.
    pub fn take(&mut self, cells: &[Cell]) -> Result<Wanted, JobError> {
        if self.totals.rows == u64::from(self.args.max_rows) {
            return self.over_cap();
        }
        self.totals.rows += 1;
        for file in &mut self.files {
            match file {
                ReportFile::Csv(file) => file.row(cells)?,
                ReportFile::Xlsx(file) => file.row(cells)?,
                ReportFile::Html(file) => file.row(cells)?,
            }
        }
        self.tell();
        Ok(Wanted::More)
    }

    fn over_cap(&mut self) -> Result<Wanted, JobError> {
        let most = counted(self.totals.rows, "row");
        match self.args.over_cap {
            OverCap::Fail => {
                let message = format!(
                    "the query has more than {most}; raise max_rows, or set over_cap to cut to keep the first ones"
                );
                Err(JobError::new(message).do_not_retry())
            }
            OverCap::Cut => {
                self.totals.truncated = true;
                self.ctx.warn(format!("the query has more than {most}; those after are not in the report"));
                Ok(Wanted::NoMore)
            }
        }
    }

    fn tell(&self) {
        let rows = self.totals.rows;
        if rows.is_multiple_of(TOLD_EVERY) {
            let expected = self.args.expected_rows.unwrap_or(self.args.max_rows).max(1);
            self.ctx.progress(READ * (rows as f64 / f64::from(expected)).min(1.0));
        }
        if rows.is_multiple_of(LOGGED_EVERY) {
            self.ctx.info(format!("read {rows} rows"));
        }
    }

    /// Keeps the files, and says what the job comes to.
    ///
    /// # Errors
    /// The disk refused, or the job was cancelled.
    pub fn finish(self) -> Result<Value, JobError> {
        let Rows { args, ctx, columns, files, totals } = self;
        ctx.progress(READ);
        ctx.info(format!(
            "read {} of {} in all",
            counted(totals.rows, "row"),
            counted(columns.len() as u64, "column")
        ));
        let mut made = Vec::new();
        for (file, format) in files.into_iter().zip(&args.formats) {
            stop_if_cancelled(&ctx)?;
            let name = args.file_name(*format);
            let kept = match file {
                ReportFile::Csv(file) => file.finish(&name)?,
                ReportFile::Xlsx(file) => file.finish(&name, &ctx)?,
                ReportFile::Html(file) => file.finish(&name, &totals, &ctx)?,
            };
            ctx.info(format!("made {}: {} bytes", kept.name, kept.bytes));
            made.push(kept);
        }
        let names: Vec<_> = columns.iter().map(|name| cut(name, MAX_NAME_CHARS)).collect();
        let bytes: u64 = made.iter().map(|file| file.bytes).sum();
        let files =
            made.iter().map(|file| json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256 }));
        Ok(json!({
            "rows": totals.rows,
            "columns": names,
            "bytes": bytes,
            "truncated": totals.truncated,
            "files": files.collect::<Vec<_>>(),
        }))
    }
}

/// Where the store keeps its files, for temporary ones without a name: there is room for files, while the system's own
/// folder for them may be in memory.
fn folder_of(files: &FileStore) -> Result<PathBuf, JobError> {
    // Any content would do: each lies in a folder below.
    let content = files.path(EMPTY_SHA256)?;
    content.ancestors().nth(2).map(Path::to_owned).ok_or_else(|| JobError::new("files have no folder"))
}

/// Nobody reads the error: the job is cancelled already.
pub(super) fn stop_if_cancelled(ctx: &JobContext) -> Result<(), JobError> {
    if ctx.is_cancelled() { Err(JobError::new("cancelled")) } else { Ok(()) }
}
