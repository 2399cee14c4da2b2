//! Percentiles, medians, rates and memory.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// A minute in microseconds: what takes longer is counted as that.
const LONGEST_US: u64 = 60_000_000;

/// Three digits, microseconds.
pub fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3)
        .unwrap_or_else(|_| unreachable!("the bounds are constants that the library accepts"))
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl Latency {
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Latency {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: histogram.max() as f64 / 1_000.0,
        }
    }
}

pub fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(f64::EPSILON)
}

/// Several measurements of one thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
    pub rounds: Vec<f64>,
}

impl Spread {
    /// `rounds` in the order in which they were measured; at least one.
    pub fn of(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 if middle > 0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
            _ => sorted.get(middle).copied().unwrap_or(f64::NAN),
        };
        let least = sorted.first().copied().unwrap_or(f64::NAN);
        let most = sorted.last().copied().unwrap_or(f64::NAN);
        Spread { median, least, most, rounds }
    }
}

/// The most memory that this process has held, in bytes, as Linux counts it.
pub fn peak_memory() -> Option<u64> {
    memory("VmHWM:")
}

/// The memory that this process holds now, in bytes, as Linux counts it.
pub fn memory_now() -> Option<u64> {
    memory("VmRSS:")
}

/// The memory that another process holds now, in bytes, as Linux counts it.
pub fn memory_of(process: u32) -> Option<u64> {
    memory_in(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmRSS:")
}

fn memory(field: &str) -> Option<u64> {
    memory_in(&std::fs::read_to_string("/proc/self/status").ok()?, field)
}

fn memory_in(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut histogram = new_histogram();
        for us in 1..=1_000 {
            histogram.saturating_record(us * 1_000);
        }
        histogram.saturating_record(u64::MAX);
        let latency = Latency::of(&histogram);
        assert!((latency.p50_ms - 501.0).abs() < 1.0, "{latency:?}");
        assert!((latency.p99_ms - 991.0).abs() < 1.0, "{latency:?}");
        assert!(latency.max_ms >= 60_000.0, "{latency:?}");
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).median, 2.0);
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]).median, 2.5);
        let spread = Spread::of(vec![3.0, 1.0]);
        assert_eq!((spread.least, spread.most, spread.rounds), (1.0, 3.0, vec![3.0, 1.0]));
    }

    #[test]
    fn memory_is_read_in_kibibytes() {
        assert_eq!(memory_in("VmPeak:\t  9 kB\nVmHWM:\t   12 kB\n", "VmHWM:"), Some(12_288));
        assert_eq!(memory_in("Name: x", "VmHWM:"), None);
    }
}
