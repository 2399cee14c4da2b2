//! Programs that come from the system: Debian's packages, where the chore may install them.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// A program that a Debian package brings.
pub struct SystemProgram {
    pub name: &'static str,
    pub package: &'static str,
}

/// The programs among `wanted` that are not on PATH.
pub fn missing<'a>(workspace: &Workspace, wanted: &'a [SystemProgram]) -> Result<Vec<&'a SystemProgram>> {
    let mut missing = Vec::new();
    for program in wanted {
        if workspace.find_program(program.name)?.is_none() {
            missing.push(program);
        }
    }
    Ok(missing)
}

/// Whether this user can install Debian's packages: root, on a machine that has `apt-get`.
pub fn can_install(workspace: &Workspace) -> Result<bool> {
    let is_root = || process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    Ok(workspace.find_program("apt-get")?.is_some() && is_root())
}

/// Installs the packages of `programs`; `extra` names packages without a program, such as fonts.
pub fn install(programs: &[&SystemProgram], extra: &[&str]) -> Result<()> {
    let packages: Vec<&str> =
        programs.iter().map(|program| program.package).chain(extra.iter().copied()).collect();
    process::timed(&format!("installing {} with apt-get (about a minute)", packages.join(", ")), || {
        process::run(apt_get().args(["update", "--quiet=2"]))?;
        process::run(
            apt_get().args(["install", "--quiet=2", "--yes", "--no-install-recommends"]).args(&packages),
        )
    })
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
