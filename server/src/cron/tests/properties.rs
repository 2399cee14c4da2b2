//! Promises about every expression, zone and instant.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::model::{DayTimes, Days};
use super::reading::parsed;
use crate::cron::{Cron, CronError};

/// With changes of an hour, of half an hour, at midnight, of a whole day, and none.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
];
/// The year 2100.
const LATEST_MS: i64 = 4_102_444_800_000;
const HOUR_MS: i64 = 3_600_000;

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(ZONES.as_slice())
}

/// An entry without letters.
fn entry(least: u16, most: u16) -> impl Strategy<Value = String> {
    let value = least..=most;
    prop_oneof![
        2 => Just("*".to_owned()),
        2 => (1..=most).prop_map(|step| format!("*/{step}")),
        4 => value.clone().prop_map(|value| value.to_string()),
        2 => (value.clone(), value.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (value.clone(), value, 1..=most)
            .prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
    ]
}

fn list(entry: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    vec(entry, 1..4).prop_map(|entries| entries.join(","))
}

fn days_of_month() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => list(entry(1, 31)),
        1 => Just("L".to_owned()),
        1 => Just("LW".to_owned()),
        1 => (1..=31).prop_map(|day| format!("{day}W")),
    ]
}

fn days_of_week() -> impl Strategy<Value = String> {
    let name = prop::sample::select(["SUN", "mon", "Tue", "WED", "thu", "Fri", "SAT"].as_slice());
    prop_oneof![
        3 => Just("*".to_owned()),
        2 => list(entry(0, 7)),
        1 => name.clone().prop_map(str::to_owned),
        1 => (name.clone(), 1..=5).prop_map(|(name, nth)| format!("{name}#{nth}")),
        1 => name.prop_map(|name| format!("{name}L")),
    ]
}

fn expressions() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![3 => Just(String::new()), 1 => list(entry(0, 59)).prop_map(|list| list + " ")];
    let times = (seconds, list(entry(0, 59)), list(entry(0, 23)));
    let days = (days_of_month(), list(entry(1, 12)), days_of_week());
    (times, days).prop_map(|((second, minute, hour), (day, month, weekday))| {
        format!("{second}{minute} {hour} {day} {month} {weekday}")
    })
}

/// All that are right; the only fault of the others is that no date fits them.
fn crons() -> impl Strategy<Value = Cron> {
    (expressions(), zones()).prop_filter_map("never runs", |(expression, zone)| {
        match Cron::parse(&expression, zone) {
            Ok(cron) => Some(cron),
            Err(CronError::NeverFires) => None,
            Err(error) => panic!("{expression}: {error}"),
        }
    })
}

fn subset(least: i8, most: i8) -> impl Strategy<Value = Option<BTreeSet<i8>>> {
    option::weighted(0.7, btree_set(least..=most, 1..5))
}

fn day_times() -> impl Strategy<Value = DayTimes> {
    // The early hours, in which clocks change.
    (subset(0, 59), subset(0, 5)).prop_map(|(minutes, hours)| DayTimes { minutes, hours })
}

fn days() -> impl Strategy<Value = Days> {
    (subset(1, 31), subset(1, 12), subset(0, 6)).prop_map(|(days, months, weekdays)| Days {
        days,
        months,
        weekdays,
    })
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("the zones of the tests exist")
}

fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("the instants of the tests exist")
}

/// The next change of the clocks, or the instant itself where they never change.
fn next_change_ms(zone: &TimeZone, ms: i64) -> i64 {
    zone.following(timestamp(ms)).next().map_or(ms, |change| change.timestamp().as_millisecond())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn the_next_run_is_later_and_the_same_for_all_instants_up_to_it(
        cron in crons(), after_ms in 0..LATEST_MS, part in 0.0..1.0_f64,
    ) {
        let run_ms = cron.next_after(after_ms).expect("what runs at all runs again");
        prop_assert!(run_ms > after_ms);
        let between_ms = after_ms + ((run_ms - 1 - after_ms) as f64 * part) as i64;
        prop_assert_eq!(cron.next_after(between_ms), Some(run_ms));
        prop_assert_eq!(cron.next_after(run_ms - 1), Some(run_ms));
    }

    #[test]
    fn a_later_instant_never_has_an_earlier_next_run(
        cron in crons(), after_ms in 0..LATEST_MS, later_ms in 0..90 * 24 * HOUR_MS,
    ) {
        prop_assert!(cron.next_after(after_ms) <= cron.next_after(after_ms + later_ms));
    }

    #[test]
    fn a_preview_is_one_next_run_after_the_other(cron in crons(), after_ms in 0..LATEST_MS) {
        let mut last_ms = after_ms;
        for run_ms in cron.preview(after_ms, 5) {
            prop_assert_eq!(cron.next_after(last_ms), Some(run_ms));
            last_ms = run_ms;
        }
    }

    #[test]
    fn runs_around_a_change_of_clocks_are_those_of_the_model(
        times in day_times(), name in zones(), year_ms in 0..LATEST_MS, before_hours in -6..30_i64,
    ) {
        let zone = zone(name);
        let after_ms = next_change_ms(&zone, year_ms) - before_hours * HOUR_MS;
        let until_ms = after_ms + 36 * HOUR_MS;
        let cron = parsed(&times.expression(), name);
        let mut runs = cron.preview(after_ms, 40);
        runs.retain(|&run_ms| run_ms <= until_ms);
        let mut expected = times.runs(&zone, after_ms, until_ms);
        expected.truncate(40);
        prop_assert_eq!(runs, expected, "{} in {}", times.expression(), name);
    }

    #[test]
    fn dates_are_those_of_the_model(days in days(), after_ms in 0..LATEST_MS) {
        let today = TimeZone::UTC.to_datetime(timestamp(after_ms)).date();
        let expected = days.next_after(today);
        match Cron::parse(&days.expression(), "UTC") {
            Ok(cron) => {
                let run_ms = cron.next_after(after_ms).expect("what runs at all runs again");
                let run = TimeZone::UTC.to_datetime(timestamp(run_ms)).date();
                prop_assert_eq!(Some(run), expected, "{}", days.expression());
            }
            Err(error) => prop_assert_eq!((error, expected), (CronError::NeverFires, None)),
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), zone in any::<String>()) {
        if let Ok(cron) = Cron::parse(&text, "UTC") {
            prop_assert_eq!(cron.expression(), text.trim());
        }
        if let Ok(cron) = Cron::parse("@daily", &zone) {
            prop_assert!(cron.zone().eq_ignore_ascii_case(zone.trim()));
        }
    }

    #[test]
    fn what_looks_like_an_expression_is_refused_or_runs(
        fields in vec("[0-9*/,LW#@A-C?+ -]{1,6}", 5..7), after_ms in any::<i64>(),
    ) {
        if let Ok(cron) = Cron::parse(&fields.join(" "), "Europe/Berlin") {
            prop_assert!(cron.next_after(after_ms).is_none_or(|run_ms| run_ms > after_ms));
        }
    }
}
