//! The arguments: which query, of which pool, and what its rows become.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskyard_shared::error::FieldError;

use crate::files::is_plain_name;

/// The pool of the yard's own data file.
pub const YARD: &str = "yard";
/// What a report asks that says no query: the yard's own last day.
pub const LAST_DAY: &str = include_str!("last_day.sql");

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Report")]
pub struct ReportArgs {
    /// The pool of connections to ask. `yard` is this server's own data.
    #[serde(default = "yard")]
    #[schemars(title = "Pool")]
    pub pool: String,
    /// One SQL statement that reads. Without it: the last day of this yard, hour by hour.
    #[serde(default = "last_day")]
    #[schemars(title = "Query", length(min = 1, max = 100_000))]
    pub query: String,
    /// Values for `?` (SQLite) or `$1`, `$2` and so on (PostgreSQL). Lists and objects are given as JSON.
    #[serde(default)]
    #[schemars(title = "Parameters", length(max = 1_000))]
    pub parameters: Vec<Value>,
    /// The files to make.
    #[serde(default = "all_formats")]
    #[schemars(title = "Formats", length(min = 1, max = 3), extend("uniqueItems" = true))]
    pub formats: Vec<Format>,
    /// Stands above the page, and is what lists call the job.
    #[serde(default)]
    #[schemars(title = "Title", length(max = 200))]
    pub title: String,
    /// What the files are called, without the ending.
    #[serde(default = "report")]
    #[schemars(title = "File name", length(min = 1, max = 100))]
    pub name: String,
    /// The page's chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Chart", with = "Chart")]
    pub chart: Option<Chart>,
    /// Most rows.
    #[serde(default = "a_hundred_thousand")]
    #[schemars(title = "Most rows", range(min = 1, max = 1_000_000))]
    pub max_rows: u32,
    /// What becomes of a query with more rows: `fail`, or `cut` to keep the first ones.
    #[serde(default)]
    #[schemars(title = "With more rows")]
    pub over_cap: OverCap,
    /// How many rows are expected, for the progress alone; without it: the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Expected rows", with = "u32", range(min = 1, max = 1_000_000))]
    pub expected_rows: Option<u32>,
    /// How long the query may take until its last row was read.
    #[serde(default = "five_minutes")]
    #[schemars(title = "Timeout (seconds)", range(min = 1, max = 3_600))]
    pub timeout_s: u32,
    /// Texts in CSV that a spreadsheet would take for a formula: `guard` puts an apostrophe before them, `keep` leaves
    /// them as they are.
    #[serde(default)]
    #[schemars(title = "Formulas in CSV")]
    pub csv_formulas: CsvFormulas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Xlsx,
    Html,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OverCap {
    #[default]
    Fail,
    Cut,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CsvFormulas {
    #[default]
    Guard,
    Keep,
}

/// A chart above the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    #[schemars(title = "Kind")]
    pub kind: ChartKind,
    /// The column along the axis.
    #[schemars(title = "Column along the axis", length(min = 1, max = 200))]
    pub x: String,
    /// The columns that are drawn.
    #[schemars(title = "Columns drawn", length(min = 1, max = 6), inner(length(min = 1, max = 200)))]
    #[schemars(extend("uniqueItems" = true))]
    pub y: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    Bar,
    Line,
}

fn yard() -> String {
    YARD.to_owned()
}

fn last_day() -> String {
    LAST_DAY.to_owned()
}

fn report() -> String {
    "report".to_owned()
}

fn all_formats() -> Vec<Format> {
    vec![Format::Csv, Format::Xlsx, Format::Html]
}

fn a_hundred_thousand() -> u32 {
    100_000
}

fn five_minutes() -> u32 {
    300
}

impl Format {
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Html => "html",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Html => "text/html",
        }
    }
}

impl ReportArgs {
    /// Whether it is the one that asks the yard for its last day.
    pub fn is_last_day(&self) -> bool {
        self.pool == YARD && self.asks_for_last_day()
    }

    /// Forms may leave out space at the end.
    fn asks_for_last_day(&self) -> bool {
        self.query.trim() == LAST_DAY.trim()
    }

    pub fn title(&self) -> &str {
        match self.title.trim() {
            "" if self.is_last_day() => "The yard's last day",
            "" => "Report",
            title => title,
        }
    }

    /// The chart that is asked for; the yard's last day has one of its own.
    pub fn chart(&self) -> Option<Chart> {
        let ready = || Chart {
            kind: ChartKind::Bar,
            x: "hour".to_owned(),
            y: ["completed", "failed", "cancelled"].map(str::to_owned).into(),
        };
        self.chart.clone().or_else(|| self.is_last_day().then(ready))
    }

    /// What the file of this format is called.
    pub fn file_name(&self, format: Format) -> String {
        format!("{}.{}", self.name, format.extension())
    }

    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s.into())
    }

    /// What a schema cannot say.
    pub(super) fn check(&self, wrong: &mut Vec<FieldError>) {
        let mut complain = |field: &str, message: &str| {
            wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        };
        if self.query.trim().is_empty() {
            complain("/query", "query must not be empty");
        } else if self.query.contains('\0') {
            complain("/query", "query must not have a NUL character");
        } else if self.asks_for_last_day() && self.pool != YARD {
            complain("/query", "query is required for a pool other than yard");
        }
        if !is_plain_name(&self.name) {
            complain("/name", "name must be a plain file name, without folders");
        } else if !self.formats.iter().all(|format| is_plain_name(&self.file_name(*format))) {
            complain("/name", "name is too long with the ending of its files");
        }
        if self.chart.is_some() && !self.formats.contains(&Format::Html) {
            complain("/chart", "chart is for the page: have html among the formats");
        }
    }
}
