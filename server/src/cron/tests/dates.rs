//! Which dates and times an expression means, where the clocks do not change.

use super::reading::{ms, parsed, runs};
use crate::cron::Cron;

/// A Thursday.
const NEW_YEAR: &str = "2026-01-01T00:00:00Z";

/// The days in UTC on which a midnight job runs next, as month and day or with the year.
fn days_after(after: &str, expression: &str, expected: &[&str]) {
    let runs = runs(expression, "UTC", after, expected.len());
    let days: Vec<_> = runs
        .iter()
        .zip(expected)
        .map(|(run, like)| {
            let date = run.strip_suffix("T00:00:00+00:00").unwrap_or(run);
            if like.len() == "01-31".len() { date.trim_start_matches("2026-") } else { date }
        })
        .collect();
    assert_eq!(days, expected, "{expression}");
}

fn days(expression: &str, expected: &[&str]) {
    days_after(NEW_YEAR, expression, expected);
}

fn times_after(after: &str, expression: &str, expected: &[&str]) {
    let runs = runs(expression, "UTC", after, expected.len());
    let expected: Vec<_> = expected.iter().map(|time| format!("{time}+00:00")).collect();
    assert_eq!(runs, expected, "{expression}");
}

#[test]
fn days_that_a_month_does_not_have_are_skipped() {
    days("0 0 29 2 *", &["2028-02-29", "2032-02-29"]);
    days("0 0 30 * *", &["01-30", "03-30", "04-30"]);
    days("0 0 31 * *", &["01-31", "03-31", "05-31", "07-31", "08-31"]);
    days("0 0 29W 2 *", &["2028-02-29", "2032-02-27"]);
    days("0 0 * 2 MON#5", &["2044-02-29", "2072-02-29"]);
}

#[test]
fn the_last_day_is_the_months_own() {
    days("0 0 L * *", &["01-31", "02-28", "03-31", "04-30"]);
    days_after("2027-12-31T00:00:00Z", "0 0 L 2 *", &["2028-02-29", "2029-02-28"]);
    days("0 0 15,L * *", &["01-15", "01-31", "02-15", "02-28"]);
}

#[test]
fn the_last_workday_is_before_a_weekend_that_ends_the_month() {
    days("0 0 LW * *", &["01-30", "02-27", "03-31", "04-30", "05-29"]);
    days("0 0 lw 5 *", &["05-29"]);
}

#[test]
fn weekdays_are_counted_within_the_month() {
    for last_friday in ["5L", "FRIL", "fril"] {
        days(&format!("0 0 * * {last_friday}"), &["01-30", "02-27", "03-27"]);
    }
    for second_friday in ["5#2", "FRI#2", "Fri#2"] {
        days(&format!("0 0 * * {second_friday}"), &["01-09", "02-13", "03-13"]);
    }
    days("0 0 * * MON#5", &["03-30", "06-29", "08-31"]);
    days("0 0 * * 7L", &["01-25", "02-22"]);
    days("0 0 * * SUN#1", &["01-04", "02-01", "03-01"]);
}

#[test]
fn the_nearest_workday_stays_in_the_month() {
    let around_15 = ["01-15", "02-16", "03-16", "04-15", "05-15", "06-15", "07-15", "08-14"];
    days("0 0 15W * *", &around_15);
    days("0 0 1W * *", &["02-02", "03-02", "04-01", "05-01", "06-01", "07-01", "08-03"]);
    days("0 0 31W * *", &["01-30", "03-31", "05-29"]);
    days("0 0 28W 2 *", &["2026-02-27", "2027-02-26", "2028-02-28"]);
}

#[test]
fn either_day_field_suffices_when_both_are_restricted() {
    days("0 0 13 * *", &["01-13", "02-13"]);
    days("0 0 * * FRI", &["01-02", "01-09"]);
    days("0 0 13 * FRI", &["01-02", "01-09", "01-13", "01-16", "01-23", "01-30", "02-06", "02-13"]);
    days("0 0 */10 * FRI", &["01-02", "01-09", "01-11", "01-16", "01-21", "01-23", "01-30", "01-31"]);
    days("0 0 1-31 * FRI", &["01-02", "01-03", "01-04"]);
}

#[test]
fn every_day_written_otherwise_is_no_restriction() {
    for every_day in ["*/1", "1,*", "*,*"] {
        days(&format!("0 0 {every_day} * FRI"), &["01-02", "01-09"]);
    }
    days("0 0 13 * */1", &["01-13", "02-13"]);
}

