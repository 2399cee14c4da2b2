//! How a server is set up: what can be set, from where, and what each setting allows.
//!
//! Settings come from a TOML file, then from the environment, then from flags; the later one wins. Each is
//! checked where it is written, so a mistake is reported with its place, and nothing unknown is passed over.

mod checks;
mod command_keys;
mod commands;
mod error;
mod file;
mod keys;
mod load;
mod pools;
mod secret;
mod sections;
#[cfg(test)]
mod tests;

pub use commands::{CommandConfig, ParameterConfig, ParameterType};
pub use error::ConfigError;
pub use load::{Flag, Sources, load};
pub use secret::SecretText;
pub use sections::{
    Config, DataConfig, ExecutorConfig, FilesConfig, HttpConfig, LogConfig, LogFormat, QueueConfig,
    ServerConfig, ShutdownConfig, SupervisionConfig, WebhookConfig,
};
