//! Fingerprints of files: whether anything that a build reads has changed since.
//!
//! By content, not by time: a fresh checkout of the same sources has the same fingerprint. The hash need not
//! resist an adversary, and may change with the Rust release: then a build too many is made.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The fingerprint of the names and contents of everything under `places`, and of `also`.
///
/// A place may be a file or a folder; one that does not exist counts as such. What lies under `without` is
/// left out.
pub fn of(places: &[PathBuf], without: &[PathBuf], also: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    also.hash(&mut hasher);
    for place in places {
        place.file_name().hash(&mut hasher);
        let files = if place.is_dir() { files_under(place, without)? } else { vec![place.clone()] };
        for file in files {
            file.strip_prefix(place).unwrap_or(&file).hash(&mut hasher);
            if file.exists() {
                read(&file)?.hash(&mut hasher);
            }
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// All files under `folder`, in an order that depends on their names alone.
pub fn files_under(folder: &Path, without: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries =
            fs::read_dir(&next).with_context(|| format!("cannot read the folder {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if without.contains(&path) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
