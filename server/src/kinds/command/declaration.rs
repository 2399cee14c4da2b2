//! A command as the configuration declares it, found to fit together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use taskyard_shared::error::FieldError;
use taskyard_shared::limits::is_identifier;

use super::parameter::Parameter;
use super::template::{OUTPUT, Template};
use crate::config::CommandConfig;
use crate::kinds::sentences::join;
use crate::kinds::worker::UploadArg;

#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(super) name: String,
    pub(super) config: CommandConfig,
    pub(super) args: Vec<Template>,
    pub(super) parameters: BTreeMap<String, Parameter>,
}

/// What does not fit together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Below the command: `parameters.width.max`.
    pub key: String,
    pub sentence: String,
}

impl Mistake {
    pub fn new(key: impl Into<String>, sentence: impl Into<String>) -> Self {
        Mistake { key: key.into(), sentence: sentence.into() }
    }
}

impl Declaration {
    /// # Errors
    /// The first thing found that does not fit.
    pub fn new(name: &str, config: &CommandConfig) -> Result<Self, Mistake> {
        check_texts(config)?;
        let mut parameters = BTreeMap::new();
        for (name, parameter) in &config.parameters {
            if !is_identifier(name) || name == OUTPUT {
                return Err(Mistake::new(
                    format!("parameters.{name}.type"),
                    format!("a parameter cannot be called \"{name}\""),
                ));
            }
            let parameter = Parameter::new(parameter)
                .map_err(|(key, sentence)| Mistake::new(format!("parameters.{name}.{key}"), sentence))?;
            parameters.insert(name.clone(), parameter);
        }
        let args: Result<Vec<Template>, String> =
            config.args.iter().map(|arg| Template::parse(arg)).collect();
        let args = args.map_err(|sentence| Mistake::new("args", sentence))?;
        check_places(&args, &parameters)?;
        Ok(Declaration { name: name.to_owned(), config: config.clone(), args, parameters })
    }

    /// What the schema cannot say about what a job says.
    pub(super) fn check(&self, given: &Map<String, Value>) -> Result<(), Vec<FieldError>> {
        let complaint = |(name, value): (&String, &Value)| {
            let says = self.parameters.get(name)?.complaint(value)?;
            Some(FieldError { field: join("/parameters", name), message: format!("{name} {says}") })
        };
        let wrong: Vec<FieldError> = given.iter().filter_map(complaint).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The files that a job gives to the program, called by their parameters.
    pub(super) fn uploads(&self, given: &Map<String, Value>) -> Vec<UploadArg> {
        let upload = |(name, parameter): (&String, &Parameter)| match parameter {
            Parameter::File { extension } => Some(UploadArg {
                field: join("/parameters", name).into(),
                sha256: given.get(name)?.as_str()?.to_owned(),
                name: match extension {
                    Some(extension) => format!("{name}.{extension}"),
                    None => name.clone(),
                },
            }),
            _ => None,
        };
        self.parameters.iter().filter_map(upload).collect()
    }

    /// What counts for each parameter: what the job says, or the default.
    pub(super) fn values(&self, given: &Map<String, Value>) -> BTreeMap<&str, Value> {
        let value_of = |(name, parameter): (&'_ String, &Parameter)| {
            given.get(name).cloned().or_else(|| parameter.default())
        };
        self.parameters.iter().filter_map(|entry| Some((entry.0.as_str(), value_of(entry)?))).collect()
    }
}

/// Texts that the operating system takes only without NUL, and names that must be names.
fn check_texts(config: &CommandConfig) -> Result<(), Mistake> {
    let program = &config.program;
    if program.is_empty() || (program.contains('/') && !program.starts_with('/')) {
        let sentence = format!("\"{program}\" must be an absolute path, or the name of a program on PATH");
        return Err(Mistake::new("program", sentence));
    }
    let texts = [("program", program)].into_iter().chain(config.args.iter().map(|arg| ("args", arg)));
    for (key, text) in texts {
        if text.contains('\0') {
            return Err(Mistake::new(key, "has a NUL character, where it would end"));
        }
    }
    for (name, value) in &config.env {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(Mistake::new(format!("env.{name}"), "cannot stand in an environment"));
        }
    }
    if let Some(name) = config.pass_env.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(Mistake::new("pass_env", format!("\"{name}\" cannot name a variable")));
    }
    if let Some(queue) = config.queues.iter().find(|queue| !is_identifier(queue)) {
        return Err(Mistake::new("queues", format!("\"{queue}\" cannot name a queue")));
    }
    if config.success_codes.is_empty() {
        return Err(Mistake::new("success_codes", "is empty, so the program could never succeed"));
    }
    match config.success_codes.iter().find(|code| config.do_not_retry_codes.contains(code)) {
        Some(code) => Err(Mistake::new("do_not_retry_codes", format!("{code} means success"))),
        None => Ok(()),
    }
}

/// Each place has a parameter, and each parameter a place.
fn check_places(args: &[Template], parameters: &BTreeMap<String, Parameter>) -> Result<(), Mistake> {
    let places: BTreeSet<&str> = args.iter().flat_map(Template::places).collect();
    let unknown = places.iter().find(|place| **place != OUTPUT && !parameters.contains_key(**place));
    if let Some(unknown) = unknown {
        return Err(Mistake::new("args", format!("there is no parameter \"{unknown}\" for {{{unknown}}}")));
    }
    match parameters.keys().find(|name| !places.contains(name.as_str())) {
        Some(unused) => Err(Mistake::new(
            format!("parameters.{unused}.type"),
            format!("no argument has a place {{{unused}}}"),
        )),
        None => Ok(()),
    }
}
