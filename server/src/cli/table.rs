//! Aligned columns for the terminal.

use console::{measure_text_width, pad_str, truncate_str};

use super::format::plain;

/// Widest a column gets; what is longer ends in an ellipsis.
const WIDEST: usize = 48;

/// Rows of text under headings.
pub struct Table {
    rows: Vec<Vec<String>>,
    /// Columns that are left out while nothing stands in them.
    optional: Vec<usize>,
}

impl Table {
    pub fn new(headings: &[&str]) -> Self {
        Table { rows: vec![headings.iter().map(|text| (*text).to_owned()).collect()], optional: Vec::new() }
    }

    /// Leaves the columns with these headings out while nothing stands in them.
    pub fn with_optional(mut self, headings: &[&str]) -> Self {
        let columns = (0..).zip(&self.rows[0]);
        self.optional = columns
            .filter(|(_, heading)| headings.contains(&heading.as_str()))
            .map(|(column, _)| column)
            .collect();
        self
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| truncate_str(&plain(&cell), WIDEST, "…").into_owned());
        self.rows.push(cells.collect());
    }

    /// The lines, headings first, none longer than `width`.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<(usize, usize)> = (0..columns)
            .filter(|column| !self.is_left_out(*column))
            .map(|column| (column, self.cells(column).map(measure_text_width).max().unwrap_or_default()))
            .collect();
        self.rows.iter().map(|row| line(row, &widths, width)).collect()
    }

    fn is_left_out(&self, column: usize) -> bool {
        self.optional.contains(&column) && self.cells(column).skip(1).all(str::is_empty)
    }

    /// Top to bottom, the heading first.
    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row.get(column)).map(String::as_str)
    }
}

/// `widths`: the columns to show, with their widths.
fn line(row: &[String], widths: &[(usize, usize)], width: usize) -> String {
    let mut text = String::new();
    for (place, (column, cell_width)) in widths.iter().enumerate() {
        if place > 0 {
            text.push_str("  ");
        }
        let cell = row.get(*column).map(String::as_str).unwrap_or_default();
        text.push_str(&pad_str(cell, *cell_width, console::Alignment::Left, None));
    }
    truncate_str(text.trim_end(), width, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_wide_characters_count_twice() {
        let mut table = Table::new(&["id", "name", "state"]);
        table.row(["1", "日本", "failed"].map(str::to_owned));
        table.row(["12", "abc", "x"].map(str::to_owned));
        assert_eq!(table.lines(80), ["id  name  state", "1   日本  failed", "12  abc   x"]);
        assert_eq!(table.lines(6)[2], "12  a…");
    }

    #[test]
    fn an_optional_column_shows_only_with_something_in_it() {
        let mut table = Table::new(&["id", "note", "name"]).with_optional(&["note"]);
        table.row(["1", "", "x"].map(str::to_owned));
        assert_eq!(table.lines(80), ["id  name", "1   x"]);
        table.row(["2", "late", "y"].map(str::to_owned));
        assert_eq!(table.lines(80), ["id  note  name", "1         x", "2   late  y"]);
    }

    #[test]
    fn a_first_column_that_is_empty_keeps_its_place() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["", "x"].map(str::to_owned));
        assert_eq!(table.lines(80)[1], "   x");
    }
}
