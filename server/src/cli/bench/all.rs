//! `taskyard bench all`: the benches one after the other, each in a process of its own, so that none leaves anything
//! behind for the next one.

use serde_json::{Map, Value};

use super::args::AllArgs;
use super::run::{not_once_more, once_more};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// What is run, and with what besides where it is quick.
const BENCHES: [(&str, &[&str], &[&str]); 7] = [
    ("limit", &[], &["--jobs", "5000", "--rounds", "1"]),
    ("add", &["--with-limit"], &["--callers", "1,64", "--for", "200ms", "--rounds", "1"]),
    ("rundown", &["--with-limit"], &["--jobs", "5000", "--concurrency", "24,100", "--rounds", "1"]),
    ("throughput", &["--tabs", "10"], &["--jobs", "5000"]),
    ("sustained", &[], &["--for", "500ms", "--tabs", "0,10"]),
    ("watch", &[], &["--for", "500ms", "--tabs", "1,20", "--views", "1,5", "--never-read", "10"]),
    ("backlog", &[], &["--stored", "5000", "--jobs", "2000", "--tabs", "10", "--rounds", "1"]),
];

pub async fn run(args: AllArgs) -> Result<Exit, CliError> {
    let mut found = Map::new();
    let mut wrong = Vec::new();
    for (name, words, quick) in BENCHES {
        output::remark(&format!("taskyard bench {name}"));
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if args.quick {
            words.extend(quick.iter().map(|word| (*word).to_owned()));
        }
        if let Some(dir) = &args.common.data {
            words.extend(["--data".to_owned(), dir.join(name).display().to_string()]);
        }
        let (passed, value) = bench(name, &words, args.common.json).await?;
        if !passed {
            wrong.push(name);
        }
        if let Some(value) = value {
            found.insert(name.to_owned(), value);
        }
    }
    if args.common.json {
        output::json(&found)?;
    }
    match wrong.as_slice() {
        [] => Ok(Exit::Done),
        wrong => Err(CliError::Failed(format!("failed: {}", wrong.join(", ")))),
    }
}

/// Whether it passed, and what it found where that is wanted as JSON.
async fn bench(name: &str, words: &[String], json: bool) -> Result<(bool, Option<Value>), CliError> {
    let mut command = once_more()?;
    command.arg(name).args(words);
    if !json {
        let status = command.status().await.map_err(not_once_more)?;
        return Ok((status.success(), None));
    }
    let ended = command.arg("--json").output().await.map_err(not_once_more)?;
    let value = serde_json::from_slice(&ended.stdout).ok();
    Ok((ended.status.success() && value.is_some(), value))
}
