//! One binary with the board inside, ready to be copied to another machine.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{process, server};

pub fn make(workspace: &Workspace) -> Result<()> {
    server::build_release(workspace)?;
    let built = workspace.server_binary("release");
    let folder = workspace.target.join("dist");
    let binary = folder.join(built.file_name().context("the server's binary has no name")?);
    fs::create_dir_all(&folder)?;
    fs::copy(&built, &binary).with_context(|| format!("cannot copy {}", built.display()))?;
    // The linker's own package brings `strip`. A profile of its own would compile every crate once more.
    process::run(workspace.command("strip")?.arg(&binary)).context("cannot strip the binary")?;
    let megabytes = fs::metadata(&binary)?.len() as f64 / 1e6;
    println!("{} is {megabytes:.1} MB, with the board inside", binary.display());
    Ok(())
}
