//! The generic cell rate algorithm (ITU-T I.371, annex A, in its virtual-scheduling form): one number of state for
//! each key, the theoretical arrival time.

use taskyard_shared::limit::Rate;

/// A rate as the algorithm wants it. Times are microseconds since the Unix epoch, so that rates far above one a
/// millisecond keep their spacing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcra {
    /// Between two starts at the steady rate.
    interval_us: i64,
    /// How far ahead of the steady rate starts may run: `burst - 1` intervals.
    tolerance_us: i64,
}

impl Gcra {
    pub fn new(rate: Rate) -> Self {
        // Rounded up: rather a little slower than once too often.
        let interval_us = rate.per_ms.saturating_mul(1_000).div_ceil(u64::from(rate.count.max(1)));
        let interval_us = i64::try_from(interval_us).unwrap_or(i64::MAX).max(1);
        Gcra { interval_us, tolerance_us: interval_us.saturating_mul(i64::from(rate.burst) - 1) }
    }

    /// When the next start is allowed, at or before `now_us` if it is now. `arrival_us` is the key's state; 0 for a
    /// key that was never used.
    pub fn next_start_us(&self, arrival_us: i64, now_us: i64) -> i64 {
        self.within_reach(arrival_us, now_us).saturating_sub(self.tolerance_us)
    }

    /// The key's state after a start at `now_us`, which must have been allowed.
    pub fn after_start(&self, arrival_us: i64, now_us: i64) -> i64 {
        self.within_reach(arrival_us, now_us).max(now_us).saturating_add(self.interval_us)
    }

    /// How many starts are allowed at `now_us`, one after the other.
    pub fn allowance(&self, arrival_us: i64, now_us: i64) -> u32 {
        let ahead = self.within_reach(arrival_us, now_us).saturating_sub(now_us).max(0);
        if ahead > self.tolerance_us {
            return 0;
        }
        u32::try_from((self.tolerance_us - ahead) / self.interval_us + 1).unwrap_or(u32::MAX)
    }

    /// The clock may have been set back, or the rate raised: nobody waits longer than a full burst ahead.
    fn within_reach(&self, arrival_us: i64, now_us: i64) -> i64 {
        arrival_us.min(now_us.saturating_add(self.tolerance_us).saturating_add(self.interval_us))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(count: u32, per_ms: u64, burst: u32) -> Gcra {
        Gcra::new(Rate { count, per_ms, burst })
    }

    #[test]
    fn ten_a_second_start_a_tenth_of_a_second_apart() {
        let gcra = rate(10, 1_000, 1);
        let first = gcra.after_start(0, 5_000_000);
        assert_eq!(gcra.next_start_us(first, 5_000_000), 5_100_000);
    }

    #[test]
    fn burst_may_start_at_once_after_a_pause() {
        let gcra = rate(10, 1_000, 4);
        let mut arrival = 0;
        let mut started = 0;
        while gcra.next_start_us(arrival, 9_000_000) <= 9_000_000 {
            assert_eq!(gcra.allowance(arrival, 9_000_000), 4 - started);
            arrival = gcra.after_start(arrival, 9_000_000);
            started += 1;
        }
        assert_eq!(started, 4);
    }

    #[test]
    fn clock_that_was_set_back_delays_by_a_burst_at_most() {
        let gcra = rate(10, 1_000, 1);
        let arrival = gcra.after_start(0, 1_000_000_000);
        assert_eq!(gcra.next_start_us(arrival, 5_000_000), 5_100_000);
    }

    proptest! {
        #[test]
        fn no_span_sees_more_than_count_and_burst(
            count in 1..50_u32,
            burst in 1..50_u32,
            asks in prop::collection::vec(0..400_i64, 1..400),
        ) {
            let gcra = rate(count, 1_000, burst.min(count));
            let (mut now, mut arrival, mut starts) = (1_000_000_i64, 0, Vec::new());
            for wait_ms in asks {
                now += wait_ms * 100;
                if gcra.next_start_us(arrival, now) <= now {
                    arrival = gcra.after_start(arrival, now);
                    starts.push(now);
                }
            }
            for (place, start) in starts.iter().enumerate() {
                let in_span = starts[place..].iter().take_while(|other| **other < start + 1_000_000).count();
                prop_assert!(in_span <= (count + burst.min(count) - 1) as usize);
            }
        }
    }
}
