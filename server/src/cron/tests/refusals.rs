//! What is refused, and in which words.

use crate::cron::{Cron, CronError};

fn refusal(expression: &str, zone: &str) -> CronError {
    match Cron::parse(expression, zone) {
        Ok(_) => panic!("{expression:?} in {zone:?} was taken"),
        Err(error) => error,
    }
}

fn sentence(expression: &str) -> String {
    refusal(expression, "UTC").to_string()
}

#[test]
fn a_mistake_in_a_field_is_named_with_the_field() {
    for (expression, expected) in [
        ("60 * * * *", "the minute field: 60 is not 0 to 59"),
        ("60 * * * * *", "the second field: 60 is not 0 to 59"),
        ("0 24 * * *", "the hour field: 24 is not 0 to 23"),
        ("0 0 0 * *", "the day-of-month field: 0 is not 1 to 31"),
        ("0 0 32W * *", "the day-of-month field: 32 is not 1 to 31"),
        ("0 0 1 13 *", "the month field: 13 is not 1 to 12"),
        ("0 0 * * 8", "the day-of-week field: 8 is not 0 to 7"),
        ("99999999999999999999 * * * *", "the minute field: 99999999999999999999 is not 0 to 59"),
        ("*/0 * * * *", "the minute field: the step in \"*/0\" must be 1 to 59"),
        ("*/90 * * * *", "the minute field: the step in \"*/90\" must be 1 to 59"),
        ("5/10 * * * *", "the minute field: \"5/10\" has a step but no range; write 5-59/10"),
        ("0 22-2 * * *", "the hour field: \"22-2\" runs backwards; write two ranges: 22-23,0-2"),
        ("0 0 * * sat-mon", "the day-of-week field: \"SAT-MON\" runs backwards; write two ranges: 6-7,0-1"),
        ("0 0 * * FRI#6", "the day-of-week field: a month has 1 to 5 of a weekday, so \"FRI#6\" is none"),
        ("0 0 L,LW * *", "the day-of-month field: L and LW cannot be in one list"),
        ("1,,2 * * * *", "the minute field: there is an empty entry in the list"),
        ("0 0 , * *", "the day-of-month field: there is an empty entry in the list"),
    ] {
        assert_eq!(sentence(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_not_understood_comes_with_examples() {
    for (expression, start) in [
        ("abc * * * *", "the minute field: \"ABC\" is not understood; an entry is like *, 30,"),
        ("-5 * * * *", "the minute field: \"-5\" is not understood"),
        ("+5 * * * *", "the minute field: \"+5\" is not understood"),
        ("*/ * * * *", "the minute field: \"*/\" is not understood"),
        ("/5 * * * *", "the minute field: \"/5\" is not understood"),
        ("** * * * *", "the minute field: \"**\" is not understood"),
        ("1-2-3 * * * *", "the minute field: \"1-2-3\" is not understood"),
        ("0 MON * * *", "the hour field: \"MON\" is not understood"),
        ("0 5-SUN * * *", "the hour field: \"5-SUN\" is not understood"),
        ("0 L * * *", "the hour field: \"L\" is not understood"),
        ("0 0 15W3 * *", "the day-of-month field: \"15W3\" is not understood"),
        ("0 0 ? * *", "the day-of-month field: \"?\" is not understood"),
        ("0 0 L-3 * *", "the day-of-month field: \"L-3\" is not understood"),
        ("0 0 1 JANUARY *", "the month field: \"JANUARY\" is not understood"),
        ("0 0 * * SUNMON", "the day-of-week field: \"SUNMON\" is not understood"),
        ("0 0 * * L", "the day-of-week field: \"L\" is not understood"),
        ("0 0 * * FRI#", "the day-of-week field: \"FRI#\" is not understood"),
        ("0 0 * * +FRI", "the day-of-week field: \"+FRI\" is not understood"),
        ("0 0 * * ﬁ", "the day-of-week field: \"ﬁ\" is not understood"),
    ] {
        let sentence = sentence(expression);
        assert!(sentence.starts_with(start), "{expression}: {sentence}");
    }
}

#[test]
fn the_number_of_fields_is_five_or_six() {
    for expression in ["", "   ", "\t\n"] {
        assert_eq!(refusal(expression, "UTC"), CronError::Empty);
    }
    for (expression, found) in [("*", 1), ("* * * *", 4), ("0 0 0 1 1 * 2026", 7), ("every day at noon", 4)] {
        assert_eq!(refusal(expression, "UTC"), CronError::FieldCount { found });
    }
    assert_eq!(
        sentence("* * * *"),
        "the cron expression needs five fields (minute, hour, day of month, month, day of week) or six (seconds \
         first), and has 4"
    );
}

#[test]
fn an_unknown_nickname_is_answered_with_the_known_ones() {
    let expected = "there is no nickname \"@reboot\"; there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually";
    assert_eq!(sentence("@reboot"), expected);
}

#[test]
fn what_no_date_fits_is_refused() {
    for expression in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "* * 30,31 2 *", "0 0 31W 4 *"] {
        assert_eq!(refusal(expression, "Europe/Berlin"), CronError::NeverFires, "{expression}");
    }
    // 02:00 to 03:00 is the hour that this day lacks, each year.
    let lacking = "*/10 2 * 3 SUNL";
    assert_eq!(refusal(lacking, "Europe/Berlin"), CronError::NeverFires);
    assert!(Cron::parse(lacking, "UTC").is_ok());
    // Any Monday in February fits this.
    assert!(Cron::parse("0 0 30 2 MON", "UTC").is_ok());
}

#[test]
fn at_most_256_bytes_are_read() {
    let longest = format!("0 0 1{} * *", ",1".repeat(123) + ",01");
    assert_eq!(longest.len(), 258);
    assert_eq!(refusal(&longest, "UTC"), CronError::TooLong { bytes: 258 });
    assert!(Cron::parse(&longest.replace(",01", ""), "UTC").is_ok());
    let minutes = (0..60).map(|minute| minute.to_string()).collect::<Vec<_>>().join(",");
    assert!(Cron::parse(&format!("{minutes} * * * *"), "UTC").is_ok());
}

#[test]
fn a_zone_that_does_not_exist_is_answered_with_the_nearest() {
    for (zone, nearest) in [
        ("Europe/Berln", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("europe_berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("America/New York", "America/New_York"),
    ] {
        let expected = format!("there is no time zone \"{zone}\"; did you mean \"{nearest}\"?");
        assert_eq!(refusal("@daily", zone).to_string(), expected);
    }
}

#[test]
fn a_zone_like_no_other_is_only_refused() {
    for zone in ["", "Xyzzy/Qqq", "../../etc/passwd", "+02:00", "Etc/Unknown"] {
        let error = refusal("@daily", zone);
        assert!(matches!(&error, CronError::UnknownZone { suggestion: None, .. }), "{zone}: {error}");
    }
    let CronError::UnknownZone { zone, .. } = refusal("@daily", &"Z".repeat(10_000)) else {
        panic!("the zone is what is wrong");
    };
    assert_eq!(zone.len(), 64);
}
