//! From the words typed to the command, and from its outcome to the exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command};
use super::commands::{add, jobs, kinds, list, queues, show, watch};
use super::error::{CliError, Exit};
use super::{bench, output, serve};

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
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !error.is_silent() {
                output::complain(&error.to_string());
            }
            error.exit().into()
        }
    }
}

fn run(command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Serve(args) => in_system(serve::run(args)),
        Command::Add(args) => in_system(add::run(args)),
        Command::List(args) => in_system(list::run(args)),
        Command::Show(args) => in_system(show::run(args)),
        Command::Watch(args) => in_system(watch::run(args)),
        Command::Cancel(args) => in_system(jobs::cancel(args)),
        Command::Retry(args) => in_system(jobs::retry(args)),
        Command::Clear(args) => in_system(jobs::clear(args)),
        Command::Queues(args) => in_system(queues::list(args)),
        Command::Pause(args) => in_system(queues::pause(args)),
        Command::Resume(args) => in_system(queues::resume(args)),
        Command::Concurrency(args) => in_system(queues::concurrency(args)),
        Command::Kinds(args) => in_system(kinds::run(args)),
        Command::Bench(bench) => bench::run::run(bench),
    }
}

/// The server's actors need an actix System; clients are as well off in it as in any other runtime.
fn in_system(command: impl Future<Output = Result<Exit, CliError>>) -> Result<Exit, CliError> {
    actix_web::rt::System::new().block_on(command)
}
