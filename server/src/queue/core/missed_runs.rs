//! Which runs of a schedule are made when its time has come, and maybe long gone.

use taskyard_shared::limits::MAX_MISSED_RUNS;
use taskyard_shared::schedule::{Missed, Overlap, Schedule};

use crate::cron::Cron;

/// A run that begins later than this after its time counts as missed.
const ON_TIME_MS: i64 = 60_000;

/// The runs to be made now of those that were due since `due_ms`, which was. Oldest first.
pub(super) fn runs_to_make(cron: &Cron, due_ms: i64, schedule: &Schedule, now_ms: i64) -> Vec<i64> {
    let mut due = latest_due(cron, due_ms, now_ms);
    let Some(&last) = due.last() else { return due };
    let is_on_time = now_ms - last <= ON_TIME_MS;
    let newest = match (schedule.missed, schedule.overlap) {
        // Where two are not to be beside each other, the newest takes the place of all before.
        (Missed::RunAll, Overlap::Allow) => due.len(),
        (Missed::RunAll, Overlap::Skip | Overlap::Replace) | (Missed::RunOnce, _) => 1,
        (Missed::Skip, _) => usize::from(is_on_time),
    };
    due.split_off(due.len() - newest)
}

/// The newest due times from `first_ms`, which is one, up to now, oldest first: at most `MAX_MISSED_RUNS`.
///
/// However many there were, few are looked at: where there are too many, the instant since which there were just as
/// many as may be made up for is found by halving.
fn latest_due(cron: &Cron, first_ms: i64, now_ms: i64) -> Vec<i64> {
    // Too many are due after the early one, too few after the late one.
    let (mut early_ms, mut late_ms) = (first_ms - 1, now_ms);
    let mut due = due_after(cron, early_ms, now_ms);
    while due.len() > MAX_MISSED_RUNS && late_ms - early_ms > 1 {
        let middle_ms = early_ms + (late_ms - early_ms) / 2;
        let half = due_after(cron, middle_ms, now_ms);
        if half.len() < MAX_MISSED_RUNS {
            late_ms = middle_ms;
        } else {
            early_ms = middle_ms;
            due = half;
        }
    }
    due.truncate(MAX_MISSED_RUNS);
    due
}

/// The first due times after an instant up to now, and one more than may be made up for at most.
fn due_after(cron: &Cron, after_ms: i64, now_ms: i64) -> Vec<i64> {
    let mut due = Vec::new();
    let mut at_ms = after_ms;
    while due.len() <= MAX_MISSED_RUNS
        && let Some(next_ms) = cron.next_after(at_ms).filter(|next_ms| *next_ms <= now_ms)
    {
        due.push(next_ms);
        at_ms = next_ms;
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 3_600 * 1_000;

    /// The same, one after the other.
    fn counted(cron: &Cron, first_ms: i64, now_ms: i64) -> Vec<i64> {
        let all: Vec<i64> = std::iter::successors(Some(first_ms), |at_ms| cron.next_after(*at_ms))
            .take_while(|at_ms| *at_ms <= now_ms)
            .collect();
        all[all.len().saturating_sub(MAX_MISSED_RUNS)..].to_vec()
    }

    #[test]
    fn the_latest_hundred_are_found_however_many_were_due() {
        let bursts = "* * 1 1 *";
        let table = [
            ("* * * * *", 1),
            ("* * * * *", 400),
            ("*/10 * * * * *", 3),
            ("0 9 * * *", 99),
            ("0 9 * * *", 100),
            ("0 9 * * *", 101),
            ("0 9 * * *", 4_000),
            (bursts, 364),
            (bursts, 1_000),
        ];
        for (expression, days) in table {
            let cron = Cron::parse(expression, "Europe/Berlin").unwrap();
            let first_ms = cron.next_after(0).unwrap();
            for now_ms in [first_ms + days * DAY_MS, first_ms + days * DAY_MS - 1] {
                let found = latest_due(&cron, first_ms, now_ms);
                assert_eq!(found, counted(&cron, first_ms, now_ms), "{expression}, {days} days");
            }
        }
    }
}
