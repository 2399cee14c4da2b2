//! The page's chart: SVG without scripts, and without anything from elsewhere.
//!
//! Its points are bounded. Of bars the first are drawn. Of a line every row is drawn, then every second, then every
//! fourth, as more and more rows come: so it shows all of the series.

use std::fmt::Write;

use super::args::{Chart, ChartKind};
use super::cell::{Cell, cut};
use super::markup::escaped;
use crate::kinds::job_error::JobError;

const MAX_BARS: usize = 60;
const MAX_LINE_POINTS: usize = 1_000;
/// Longest text below the axis and in the legend, in characters.
const MAX_LABEL_CHARS: usize = 16;
/// Most texts below the axis.
const MAX_LABELS: usize = 6;
/// Lines across, about.
const GRID_LINES: f64 = 5.0;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 950.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 340.0;

/// What is drawn, while rows come.
pub(super) struct Drawing {
    kind: ChartKind,
    x: usize,
    /// Columns with their names.
    series: Vec<(usize, String)>,
    points: Vec<Point>,
    /// Every which row is drawn.
    every: usize,
    rows: usize,
}

struct Point {
    label: String,
    values: Vec<Option<f64>>,
}

impl Drawing {
    /// # Errors
    /// For good: there is no such column, or more than one.
    pub fn new(chart: &Chart, columns: &[String]) -> Result<Self, JobError> {
        let place = |name: &String| {
            let mut places = (0..columns.len()).filter(|place| columns[*place] == *name);
            let has = match (places.next(), places.count()) {
                (Some(place), 0) => return Ok(place),
                (Some(_), others) => format!("{} of that name", others + 1),
                (None, _) => cut(&columns.join(", "), 1_000).into_owned(),
            };
            let message = format!("the chart names the column \"{name}\"; the query has {has}");
            Err(JobError::new(message).do_not_retry())
        };
        let series = chart.y.iter().map(|name| Ok((place(name)?, name.clone())));
        Ok(Drawing {
            kind: chart.kind,
            x: place(&chart.x)?,
            series: series.collect::<Result<_, JobError>>()?,
            points: Vec::new(),
            every: 1,
            rows: 0,
        })
    }

    pub fn row(&mut self, cells: &[Cell]) {
        let number = self.rows;
        self.rows += 1;
        if !number.is_multiple_of(self.every) {
            return;
        }
        match self.kind {
            ChartKind::Bar if self.points.len() == MAX_BARS => return,
            ChartKind::Line if self.points.len() == MAX_LINE_POINTS => {
                let mut place = 0;
                self.points.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every *= 2;
                if !number.is_multiple_of(self.every) {
                    return;
                }
            }
            ChartKind::Bar | ChartKind::Line => {}
        }
        let label = cells.get(self.x).map(|cell| cut(&cell.text(), MAX_LABEL_CHARS).into_owned());
        let values = self.series.iter().map(|(column, _)| cells.get(*column).and_then(Cell::number));
        self.points.push(Point { label: label.unwrap_or_default(), values: values.collect() });
    }

    /// Whether no row so far had a number.
    pub fn is_empty(&self) -> bool {
        self.values().next().is_none()
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().flat_map(|point| &point.values).flatten().copied()
    }

    /// The chart with what is to be said of it.
    pub fn svg(&self) -> String {
        if self.is_empty() {
            return "<p>There is nothing to draw: no row has a number in these columns.</p>\n".to_owned();
        }
        let scale = Scale::over(self.values());
        let names: Vec<&str> = self.series.iter().map(|(_, name)| name.as_str()).collect();
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Chart of {}\">\n",
            escaped(&names.join(", "))
        );
        scale.draw(&mut svg);
        self.draw_labels(&mut svg);
        for number in 0..self.series.len() {
            match self.kind {
                ChartKind::Bar => self.draw_bars(number, &scale, &mut svg),
                ChartKind::Line => self.draw_line(number, &scale, &mut svg),
            }
        }
        self.draw_legend(&mut svg);
        svg.push_str("</svg>\n");
        match self.kind {
            ChartKind::Bar if self.rows > self.points.len() => {
                put(&mut svg, format_args!("<p>The chart shows the first {} rows.</p>\n", self.points.len()));
            }
            ChartKind::Line if self.every > 1 => {
                put(&mut svg, format_args!("<p>The chart shows one row of {}.</p>\n", self.every));
            }
            ChartKind::Bar | ChartKind::Line => {}
        }
        svg
    }

    /// The width that belongs to a row.
    fn step(&self) -> f64 {
        (RIGHT - LEFT) / self.points.len().max(1) as f64
    }

    fn middle(&self, number: usize) -> f64 {
        LEFT + self.step() * (number as f64 + 0.5)
    }

    fn draw_labels(&self, svg: &mut String) {
        let every = self.points.len().div_ceil(MAX_LABELS).max(1);
        for (number, point) in self.points.iter().enumerate().step_by(every) {
            let (x, y) = (self.middle(number), BOTTOM + 18.0);
            put(
                svg,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>\n",
                    escaped(&point.label)
                ),
            );
        }
    }

    fn draw_bars(&self, series: usize, scale: &Scale, svg: &mut String) {
        let width = self.step() * 0.8 / self.series.len() as f64;
        for (number, point) in self.points.iter().enumerate() {
            let Some(value) = point.values.get(series).copied().flatten() else { continue };
            let x = self.middle(number) - self.step() * 0.4 + width * series as f64;
            let (from, to) = (scale.y(0.0), scale.y(value));
            let (y, height) = (from.min(to), (from - to).abs());
            put(
                svg,
                format_args!(
                    "<rect class=\"s{series}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\
                 <title>{}: {value}</title></rect>\n",
                    escaped(&point.label)
                ),
            );
        }
    }

    /// A row without a number is a gap.
    fn draw_line(&self, series: usize, scale: &Scale, svg: &mut String) {
        put(svg, format_args!("<path class=\"l{series}\" d=\""));
        let mut pen = 'M';
        for (number, point) in self.points.iter().enumerate() {
            match point.values.get(series).copied().flatten() {
                Some(value) => {
                    put(svg, format_args!("{pen}{:.1} {:.1}", self.middle(number), scale.y(value)));
                    if pen == 'M' {
                        // A point between two gaps is a dot.
                        svg.push_str("h0");
                    }
                    pen = 'L';
                }
                None => pen = 'M',
            }
        }
        svg.push_str("\"/>\n");
    }

    fn draw_legend(&self, svg: &mut String) {
        for (number, (_, name)) in self.series.iter().enumerate() {
            let x = LEFT + 145.0 * number as f64;
            put(
                svg,
                format_args!(
                    "<rect class=\"s{number}\" x=\"{x}\" y=\"8\" width=\"12\" height=\"12\"/><text x=\"{}\" y=\"18\">{}</text>\n",
                    x + 18.0,
                    escaped(&cut(name, MAX_LABEL_CHARS))
                ),
            );
        }
    }
}

