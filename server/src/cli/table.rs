//! Aligned columns for the terminal.

use console::{measure_text_width, pad_str, truncate_str};

use super::format::plain;

/// Widest a column gets; what is longer ends in an ellipsis.
const WIDEST: usize = 48;

/// Rows of text under headings.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&str]) -> Self {
        Table { rows: vec![headings.iter().map(|text| (*text).to_owned()).collect()] }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| truncate_str(&plain(&cell), WIDEST, "…").into_owned());
        self.rows.push(cells.collect());
    }

    /// The lines, headings first, none longer than `width`.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        self.rows.iter().map(|row| line(row, &widths, width)).collect()
    }
}

fn line(row: &[String], widths: &[usize], width: usize) -> String {
    let mut text = String::new();
    for (column, (cell, cell_width)) in row.iter().zip(widths).enumerate() {
        if column > 0 {
            text.push_str("  ");
        }
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
    fn a_first_column_that_is_empty_keeps_its_place() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["", "x"].map(str::to_owned));
        assert_eq!(table.lines(80)[1], "   x");
    }
}
