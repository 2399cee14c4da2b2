//! What the page knows about its connection, in the words it shows.

/// How long after the loss of the connection the page calls what it shows stale, in milliseconds.
pub const STALE_AFTER_MS: i64 = 10_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The first attempt of this page.
    #[default]
    Connecting,
    Live,
    /// The connection is lost (or was never made).
    Lost {
        since_ms: i64,
        retry: Retry,
    },
    /// The server speaks another version; only a reload can help.
    Outdated(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    At { at_ms: i64 },
    Now,
}

impl Status {
    pub fn is_live(&self) -> bool {
        *self == Status::Live
    }

    /// The word in `data-connection`: what tests and styles go by.
    pub fn word(&self, now_ms: i64) -> &'static str {
        match self {
            Status::Live => "live",
            Status::Connecting => "reconnecting",
            Status::Lost { since_ms, .. } if now_ms - since_ms < STALE_AFTER_MS => "reconnecting",
            Status::Lost { .. } | Status::Outdated(_) => "stale",
        }
    }

    /// A few words for the person, without the age of what is shown.
    pub fn sentence(&self, now_ms: i64) -> String {
        match self {
            Status::Live => "Live".to_owned(),
            Status::Connecting => "Connecting…".to_owned(),
            Status::Lost { retry: Retry::Now, .. } => "Reconnecting…".to_owned(),
            Status::Lost { retry: Retry::At { at_ms }, .. } => {
                let seconds = ((at_ms - now_ms).max(0) + 999) / 1000;
                format!("Reconnecting in {seconds} s")
            }
            Status::Outdated(_) => "Reload needed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_connection_becomes_stale_after_ten_seconds() {
        let lost = Status::Lost { since_ms: 0, retry: Retry::At { at_ms: 12_400 } };
        assert_eq!(lost.word(9_999), "reconnecting");
        assert_eq!(lost.word(10_000), "stale");
        assert_eq!(lost.sentence(10_000), "Reconnecting in 3 s");
        assert_eq!(lost.sentence(99_000), "Reconnecting in 0 s");
    }
}
