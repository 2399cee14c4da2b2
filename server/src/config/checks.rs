//! What each setting allows. One sentence for each way to be wrong.

use std::net::SocketAddr;

use ipnet::IpNet;
use taskyard_shared::job::JobState;
use taskyard_shared::limits::{MAX_ATTEMPTS, MAX_CONCURRENCY, MAX_DELAY_MS};
use toml::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::command_keys;

/// Whole numbers: key, least, most.
const BOUNDS: [(&str, i64, i64); 11] = [
    ("server.max_sessions", 1, 1_000_000),
    ("server.workers", 1, 512),
    ("files.quota_mb", 0, 1_000_000_000),
    ("executor.threads", 1, 512),
    ("shutdown.deadline_s", 0, 86_400),
    ("supervision.max_restarts", 0, 1_000),
    ("supervision.within_s", 1, 86_400),
    ("cache.max_mb", 0, 1_000_000),
    ("submissions.count", 0, 1_000_000),
    ("submissions.per_s", 1, 86_400),
    ("submissions.burst", 0, 1_000_000),
];

/// Checks the value's type against `example`, and what its key allows beyond that.
pub(super) fn check(key: &str, value: &Value, example: &Value) -> Result<(), String> {
    if !value.same_type(example) {
        return Err(format!("{key} is {}; it must be {}", kind(value), kind(example)));
    }
    match value {
        Value::Integer(number) => check_number(key, *number),
        Value::String(text) => check_text(key, text),
        Value::Array(items) => {
            let of_numbers =
                example.as_array().and_then(|items| items.first()).is_some_and(Value::is_integer);
            items.iter().try_for_each(|item| match item {
                Value::Integer(number) if of_numbers => check_number(key, *number),
                other if of_numbers => {
                    Err(format!("{key} holds {}; it must hold whole numbers", kind(other)))
                }
                Value::String(text) => check_item(key, text),
                other => Err(format!("{key} holds {}; it must hold texts in quotes", kind(other))),
            })
        }
        _ => Ok(()),
    }
}

fn check_number(key: &str, number: i64) -> Result<(), String> {
    let bound = queue_bound(key)
        .or_else(|| pool_bound(key))
        .or_else(|| command_keys::bound(key))
        .or_else(|| BOUNDS.iter().find(|bound| bound.0 == key).map(|bound| (bound.1, bound.2)));
    match bound {
        Some((least, most)) if !(least..=most).contains(&number) => {
            Err(format!("{key} is {number}; it must be {least} to {most}"))
        }
        _ => Ok(()),
    }
}

/// The bounds of a queue's setting, whatever the queue is called.
fn queue_bound(key: &str) -> Option<(i64, i64)> {
    let (_, setting) = key.strip_prefix("queues.")?.rsplit_once('.')?;
    Some(match setting {
        "max_attempts" => (1, i64::from(MAX_ATTEMPTS)),
        "timeout_s" => (1, i64::try_from(MAX_DELAY_MS / 1_000).unwrap_or(i64::MAX)),
        _ => (1, i64::from(MAX_CONCURRENCY)),
    })
}

/// The bounds of a pool's setting, whatever the pool is called.
fn pool_bound(key: &str) -> Option<(i64, i64)> {
    let (_, setting) = key.strip_prefix("pools.")?.rsplit_once('.')?;
    Some(match setting {
        "port" => (1, 65_535),
        "max_size" => (1, 100),
        "timeout_s" => (1, 3_600),
        _ => (1, 86_400),
    })
}

fn check_text(key: &str, text: &str) -> Result<(), String> {
    // It may hold a password, so the sentence does not repeat it.
    if key == "http.proxy" && !(text.is_empty() || is_proxy(text)) {
        return Err("http.proxy must be http://host:port, or http://user:password@host:port".to_owned());
    }
    let wrong = match key {
        "server.bind" if text.parse::<SocketAddr>().is_err() => {
            "an address and a port such as 127.0.0.1:8080 or [::1]:8080"
        }
        "data.dir" if text.is_empty() => "the name of a folder",
        _ if is_url_of_webhook(key) && !is_web_url(text) => "a URL that begins with https:// or http://",
        "log.format" if !matches!(text, "text" | "json") => "text or json",
        "log.level" if !is_log_filter(text) => {
            "error, warn, info, debug, trace or off, or by part such as info,taskyard=debug"
        }
        key if is_parameter_type(key) && !matches!(text, "integer" | "text" | "boolean" | "file") => {
            "integer, text, boolean or file"
        }
        _ => return Ok(()),
    };
    Err(format!("{key} is \"{text}\"; it must be {wrong}"))
}

fn is_parameter_type(key: &str) -> bool {
    key.starts_with("commands.") && key.contains(".parameters.") && key.ends_with(".type")
}

fn check_item(key: &str, text: &str) -> Result<(), String> {
    let wrong = match key {
        "server.allowed_origins" if !is_origin(text) => {
            "an origin such as https://jobs.example.org, with neither path nor trailing slash"
        }
        "server.allowed_hosts" if !is_host(text) => "a host name such as jobs.example.org, without a port",
        _ if is_list_of_webhook(key, "states") && !is_final_state(text) => "completed, failed or cancelled",
        "http.allow" | "server.trusted_proxies" if text.parse::<IpNet>().is_err() => {
            "a range of addresses such as 10.1.0.0/16"
        }
        _ => return Ok(()),
    };
    Err(format!("{key} holds \"{text}\"; it must be {wrong}"))
}

/// `Targets` takes a lone word that is no level for the name of a part; here that is a slip of the pen.
fn is_log_filter(text: &str) -> bool {
    text.parse::<Targets>().is_ok()
        && text.split(',').all(|part| {
            part.contains('=') || (!part.is_empty() && part.trim().parse::<LevelFilter>().is_ok())
        })
}

fn is_url_of_webhook(key: &str) -> bool {
    key.starts_with("webhooks.") && key.ends_with(".url")
}

fn is_list_of_webhook(key: &str, list: &str) -> bool {
    key.starts_with("webhooks.") && key.rsplit_once('.').is_some_and(|(_, last)| last == list)
}

fn is_final_state(text: &str) -> bool {
    text.parse().is_ok_and(JobState::is_finished)
}

fn is_web_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_proxy(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        url.scheme() == "http" && url.has_host() && matches!(url.path(), "" | "/") && url.query().is_none()
    })
}

/// What a browser would send as `Origin`.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}

fn is_host(text: &str) -> bool {
    !text.contains([':', '/', '@', ' ']) && url::Host::parse(text).is_ok()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list in brackets",
        Value::Table(_) => "a section",
    }
}
