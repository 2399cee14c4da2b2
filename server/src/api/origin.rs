//! Which web pages may speak to this server: its own, and those that the configuration allows.
//!
//! A browser says in `Origin` which site a page came from, and lets any page open a WebSocket anywhere; so
//! the server has to refuse. Programs that are not browsers send no `Origin` and are let in.

/// A page of another site asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a page of {origin} may not use this server; if it should, add \"{origin}\" to the allowed origins in the \
     configuration"
)]
pub struct ForbiddenOrigin {
    pub origin: String,
}

/// Checks the header `Origin` against the header `Host` and the allow list, whose entries look like
/// `https://board.example.org` (or `https://board.example.org:8443`).
///
/// # Errors
/// There is an origin, and it is neither this host nor allowed.
pub fn check_origin(
    origin: Option<&str>,
    host: Option<&str>,
    allowed: &[String],
) -> Result<(), ForbiddenOrigin> {
    let Some(origin) = origin else { return Ok(()) };
    let same_host = match (split(origin), host) {
        (Some((scheme, authority)), Some(host)) => {
            without_default_port(authority, scheme).eq_ignore_ascii_case(without_default_port(host, scheme))
        }
        _ => false,
    };
    let listed = allowed.iter().any(|entry| entry.trim_end_matches('/').eq_ignore_ascii_case(origin));
    if same_host || listed { Ok(()) } else { Err(ForbiddenOrigin { origin: origin.to_owned() }) }
}

fn split(origin: &str) -> Option<(&str, &str)> {
    let (scheme, authority) = origin.split_once("://")?;
    (!authority.is_empty()).then_some((scheme, authority))
}

fn without_default_port<'a>(authority: &'a str, scheme: &str) -> &'a str {
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return authority,
    };
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origin: Option<&str>, host: &str) -> bool {
        check_origin(origin, Some(host), &["https://board.example.org".to_owned()]).is_ok()
    }

    #[test]
    fn own_pages_listed_pages_and_programs_may_speak() {
        assert!(allows(None, "127.0.0.1:8080"));
        assert!(allows(Some("http://127.0.0.1:8080"), "127.0.0.1:8080"));
        assert!(allows(Some("https://Jobs.example.org"), "jobs.example.org"));
        assert!(allows(Some("https://jobs.example.org"), "jobs.example.org:443"));
        assert!(allows(Some("http://[::1]:8080"), "[::1]:8080"));
        assert!(allows(Some("https://board.example.org"), "jobs.example.org"));
    }

    #[test]
    fn pages_of_other_sites_may_not() {
        for origin in [
            "http://evil.example",
            "http://127.0.0.1:8081",
            "http://127.0.0.1:8080.evil.example",
            "http://evil.example/127.0.0.1:8080",
            "https://board.example.org.evil.example",
            "null",
            "",
            "://",
        ] {
            assert!(!allows(Some(origin), "127.0.0.1:8080"), "{origin}");
        }
        assert!(check_origin(Some("http://a"), None, &[]).is_err());
    }
}
