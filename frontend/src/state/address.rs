//! The address bar's part of the list: filter and sort as query parameters, so that a link shows the same.

use taskyard_shared::job::JobState;
use taskyard_shared::limits::MAX_FILTER_CHARS;
use taskyard_shared::view::{JobFilter, SortOrder};

/// What the list shows, as far as a link should say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAddress {
    pub filter: JobFilter,
    pub sort: SortOrder,
    /// The marked row.
    pub row: Option<u64>,
}

impl ListAddress {
    /// Reads the parameters; what does not fit is left out.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| get(name).filter(|value| !value.is_empty());
        let states = given("state").unwrap_or_default();
        let named = |state: &JobState| states.split(',').any(|word| word == state.as_str());
        let states: Vec<JobState> = JobState::ALL.into_iter().filter(named).collect();
        let text: String = given("q").unwrap_or_default().chars().take(MAX_FILTER_CHARS).collect();
        ListAddress {
            filter: JobFilter {
                states,
                kind: given("kind"),
                queue: given("queue"),
                batch: given("batch").and_then(|id| id.parse().ok()),
                text,
            },
            sort: if given("sort").as_deref() == Some("oldest") {
                SortOrder::Oldest
            } else {
                SortOrder::Newest
            },
            row: given("row").and_then(|row| row.parse().ok()),
        }
    }

    /// The path and query that [`ListAddress::read`] reads back.
    pub fn path(&self) -> String {
        let mut pairs = Vec::new();
        let states: Vec<&str> = self.filter.states.iter().map(|state| state.as_str()).collect();
        if !states.is_empty() {
            pairs.push(format!("state={}", states.join(",")));
        }
        let texts = [("queue", self.filter.queue.as_deref()), ("kind", self.filter.kind.as_deref())];
        for (name, value) in texts.into_iter().chain([("q", Some(self.filter.text.as_str()))]) {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                pairs.push(format!("{name}={}", percent_encode(value)));
            }
        }
        pairs.extend(self.filter.batch.map(|batch| format!("batch={batch}")));
        if self.sort == SortOrder::Oldest {
            pairs.push("sort=oldest".to_owned());
        }
        pairs.extend(self.row.map(|row| format!("row={row}")));
        if pairs.is_empty() { "/".to_owned() } else { format!("/?{}", pairs.join("&")) }
    }

    pub fn is_filtered(&self) -> bool {
        self.filter != JobFilter::default()
    }
}

/// What a filter narrows the list to, part by part: `state failed`, `queue web`.
pub fn parts(filter: &JobFilter) -> Vec<String> {
    let states = filter.states.iter().map(|state| format!("state {state}"));
    let queue = filter.queue.iter().map(|queue| format!("queue {queue}"));
    let kind = filter.kind.iter().map(|kind| format!("kind {kind}"));
    let batch = filter.batch.iter().map(|batch| format!("batch {batch}"));
    let text = (!filter.text.is_empty()).then(|| format!("text “{}”", filter.text));
    states.chain(queue).chain(kind).chain(batch).chain(text).collect()
}

/// Encodes for a query value or a path segment: everything but letters, digits and `-._~`.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use taskyard_shared::batch::BatchId;

    use super::*;

    #[test]
    fn address_reads_back_what_it_wrote() {
        let address = ListAddress {
            filter: JobFilter {
                states: vec![JobState::Pending, JobState::Failed],
                kind: Some("http".into()),
                queue: Some("web".into()),
                batch: Some(BatchId(7)),
                text: "50 % & ü".into(),
            },
            sort: SortOrder::Oldest,
            row: Some(12),
        };
        let path = address.path();
        assert_eq!(
            path,
            "/?state=pending,failed&queue=web&kind=http&q=50%20%25%20%26%20%C3%BC&batch=7&sort=oldest&row=12"
        );
        let query = path.trim_start_matches("/?").replace("50%20%25%20%26%20%C3%BC", "50 % & ü");
        let get = |name: &str| {
            let mut rest = query.as_str();
            if name == "q" {
                rest = "q=50 % & ü";
            }
            let value = rest.split(if name == "q" { '\n' } else { '&' });
            value
                .filter_map(|pair| pair.split_once('='))
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.to_owned())
        };
        assert_eq!(ListAddress::read(get), address);
    }

    #[test]
    fn nonsense_in_the_address_is_left_out() {
        let address =
            ListAddress::read(|name| Some(if name == "state" { "x,failed,failed" } else { "" }.into()));
        assert_eq!(address.filter.states, [JobState::Failed]);
        assert_eq!(ListAddress::read(|_| None).path(), "/");
    }
}
