//! Why a configuration was refused: always a place and a sentence.

use std::path::PathBuf;

/// The texts are for the person who starts the server.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{}, line {line}: {sentence}", path.display())]
    File { path: PathBuf, line: usize, sentence: String },
    #[error("environment variable {variable}: {sentence}")]
    Environment { variable: String, sentence: String },
    #[error("{flag}: {sentence}")]
    Flag { flag: String, sentence: String },
    #[error("the configuration does not fit together: {0}")]
    Inconsistent(String),
}
