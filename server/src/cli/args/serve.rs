//! `taskyard serve`.

use std::path::PathBuf;

use clap::Args;

/// Each flag wins over its environment variable, and that over the file.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Configuration file [default: taskyard.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "TASKYARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<String>,
    /// Folder of the database and files [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Threads that answer requests [default: one per core]
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
    /// Threads that run jobs [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<String>,
    /// Another origin whose pages may use the server; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Another name under which the server is reached; may be repeated
    #[arg(long = "allow-host", value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// Let http jobs call loopback, private and link-local addresses
    #[arg(long)]
    pub allow_private_addresses: bool,
    /// How long running jobs may go on after the stop was asked for, in seconds [default: 30]
    #[arg(long, value_name = "S")]
    pub deadline: Option<String>,
    /// error, warn, info, debug, trace or off; or by part: info,taskyard=debug [default: info,actix_server=warn]
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}
