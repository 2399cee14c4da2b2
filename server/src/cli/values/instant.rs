//! Instants: with an offset, with a zone, or in local time.

use jiff::Timestamp;
use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// An instant as the server takes it (RFC 3339). `2027-01-31T09:00:00Z`, `2027-01-31T09:00[Europe/Berlin]`, or
/// `2027-01-31 09:00` by this machine's clock.
///
/// # Errors
/// A sentence.
pub fn instant(text: &str) -> Result<String, String> {
    read(text.trim(), TimeZone::system()).map(|at| at.to_string()).ok_or_else(|| {
        format!("\"{text}\" is not a time; write it like 2027-01-31T09:00:00Z, or \"2027-01-31 09:00\" for local time")
    })
}

fn read(text: &str, local: TimeZone) -> Option<Timestamp> {
    // A zone that nobody knows must not pass for local time.
    if text.contains('[') {
        return text.parse::<Zoned>().ok().map(|at| at.timestamp());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    Some(text.parse::<DateTime>().ok()?.to_zoned(local).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str) -> Option<String> {
        read(text, TimeZone::get("Europe/Berlin").unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn instants_have_an_offset_a_zone_or_neither() {
        let cases = [
            ("2027-01-31T09:00:00Z", "2027-01-31T09:00:00Z"),
            ("2027-01-31T09:00:00+02:00", "2027-01-31T07:00:00Z"),
            ("2027-01-31T09:00[America/New_York]", "2027-01-31T14:00:00Z"),
            ("2027-01-31 09:00", "2027-01-31T08:00:00Z"),
            ("2027-07-31 09:00:30", "2027-07-31T07:00:30Z"),
            ("2027-07-31", "2027-07-30T22:00:00Z"),
        ];
        for (text, at) in cases {
            assert_eq!(berlin(text).as_deref(), Some(at), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "tomorrow", "2027-13-01", "2027-01-31T09:00[Europe/Berlni]", "09:00", "12"] {
            assert_eq!(berlin(text), None, "{text}");
            assert!(instant(text).expect_err(text).contains("is not a time; write it like"));
        }
    }
}
