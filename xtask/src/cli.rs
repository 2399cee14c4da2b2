//! What can be asked for on the command line, and how it is answered.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{dev, dist, gate, server, tools};

const HELP: &str = "\
Taskyard's chores:

  cargo xtask run [ARGS]     build the board and the server, then start it on http://127.0.0.1:8080
                             with its data under ./data; ARGS go to `taskyard serve`
  cargo xtask test [STEP…] [-- ARGS]
                             the whole gate, or only the steps named; ARGS go to the tests
  cargo xtask ci             the whole gate
  cargo xtask dev            the board with reload, in front of a running server or one it starts
  cargo xtask dist           one binary with the board inside, in target/dist/taskyard
  cargo xtask tools          only get the tools that the others need

Tools that are missing are installed: Rust's under target/tools, Debian's with apt-get.
";

pub fn run(args: Vec<String>) -> ExitCode {
    match answer(&args) {
        Ok(code) => code,
        Err(error) => {
            println!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn answer(args: &[String]) -> Result<ExitCode> {
    let Some((chore, rest)) = args.split_first() else {
        println!("{HELP}\n{}", gate::steps_help());
        return Ok(ExitCode::SUCCESS);
    };
    match chore.as_str() {
        "help" | "--help" | "-h" => {
            println!("{HELP}\n{}", gate::steps_help());
            Ok(ExitCode::SUCCESS)
        }
        "run" => server::run(&Workspace::find()?, rest),
        "test" => gate::run(&Workspace::find()?, rest),
        "ci" if rest.is_empty() => gate::run(&Workspace::find()?, &[]),
        "dev" if rest.is_empty() => dev::run(&Workspace::find()?),
        "dist" if rest.is_empty() => dist::make(&Workspace::find()?).map(|()| ExitCode::SUCCESS),
        "tools" if rest.is_empty() => tools::ensure_all(&Workspace::find()?).map(|()| ExitCode::SUCCESS),
        "ci" | "dev" | "dist" | "tools" => bail!("`cargo xtask {chore}` takes no arguments"),
        unknown => bail!("there is no chore \"{unknown}\"\n\n{HELP}"),
    }
}
