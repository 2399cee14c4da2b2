//! Arithmetic of a list of which only the visible rows are in the document: all rows have one height.

/// Browsers lose precision, or rows, in elements much taller than this. Past it positions are scaled.
const MAX_HEIGHT_PX: f64 = 8_000_000.0;
/// Rows drawn above and below those that are visible.
const OVERSCAN: u64 = 6;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Geometry {
    pub rows: u64,
    pub row_px: f64,
    pub viewport_px: f64,
}

impl Geometry {
    fn full_px(&self) -> f64 {
        self.rows as f64 * self.row_px
    }

    /// Height of the element that holds the rows.
    pub fn height_px(&self) -> f64 {
        self.full_px().min(MAX_HEIGHT_PX)
    }

    /// How far the true position of what is visible lies below its place in the document: 0 unless the list
    /// is so tall that it is scaled.
    fn shift_px(&self, scroll_px: f64) -> f64 {
        let travel = self.height_px() - self.viewport_px;
        if self.full_px() <= MAX_HEIGHT_PX || travel <= 0.0 {
            return 0.0;
        }
        let fraction = (scroll_px / travel).clamp(0.0, 1.0);
        fraction * (self.full_px() - self.height_px())
    }

    /// Whole rows that fit.
    pub fn visible(&self) -> u64 {
        if self.row_px > 0.0 { (self.viewport_px / self.row_px).ceil() as u64 } else { 0 }
    }

    /// Index of the first row that is at least partly visible.
    pub fn first(&self, scroll_px: f64) -> u64 {
        if self.row_px <= 0.0 {
            return 0;
        }
        let first = ((scroll_px.max(0.0) + self.shift_px(scroll_px)) / self.row_px) as u64;
        first.min(self.rows.saturating_sub(1))
    }

    /// The rows to draw: what is visible and a few around.
    pub fn drawn(&self, scroll_px: f64) -> std::ops::Range<u64> {
        let first = self.first(scroll_px);
        let end = (first + self.visible() + 1 + OVERSCAN).min(self.rows);
        first.saturating_sub(OVERSCAN)..end
    }

    /// Where the row of this index goes, in pixels from the top of the element that holds the rows.
    pub fn top_px(&self, index: u64, scroll_px: f64) -> f64 {
        index as f64 * self.row_px - self.shift_px(scroll_px)
    }

    /// Where to scroll so that the row is fully visible; None if it already is.
    pub fn reveal(&self, index: u64, scroll_px: f64) -> Option<f64> {
        let top = self.top_px(index, scroll_px);
        if top < scroll_px {
            Some(top.max(0.0))
        } else if top + self.row_px > scroll_px + self.viewport_px {
            Some(top + self.row_px - self.viewport_px)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: u64) -> Geometry {
        Geometry { rows, row_px: 40.0, viewport_px: 400.0 }
    }

    #[test]
    fn only_rows_around_the_viewport_are_drawn() {
        assert_eq!(list(100_000).drawn(0.0), 0..17);
        assert_eq!(list(100_000).drawn(40_000.0), 994..1_017);
        assert_eq!(list(3).drawn(0.0), 0..3);
        assert_eq!(list(0).drawn(0.0), 0..0);
    }

    #[test]
    fn last_row_of_a_list_too_tall_for_browsers_is_reached_and_stands_at_the_end() {
        let list = list(1_000_000);
        let end = list.height_px() - list.viewport_px;
        assert_eq!(list.drawn(end).end, 1_000_000);
        assert!((list.top_px(999_999, end) + 40.0 - list.height_px()).abs() < 0.001);
        assert_eq!(list.first(0.0), 0);
    }

    #[test]
    fn row_is_revealed_only_when_it_is_hidden() {
        assert_eq!(list(100).reveal(3, 0.0), None);
        assert_eq!(list(100).reveal(10, 0.0), Some(40.0));
        assert_eq!(list(100).reveal(2, 200.0), Some(80.0));
    }
}
