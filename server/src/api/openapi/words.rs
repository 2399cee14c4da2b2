//! Sentences of the code's own documentation, for readers who do not have the code.

use serde_json::Value;
use taskyard_shared::limits;

/// Bounds that sentences name.
const BOUNDS: [(&str, u64); 15] = [
    ("MAX_ATTEMPTS", limits::MAX_ATTEMPTS as u64),
    ("MAX_CONCURRENCY", limits::MAX_CONCURRENCY as u64),
    ("MAX_DELAY_MS", limits::MAX_DELAY_MS),
    ("MAX_JOBS_PER_ADD", limits::MAX_JOBS_PER_ADD as u64),
    ("MAX_KEPT_OPERATIONS", limits::MAX_KEPT_OPERATIONS as u64),
    ("MAX_LOG_LINES", limits::MAX_LOG_LINES as u64),
    ("MAX_LOG_LINE_CHARS", limits::MAX_LOG_LINE_CHARS as u64),
    ("MAX_MISSED_RUNS", limits::MAX_MISSED_RUNS as u64),
    ("MAX_PRIORITY", limits::MAX_PRIORITY as u64),
    ("MAX_RATE_COUNT", limits::MAX_RATE_COUNT as u64),
    ("MAX_SHOWN_DEPENDENTS", limits::MAX_SHOWN_DEPENDENTS as u64),
    ("MAX_UNDO_MS", limits::MAX_UNDO_MS as u64),
    ("MAX_VIEW_ROWS", limits::MAX_VIEW_ROWS as u64),
    ("MIN_RETENTION_MS", limits::MIN_RETENTION_MS),
    ("MIN_TIMEOUT_MS", limits::MIN_TIMEOUT_MS),
];

/// Puts every description below into words without links to code.
pub fn without_links(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(description)) = members.get_mut("description") {
                *description = reworded(description);
            }
            members.values_mut().for_each(without_links);
        }
        Value::Array(items) => items.iter_mut().for_each(without_links),
        _ => {}
    }
}

/// ``[`crate::limits::MAX_PRIORITY`]`` becomes `100`, and any other link its last name.
fn reworded(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((target, after)) = link.split_once("`]") else { break };
        words.push_str(before);
        words.push_str(&meant(target));
        rest = after;
    }
    words.push_str(rest);
    words
}

fn meant(target: &str) -> String {
    let name = target.rsplit("::").next().unwrap_or(target);
    if name == "is_identifier" {
        return format!("the rule: {}", limits::IDENTIFIER_RULE);
    }
    match BOUNDS.iter().find(|(bound, _)| *bound == name) {
        Some((_, number)) => grouped(*number),
        None => format!("`{name}`"),
    }
}

/// `316224000000` as `316,224,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut groups = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            groups.push(',');
        }
        groups.push(digit);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_numbers_and_names() {
        let text = "1 to [`crate::limits::MAX_DELAY_MS`]; see [`crate::job::JobId`]. Not [one].";
        assert_eq!(reworded(text), "1 to 316,224,000,000; see `JobId`. Not [one].");
        assert_eq!(reworded("[`open"), "[`open");
    }
}
