//! The arguments: which command, and what it is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most characters of a value in a job's label.
const MAX_SHOWN_CHARS: usize = 40;

/// What the type says is narrowed by the declared commands: see [`super::schema`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Command")]
pub struct CommandArgs {
    /// Which program to run; the configuration declares them.
    #[schemars(title = "Command")]
    pub command: String,
    /// What it is told.
    #[serde(default)]
    #[schemars(title = "Parameters")]
    pub parameters: Map<String, Value>,
}

impl CommandArgs {
    /// `picture 9f86d081…, width 320`.
    pub(super) fn summary(&self) -> String {
        let shown = self.parameters.iter().map(|(name, value)| format!("{name} {}", shown(value)));
        shown.collect::<Vec<_>>().join(", ")
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let most = if crate::files::is_sha256(&text) { 8 } else { MAX_SHOWN_CHARS };
    let mut chars = text.chars();
    let mut cut: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        cut.push('…');
    }
    cut
}
