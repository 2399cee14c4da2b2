//! Where things lie: the repository, cargo's target folder, and what the chores put there.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

pub struct Workspace {
    pub root: PathBuf,
    /// Cargo's target folder, wherever the user's configuration puts it.
    pub target: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        let text =
            process::output(Command::new("cargo").args(["metadata", "--no-deps", "--format-version=1"]))?;
        let metadata: Value = serde_json::from_str(&text).context("cannot read cargo's metadata")?;
        let folder = |key: &str| -> Result<PathBuf> {
            let path = metadata[key].as_str().with_context(|| format!("cargo's metadata has no {key}"))?;
            Ok(PathBuf::from(path))
        };
        Ok(Workspace { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// What `cargo install --root` gets for the tools that only this project needs.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The built board: what the server has inside.
    pub fn board(&self) -> PathBuf {
        self.root.join("frontend/dist")
    }

    /// The server that cargo built; `profile_folder` is `debug` or `release`.
    pub fn server_binary(&self, profile_folder: &str) -> PathBuf {
        self.target.join(profile_folder).join(format!("taskyard{}", env::consts::EXE_SUFFIX))
    }

    /// A command in the repository's root that finds the project's own tools before the machine's.
    pub fn command(&self, program: impl AsRef<Path>) -> Result<Command> {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.root).env("PATH", self.path()?);
        Ok(command)
    }

    pub fn cargo(&self) -> Result<Command> {
        self.command("cargo")
    }

    /// Finds a program as [`Workspace::command`] would.
    pub fn find_program(&self, name: &str) -> Result<Option<PathBuf>> {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        Ok(env::split_paths(&self.path()?).map(|folder| folder.join(&file)).find(|path| path.is_file()))
    }

    /// PATH with the project's own tools first.
    pub fn path(&self) -> Result<OsString> {
        let machine = env::var_os("PATH").unwrap_or_default();
        let folders = [self.tools().join("bin")].into_iter().chain(env::split_paths(&machine));
        env::join_paths(folders).context("the target folder's name cannot stand in PATH")
    }
}
