//! A secret as the configuration gives it: `whsec_…` itself, `env:NAME` for a variable of the environment, or
//! `file:/run/secrets/name` for the first line of a file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Most bytes of a file that holds a secret.
const MAX_FILE_BYTES: u64 = 4_096;

/// Text that is not shown by `{:?}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    pub fn new(text: impl Into<String>) -> Self {
        SecretText(text.into())
    }

    /// The secret itself. Reads the environment, or a file, where the text says so.
    ///
    /// # Errors
    /// Why it cannot be had, as the end of a sentence; never the text itself.
    pub fn reveal(&self) -> Result<String, String> {
        if let Some(variable) = self.0.strip_prefix("env:") {
            return std::env::var(variable)
                .map_err(|_| format!("names the environment variable {variable}, which is not set"));
        }
        let Some(path) = self.0.strip_prefix("file:") else { return Ok(self.0.clone()) };
        let unreadable =
            |error: std::io::Error| format!("names the file {path}, which cannot be read: {error}");
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > MAX_FILE_BYTES {
            return Err(format!("names the file {path}, which has more than {MAX_FILE_BYTES} bytes"));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}
