//! `taskyard serve`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use taskyard::config::{self, Flag, Sources};

use super::args::ServeArgs;
use super::error::{CliError, Exit};
use super::{logging, output};

pub async fn run(args: ServeArgs) -> Result<Exit, CliError> {
    let config = config::load(&sources(args)).map_err(|error| CliError::Failed(error.to_string()))?;
    logging::start(&config.log);
    taskyard::serve(config, say_ready).await.map_err(|error| CliError::Failed(error.to_string()))?;
    Ok(Exit::Done)
}

/// The only line on stdout: programs that start a server wait for it.
fn say_ready(address: SocketAddr) {
    if let Err(error) = output::line(&format!("taskyard is ready on http://{address}")) {
        tracing::warn!(%error, "nobody reads that the server is ready");
    }
}

fn sources(args: ServeArgs) -> Sources {
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    Sources { file: args.config.clone(), environment, flags: flags(args) }
}

/// The flags that were given, as settings.
fn flags(args: ServeArgs) -> Vec<Flag> {
    let list = |items: Vec<String>| (!items.is_empty()).then(|| items.join(","));
    let given = [
        ("--bind", "server.bind", args.bind),
        ("--data", "data.dir", args.data),
        ("--workers", "server.workers", args.workers),
        ("--threads", "executor.threads", args.threads),
        ("--allow-origin", "server.allowed_origins", list(args.allow_origin)),
        ("--allow-host", "server.allowed_hosts", list(args.allow_host)),
        (
            "--allow-private-addresses",
            "http.allow_private_addresses",
            args.allow_private_addresses.then(|| "true".to_owned()),
        ),
        ("--deadline", "shutdown.deadline_s", args.deadline),
        ("--log-level", "log.level", args.log_level),
        ("--log-format", "log.format", args.log_format),
    ];
    given.into_iter().filter_map(|(flag, key, text)| text.map(|text| Flag { flag, key, text })).collect()
}
