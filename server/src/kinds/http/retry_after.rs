//! How long a server asks to be left alone: `Retry-After` (RFC 9110, 10.2.3).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Longest wait that a server is granted: a day. Who asks for more is asked again then.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// The wait that the response asks for. None: it asks for none, or in words that nobody understands.
pub(super) fn of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    parse(text.trim(), Timestamp::now())
}

/// Seconds, or the date when they are over.
fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_bounded() {
        let now: Timestamp = "2027-01-31T09:00:00Z".parse().expect("a time");
        let seconds = |text| parse(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("99999999999"), Some(86_400));
        assert_eq!(seconds("Sun, 31 Jan 2027 09:01:30 GMT"), Some(90));
        assert_eq!(seconds("Sat, 30 Jan 2027 09:00:00 GMT"), Some(0));
        assert_eq!(seconds("Mon, 31 Jan 2028 09:00:00 GMT"), Some(86_400));
        for nonsense in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }
}
