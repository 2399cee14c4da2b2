//! Building the board on a machine that has no `wasm-opt`.
//!
//! Trunk takes the lack of it for an error, though nothing but the size depends on it. Where it is missing,
//! Trunk is given a stand-in that leaves the module as it is.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;

#[cfg(unix)]
const STAND_IN: &str = r#"#!/bin/sh
# Stands in for wasm-opt: the output is the input.
for word; do
    case "$word" in
        --version) echo "wasm-opt version 0"; exit 0 ;;
        --output=*) output="${word#--output=}" ;;
        -*) ;;
        *) input="$word" ;;
    esac
done
exec cp "$input" "$output"
"#;

#[cfg(unix)]
pub fn stand_in(workspace: &Workspace, trunk: &mut Command) -> Result<()> {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let folder = workspace.tools().join("without-wasm-opt");
    let program = folder.join("wasm-opt");
    fs::create_dir_all(&folder)?;
    fs::write(&program, STAND_IN)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    let path = workspace.path()?;
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    trunk.env("PATH", std::env::join_paths(folders)?);
    Ok(())
}

#[cfg(not(unix))]
pub fn stand_in(_: &Workspace, _: &mut Command) -> Result<()> {
    anyhow::bail!("Trunk needs wasm-opt here; it comes with binaryen")
}