/// From values to places on the page. Zero is always on it.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        // So that no sum or difference of them overflows.
        let bound = f64::MAX / 1e3;
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
            (low.min(value.max(-bound)), high.max(value.min(bound)))
        });
        let high = if low == high { 1.0 } else { high };
        let step = round_step((high - low) / GRID_LINES);
        Scale { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        BOTTOM - share * (BOTTOM - TOP)
    }

    fn draw(&self, svg: &mut String) {
        let lines = ((self.high - self.low) / self.step).round() as usize;
        for number in 0..=lines.min(2 * GRID_LINES as usize) {
            let value = self.low + self.step * number as f64;
            let y = self.y(value);
            put(
                svg,
                format_args!(
                    "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                    LEFT - 8.0,
                    y + 4.0,
                    shown(value, self.step)
                ),
            );
        }
    }
}

/// The next of 1, 2, 5, 10, 20 and so on.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.max(f64::MIN_POSITIVE).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    (factor.unwrap_or(10.0) * power).max(f64::MIN_POSITIVE)
}

fn shown(value: f64, step: f64) -> String {
    if value != 0.0 && !(1e-4..1e9).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    // A String takes everything.
    let _ = svg.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(kind: ChartKind, rows: impl Iterator<Item = (String, Cell)>) -> String {
        let chart = Chart { kind, x: "a".to_owned(), y: vec!["b".to_owned()] };
        let mut drawing =
            Drawing::new(&chart, &["a".to_owned(), "b".to_owned()]).expect("the columns are there");
        rows.for_each(|(label, value)| drawing.row(&[Cell::Text(label), value]));
        drawing.svg()
    }

    #[test]
    fn lines_show_all_of_a_long_series_and_bars_its_beginning() {
        let rows = |count: i64| (0..count).map(|number| (number.to_string(), Cell::Integer(number)));
        let line = drawing(ChartKind::Line, rows(100_000));
        assert!(line.contains("<p>The chart shows one row of 128.</p>"), "{}", &line[line.len() - 200..]);
        assert!(line.matches('L').count() <= MAX_LINE_POINTS);
        let bars = drawing(ChartKind::Bar, rows(1_000));
        assert_eq!(bars.matches("<title>").count(), MAX_BARS);
        assert!(bars.ends_with("<p>The chart shows the first 60 rows.</p>\n"));
    }

    #[test]
    fn strange_numbers_are_drawn_within_the_frame() {
        let strange = [f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, 1e-300, 0.0, -1.0];
        let svg =
            drawing(ChartKind::Bar, strange.into_iter().map(|value| ("x".to_owned(), Cell::Float(value))));
        // With the title of its value; the legend's have none.
        let bars: Vec<&str> = svg.lines().filter(|line| line.contains("<title>")).collect();
        assert_eq!(bars.len(), 5, "all that are numbers: {svg}");
        for bar in bars {
            let figure = |name: &str| -> f64 {
                let value = bar.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
                value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {bar}"))
            };
            let (x, y) = (figure("x"), figure("y"));
            let (width, height) = (figure("width"), figure("height"));
            assert!(x >= LEFT && x + width <= RIGHT && width > 0.0, "{bar}");
            // Both are rounded to a tenth.
            assert!(y >= TOP && y + height <= BOTTOM + 0.1 && height >= 0.0, "{bar}");
        }
        let nothing = drawing(ChartKind::Line, [("x".to_owned(), Cell::Null)].into_iter());
        assert!(nothing.contains("nothing to draw"));
        assert!(drawing(ChartKind::Bar, [("x".to_owned(), Cell::Integer(0))].into_iter()).contains("<svg"));
    }

    #[test]
    fn steps_are_round() {
        for (rough, step) in [(0.9, 1.0), (1.1, 2.0), (2.5, 5.0), (7.0, 10.0), (120.0, 200.0), (0.03, 0.05)] {
            assert!((round_step(rough) - step).abs() < 1e-9, "{rough}");
        }
    }
}