#[test]
fn sunday_is_0_and_7() {
    for sunday in ["0", "7", "SUN", "0,7"] {
        days(&format!("0 0 * * {sunday}"), &["01-04", "01-11"]);
    }
    for weekend in ["FRI-SUN", "5-7", "5-SUN", "5,6,0"] {
        days(&format!("0 0 * * {weekend}"), &["01-02", "01-03", "01-04", "01-09"]);
    }
    for begin in ["SUN-TUE", "0-2"] {
        days(&format!("0 0 * * {begin}"), &["01-04", "01-05", "01-06", "01-11"]);
    }
    days("0 0 * * SUN-SUN", &["01-04", "01-11"]);
}

#[test]
fn names_are_read_in_any_case() {
    days("0 0 * feb Mon-wED", &["02-02", "02-03", "02-04", "02-09"]);
    days("0 0 1 MAR-apr,dEc *", &["03-01", "04-01", "12-01"]);
}

#[test]
fn steps_begin_anew_with_each_unit() {
    let minutes = ["2026-01-01T00:56:00", "2026-01-01T01:00:00", "2026-01-01T01:07:00"];
    times_after("2026-01-01T00:50:00Z", "*/7 * * * *", &minutes);
    days("0 0 */7 * *", &["01-08", "01-15", "01-22", "01-29", "02-01"]);
    let listed = ["2026-01-01T09:05:00", "2026-01-01T09:15:00", "2026-01-01T09:45:00"];
    times_after(NEW_YEAR, "5-20/10,45 9 * * *", &listed);
}

#[test]
fn six_fields_begin_with_seconds_and_years_end() {
    let last_seconds =
        ["2026-12-31T23:59:00", "2026-12-31T23:59:20", "2026-12-31T23:59:40", "2027-12-31T23:59:00"];
    times_after(NEW_YEAR, "*/20 59 23 31 12 *", &last_seconds);
    times_after("2026-12-31T23:59:59Z", "* * * * * *", &["2027-01-01T00:00:00", "2027-01-01T00:00:01"]);
    times_after("2026-12-31T23:59:59Z", "0 0 1 1 *", &["2027-01-01T00:00:00", "2028-01-01T00:00:00"]);
}

#[test]
fn nicknames_stand_for_five_fields() {
    let after = "2026-01-31T22:30:00Z";
    for (nickname, expected) in [
        ("@hourly", "2026-01-31T23:00:00"),
        ("@daily", "2026-02-01T00:00:00"),
        ("@midnight", "2026-02-01T00:00:00"),
        ("@Weekly", "2026-02-01T00:00:00"),
        ("@monthly", "2026-02-01T00:00:00"),
        ("@YEARLY", "2027-01-01T00:00:00"),
        ("@annually", "2027-01-01T00:00:00"),
    ] {
        times_after(after, nickname, &[expected]);
    }
}

#[test]
fn a_run_is_strictly_after_the_given_instant() {
    let cron = parsed("30 2 * * *", "UTC");
    let run = ms("2026-01-01T02:30:00Z");
    let next = ms("2026-01-02T02:30:00Z");
    assert_eq!(cron.next_after(run - 1), Some(run));
    assert_eq!(cron.next_after(run), Some(next));
    assert_eq!(cron.next_after(run + 1), Some(next));
}

#[test]
fn instants_beyond_the_calendar_have_an_answer() {
    let cron = parsed("0 0 * * *", "Europe/Berlin");
    assert_eq!(cron.next_after(i64::MIN), cron.next_after(-1));
    assert_eq!(parsed("* * * * *", "UTC").next_after(i64::MIN), Some(0));
    assert_eq!(cron.next_after(ms("4999-12-31T23:30:00Z")), None);
    assert_eq!(cron.next_after(i64::MAX), None);
    assert_eq!(cron.preview(ms("4999-12-29T12:00:00Z"), 5).len(), 2);
    assert_eq!(parsed("* * * * *", "UTC").next_after(ms("5000-01-01T00:30:00Z")), None);
    assert!(cron.preview(0, 0).is_empty());
}

#[test]
fn expression_and_zone_are_given_back() {
    let cron = Cron::parse("  0 9 * * mon-fri ", " europe/berlin ").expect("both are right");
    assert_eq!((cron.expression(), cron.zone()), ("0 9 * * mon-fri", "Europe/Berlin"));
}
