//! From the words typed to the command, and from its outcome to the exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command, LimitCommand, ScheduleCommand};
use super::commands::{
    add, add_many, batch, explain, jobs, kinds, limits, list, log, operations, priority, queues, schedules,
    services, show, watch,
};
use super::error::{CliError, Exit};
use super::output::Form;
use super::{bench, output, serve};

/// The whole program.
pub fn main() -> ExitCode {
    let form = form(std::env::args_os());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are asked for; everything else is a mistake. Printing fails only when nobody is there
        // to read.
        Err(said) if !said.use_stderr() => {
            let _ = said.print();
            return Exit::Done.into();
        }
        Err(said) => {
            match form {
                Form::Text => drop(said.print()),
                Form::Json => output::complain(&CliError::Usage(first_sentence(&said.to_string())), form),
            }
            return Exit::Usage.into();
        }
    };
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !error.is_silent() {
                output::complain(&error, form);
            }
            error.exit().into()
        }
    }
}

/// Whether `--json` was typed. Asked before the words are understood, since they may be wrong.
fn form(words: impl Iterator<Item = std::ffi::OsString>) -> Form {
    let mut options = words.take_while(|word| word != "--");
    if options.any(|word| word == "--json") { Form::Json } else { Form::Text }
}

/// What is wrong, without the usage that follows it.
fn first_sentence(said: &str) -> String {
    let first = said.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    first.trim_start_matches("error: ").to_owned()
}

fn run(command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Serve(args) => in_system(serve::run(args)),
        Command::Bench(bench) => bench::run::run(bench),
        Command::Limit(command) => limit(command),
        Command::Schedule(command) => schedule(command),
        Command::Add(args) => in_system(add::run(*args)),
        Command::AddMany(args) => in_system(add_many::run(args)),
        Command::List(args) => in_system(list::run(args)),
        Command::Show(args) => in_system(show::run(args)),
        Command::Log(args) => in_system(log::run(args)),
        Command::Explain(args) => in_system(explain::run(args)),
        Command::Batch(args) => in_system(batch::run(args)),
        Command::Watch(args) => in_system(watch::run(args)),
        Command::Cancel(args) => in_system(jobs::cancel(args)),
        Command::Retry(args) => in_system(jobs::retry(args)),
        Command::Delete(args) => in_system(jobs::delete(args)),
        Command::Priority(args) => in_system(priority::run(args)),
        Command::Clear(args) => in_system(jobs::clear(args)),
        Command::Operations(args) => in_system(operations::list(args)),
        Command::Undo(args) => in_system(operations::undo(args)),
        Command::Queues(args) => in_system(queues::list(args)),
        Command::Queue(args) => in_system(queues::configure(args)),
        Command::Pause(args) => in_system(queues::pause(args)),
        Command::Resume(args) => in_system(queues::resume(args)),
        Command::Concurrency(args) => in_system(queues::concurrency(args)),
        Command::Limits(args) => in_system(limits::list(args)),
        Command::Schedules(args) => in_system(schedules::list(args)),
        Command::Services(args) => in_system(services::list(args)),
        Command::DropCached(args) => in_system(services::drop_cached(args)),
        Command::Kinds(args) => in_system(kinds::run(args)),
    }
}

fn limit(command: LimitCommand) -> Result<Exit, CliError> {
    match command {
        LimitCommand::Set(args) => in_system(limits::set(args)),
        LimitCommand::Remove(args) => in_system(limits::remove(args)),
    }
}

fn schedule(command: ScheduleCommand) -> Result<Exit, CliError> {
    match command {
        ScheduleCommand::Set(args) => in_system(schedules::set(*args)),
        ScheduleCommand::Remove(args) => in_system(schedules::remove(args)),
        ScheduleCommand::Pause(args) => in_system(schedules::pause(args)),
        ScheduleCommand::Resume(args) => in_system(schedules::resume(args)),
        ScheduleCommand::Run(args) => in_system(schedules::run(args)),
        ScheduleCommand::Preview(args) => in_system(schedules::preview(args)),
    }
}

/// The server's actors need an actix System; clients are as well off in it as in any other runtime.
fn in_system(command: impl Future<Output = Result<Exit, CliError>>) -> Result<Exit, CliError> {
    actix_web::rt::System::new().block_on(command)
}
