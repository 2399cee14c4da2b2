//! Programs that jobs of the kind `command` may run: `[commands.NAME]` in the file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A program, and all that a job may say about it. What fits together is checked by the kind, in
/// `kinds/command/declaration.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// An absolute path, or the name of a program that is looked for in the folders of `PATH` when the server starts.
    pub program: String,
    /// A sentence for those who choose among the commands.
    #[serde(default)]
    pub description: String,
    /// Each is one argument of the program, whatever is put into it. `{NAME}` stands for a parameter, `{output}` for
    /// the folder whose files become artifacts, `{{` and `}}` for braces.
    #[serde(default)]
    pub args: Vec<String>,
    /// Where it works; an empty folder of its own without it.
    #[serde(default)]
    pub dir: Option<PathBuf>,
    /// Variables of its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables that it gets as the server has them, besides `PATH`, `LANG` and `TZ`.
    #[serde(default)]
    pub pass_env: Vec<String>,
    /// A program that takes longer is ended, and its attempt has failed.
    #[serde(default = "an_hour")]
    pub timeout_s: u64,
    /// How long it may go on after SIGTERM before it gets SIGKILL.
    #[serde(default = "five")]
    pub grace_s: u64,
    /// Exit codes that mean success.
    #[serde(default = "zero")]
    pub success_codes: Vec<u8>,
    /// Exit codes after which another attempt would be of no use.
    #[serde(default)]
    pub do_not_retry_codes: Vec<u8>,
    /// The queues in which it may be run, the first one unless a job names another. None: the kind's own and any other.
    #[serde(default)]
    pub queues: Vec<String>,
    /// Most files that it may leave in its output folder.
    #[serde(default = "a_hundred")]
    pub max_output_files: u32,
    /// Most that they may take together, in MiB.
    #[serde(default = "a_gibibyte")]
    pub max_output_mb: u64,
    /// What a job says. Everything else about the program is fixed.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterConfig>,
}

impl CommandConfig {
    /// A program without arguments, and everything as it is when the file does not say.
    pub fn new(program: impl Into<String>) -> Self {
        CommandConfig {
            program: program.into(),
            description: String::new(),
            args: Vec::new(),
            dir: None,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            timeout_s: an_hour(),
            grace_s: five(),
            success_codes: zero(),
            do_not_retry_codes: Vec::new(),
            queues: Vec::new(),
            max_output_files: a_hundred(),
            max_output_mb: a_gibibyte(),
            parameters: BTreeMap::new(),
        }
    }

    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }

    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_s)
    }

    pub fn max_output_bytes(&self) -> u64 {
        self.max_output_mb.saturating_mul(1024 * 1024)
    }
}

/// What a job may say in one place. Which of these suit which type is checked by the kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterConfig {
    #[serde(rename = "type")]
    pub parameter_type: ParameterType,
    #[serde(default)]
    pub description: String,
    /// Of an integer; 0 without it.
    #[serde(default)]
    pub min: Option<i64>,
    /// Of an integer.
    #[serde(default)]
    pub max: Option<i64>,
    /// What a text must be as a whole: a regular expression.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The texts that are allowed.
    #[serde(default)]
    pub choices: Option<Vec<String>>,
    /// Of a text; 256 without it.
    #[serde(default)]
    pub max_chars: Option<u32>,
    /// Lets a text begin with `-`, which a program may take for an option.
    #[serde(default)]
    pub allow_leading_dash: Option<bool>,
    /// What the name of a file ends with, without the dot; without it, what its content looks like.
    #[serde(default)]
    pub extension: Option<String>,
    /// Taken where a job does not say; without it a job must. A file has none.
    #[serde(default)]
    pub default: Option<toml::Value>,
}

impl ParameterConfig {
    pub fn new(parameter_type: ParameterType) -> Self {
        ParameterConfig {
            parameter_type,
            description: String::new(),
            min: None,
            max: None,
            pattern: None,
            choices: None,
            max_chars: None,
            allow_leading_dash: None,
            extension: None,
            default: None,
        }
    }
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    Integer,
    Text,
    /// Put in as `true` or `false`.
    Boolean,
    /// An upload or another job's artifact, put in as the path of a copy.
    File,
}

fn an_hour() -> u64 {
    3_600
}

fn five() -> u64 {
    5
}

fn zero() -> Vec<u8> {
    vec![0]
}

fn a_hundred() -> u32 {
    100
}

fn a_gibibyte() -> u64 {
    1024
}
