//! How far the ends of jobs have been told, on the disk: `webhooks.json` in the data folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

const FILE: &str = "webhooks.json";

/// Times in milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// What ended before this has been told.
    pub told_until_ms: i64,
    /// Since when each webhook is there: of what ended before that it is not told.
    pub since_ms: BTreeMap<String, i64>,
}

impl Position {
    /// The position of these webhooks; those that are new begin now, and those that are gone are forgotten.
    pub fn resumed(stored: Option<Position>, names: impl Iterator<Item = String>, now_ms: i64) -> Self {
        let stored = stored.unwrap_or(Position { told_until_ms: now_ms, since_ms: BTreeMap::new() });
        let known = names.map(|name| {
            let since = stored.since_ms.get(&name).copied().unwrap_or(now_ms);
            (name, since)
        });
        let since_ms: BTreeMap<_, _> = known.collect();
        let oldest = since_ms.values().copied().min().unwrap_or(now_ms);
        Position { told_until_ms: stored.told_until_ms.max(oldest), since_ms }
    }
}

/// Where the position is kept. Without a data folder, nowhere.
#[derive(Clone)]
pub(super) struct PositionFile(pub Option<PathBuf>);

impl PositionFile {
    fn path(&self) -> Option<PathBuf> {
        self.0.as_deref().map(|dir| dir.join(FILE))
    }

    /// None: there is none yet, or it cannot be read as one. Then webhooks begin anew.
    ///
    /// # Errors
    /// The disk refused.
    pub fn load(&self) -> io::Result<Option<Position>> {
        let Some(path) = self.path() else { return Ok(None) };
        match fs::read(&path) {
            Ok(text) => Ok(serde_json::from_slice(&text)
                .inspect_err(
                    |error| tracing::warn!(path = %path.display(), %error, "not a position; begun anew"),
                )
                .ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Either all of it is on the disk then, or what was there before.
    ///
    /// # Errors
    /// The disk refused.
    pub fn save(&self, position: &Position) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(&serde_json::to_vec(position)?)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    }

    /// Where no webhook is configured any more: one that comes back later is not told of all that was meanwhile.
    ///
    /// # Errors
    /// The disk refused.
    pub fn remove(&self) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
