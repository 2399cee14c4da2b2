//! The `command` kind: runs a program that the configuration declares by name.
//!
//! A job says which command, and the declared parameters of it; nothing else about the program is the caller's. There is
//! no shell: each entry of the declared arguments is one argument of the program, whatever is put into it
//! ([`template`]), and a text that begins with `-` is refused where it could become an option. The environment is what
//! is declared, and `PATH`, `LANG` and `TZ` of the server's; standard input is empty.
//!
//! The program and all that it starts is a process group ([`group`]). It is over only when nothing of the group is
//! left: what a program leaves running when it ends, what is left when the job is cancelled, and what is left when it
//! takes too long gets SIGTERM, and SIGKILL after the declared grace. What makes itself a group of its own (`setsid`,
//! as daemons do) escapes this, and so does everything when the server itself is killed.

mod args;
mod declaration;
mod folder;
mod group;
mod output;
mod parameter;
mod program;
mod run;
mod schema;
mod template;
#[cfg(all(test, unix))]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::Value;
use taskyard_shared::error::FieldError;

use super::context::JobContext;
use super::job_error::JobError;
use super::results::Places;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};
pub use crate::config::{CommandConfig, ParameterConfig, ParameterType};
pub use args::CommandArgs;
pub(crate) use declaration::{Declaration, Mistake};
use program::Program;

/// See the module.
pub struct Command {
    programs: BTreeMap<String, Program>,
    schema: Value,
    validator: Validator,
}

/// Why declared commands cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum CommandSetupError {
    #[error(
        "\"{0}\" cannot name a command: lower-case letters, digits, - and _, starting with a letter, at most 64"
    )]
    BadName(String),
    #[error("commands.{command}.{key}: {sentence}")]
    Mistake { command: String, key: String, sentence: String },
    #[error("the commands have no usable JSON Schema: {0}")]
    Schema(String),
    #[error("commands need process groups, which only Unix has")]
    NotHere,
}

impl Command {
    /// Finds the programs.
    ///
    /// # Errors
    /// What is declared does not fit together; a program or a folder is not there.
    pub fn new(commands: &BTreeMap<String, CommandConfig>) -> Result<Self, CommandSetupError> {
        if !cfg!(unix) {
            return Err(CommandSetupError::NotHere);
        }
        let mut programs = BTreeMap::new();
        for (name, config) in commands {
            if !taskyard_shared::limits::is_identifier(name) {
                return Err(CommandSetupError::BadName(name.clone()));
            }
            let program = Declaration::new(name, config).and_then(Program::find);
            let program = program.map_err(|Mistake { key, sentence }| CommandSetupError::Mistake {
                command: name.clone(),
                key,
                sentence,
            })?;
            programs.insert(name.clone(), program);
        }
        let declarations = programs.values().map(|program| &*program.declaration);
        let schema = schema::narrowed(super::schema::schema_of::<CommandArgs>(), declarations);
        let validator = super::schema::compile(&schema).map_err(CommandSetupError::Schema)?;
        Ok(Command { programs, schema, validator })
    }

    fn declaration(&self, args: &CommandArgs) -> Option<&Declaration> {
        self.programs.get(&args.command).map(|program| &*program.declaration)
    }

    /// What was checked when the job was added; the configuration may have changed since.
    fn check_again(&self, args: &CommandArgs) -> Result<(), JobError> {
        let value = serde_json::to_value(args)?;
        let mut wrong = super::schema::complaints(&self.validator, &self.schema, &value, &Places::default());
        wrong.extend(self.check(args).err().unwrap_or_default());
        if wrong.is_empty() {
            return Ok(());
        }
        let sentences: Vec<String> = wrong.into_iter().map(|found| found.message).collect();
        let message = format!("its arguments do not fit the command any more: {}", sentences.join("; "));
        Err(JobError::new(message).do_not_retry())
    }
}

impl Worker for Command {
    const KIND: &'static str = "command";
    const DESCRIPTION: &'static str = "Runs a program that the server's configuration declares.";
    type Args = CommandArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 2 }
    }

    /// Three attempts: a program that fails often fails again, but not always.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { max_attempts: 3, ..RetryPolicy::default() }
    }

    fn narrow_schema(&self, _: Value) -> Value {
        self.schema.clone()
    }

    fn queues(&self, args: &CommandArgs) -> Vec<String> {
        self.declaration(args).map(|declaration| declaration.config.queues.clone()).unwrap_or_default()
    }

    fn stop_time(&self) -> Duration {
        self.programs.values().map(|program| program.declaration.config.grace()).max().unwrap_or_default()
    }

    fn label(&self, args: &CommandArgs) -> Label {
        Label { name: args.command.clone(), detail: args.summary() }
    }

    fn check(&self, args: &CommandArgs) -> Result<(), Vec<FieldError>> {
        match self.declaration(args) {
            Some(declaration) => declaration.check(&args.parameters),
            None => {
                let message = "command is not declared in this server's configuration".to_owned();
                Err(vec![FieldError { field: "/command".to_owned(), message }])
            }
        }
    }

    fn uploads(&self, args: &CommandArgs) -> Vec<UploadArg> {
        self.declaration(args).map(|declaration| declaration.uploads(&args.parameters)).unwrap_or_default()
    }

    async fn perform(&self, args: CommandArgs, ctx: JobContext) -> JobResult {
        self.check_again(&args)?;
        match self.programs.get(&args.command) {
            Some(program) => run::run(program.clone(), args.parameters, &ctx).await,
            None => Err(JobError::new("the command is not declared any more").do_not_retry()),
        }
    }
}
