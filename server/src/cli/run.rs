//! From the words typed to the command, and from its outcome to the exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command};
use super::commands::{add, jobs, kinds, list, queues, show, watch};
use super::error::{CliError, Exit};
use super::{output, serve};

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => {
            // Help and version are asked for; everything else is a mistake. Printing fails only when nobody
            // is there to read.
            let _ = said.print();
            return if said.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    // The server's actors need an actix System; clients are as well off in it as in any other runtime.
    match actix_web::rt::System::new().block_on(run(cli.command)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !error.is_silent() {
                output::complain(&error.to_string());
            }
            error.exit().into()
        }
    }
}

async fn run(command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Serve(args) => serve::run(args).await,
        Command::Add(args) => add::run(args).await,
        Command::List(args) => list::run(args).await,
        Command::Show(args) => show::run(args).await,
        Command::Watch(args) => watch::run(args).await,
        Command::Cancel(args) => jobs::cancel(args).await,
        Command::Retry(args) => jobs::retry(args).await,
        Command::Clear(args) => jobs::clear(args).await,
        Command::Queues(args) => queues::list(args).await,
        Command::Pause(args) => queues::pause(args).await,
        Command::Resume(args) => queues::resume(args).await,
        Command::Concurrency(args) => queues::concurrency(args).await,
        Command::Kinds(args) => kinds::run(args).await,
    }
}
