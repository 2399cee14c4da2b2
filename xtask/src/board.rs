//! Building the board for the browser, with Trunk, into `frontend/dist`.
//!
//! Built only when something that it is made from has changed, or when somebody changed what was built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{compress, fingerprint, process, tools};

/// What a browser may have to load before it shows the board: compressed code and styles, in bytes.
const MAX_COMPRESSED_BYTES: u64 = 400_000;

/// Makes sure that `frontend/dist` has the board of these sources, in release mode, compressed too.
pub fn ensure_built(workspace: &Workspace) -> Result<()> {
    tools::ensure_board_tools(workspace)?;
    let inputs = inputs(workspace)?;
    let as_built = both(&inputs, &outputs(workspace)?);
    if fs::read_to_string(stamp(workspace)).is_ok_and(|stamp| stamp == as_built) {
        println!("==> the board is up to date");
        return Ok(());
    }
    process::timed("building the board in release mode (2 to 3 minutes on two cores)", || {
        fetch(workspace)?;
        process::run(trunk(workspace)?.args(["build", "--release", "--offline"]))
    })?;
    process::timed("compressing the board", || compress::folder(&workspace.board()))?;
    let stamp_text = both(&inputs, &outputs(workspace)?);
    fs::write(stamp(workspace), stamp_text).context("cannot note that the board is built")
}

/// Makes sure that there is something to embed, for checks that come before the board is built.
///
/// A page and not an empty folder: cargo knows of a change only in files that it has seen before.
pub fn ensure_something(workspace: &Workspace) -> Result<()> {
    let page = workspace.board().join("index.html");
    if page.exists() {
        return Ok(());
    }
    fs::create_dir_all(workspace.board()).context("cannot make the board's folder")?;
    fs::write(&page, "<!doctype html><title>Taskyard</title><p>The board is not built yet.")
        .context("cannot write a page")
}

/// Fails when the built board has grown over its limit.
pub fn check_size(workspace: &Workspace) -> Result<()> {
    let mut sum = 0;
    for file in fingerprint::files_under(&workspace.board(), &[])? {
        let is_code = file.extension().is_some_and(|kind| kind == "wasm" || kind == "js" || kind == "css");
        if is_code {
            let bytes = fs::metadata(compress::beside(&file, "br"))?.len();
            println!("    {bytes:>9} bytes  {}", name(&file));
            sum += bytes;
        }
    }
    println!("    {sum:>9} bytes  in all, compressed, of {MAX_COMPRESSED_BYTES} allowed");
    if sum == 0 {
        bail!("the board has no code: Trunk wrote none into {}", workspace.board().display());
    }
    if sum > MAX_COMPRESSED_BYTES {
        bail!("the board is too large: {sum} bytes compressed, and {MAX_COMPRESSED_BYTES} are allowed");
    }
    Ok(())
}

/// Downloads the crates: Trunk is told to stay off the network, and cargo with it. Those for other systems too,
/// which Trunk looks at though nothing needs them.
pub fn fetch(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo()?.args(["fetch", "--quiet", "--locked"]))
}

/// Trunk, in an environment in which it works.
pub fn trunk(workspace: &Workspace) -> Result<Command> {
    let mut trunk = workspace.command("trunk")?;
    // Trunk reads NO_COLOR as a word, and refuses the usual `1`.
    trunk.env_remove("NO_COLOR");
    Ok(trunk)
}

fn inputs(workspace: &Workspace) -> Result<String> {
    let names = ["frontend", "shared", "Cargo.toml", "Cargo.lock", "Trunk.toml", ".cargo/config.toml"];
    let places: Vec<PathBuf> = names.iter().map(|name| workspace.root.join(name)).collect();
    let rustc = process::output(workspace.command("rustc")?.arg("-vV"))?;
    fingerprint::of(&places, &[workspace.board()], &[&rustc])
}

fn outputs(workspace: &Workspace) -> Result<String> {
    fingerprint::of(&[workspace.board()], &[], &[])
}

fn both(inputs: &str, outputs: &str) -> String {
    format!("sources {inputs}\nboard {outputs}\n")
}

fn stamp(workspace: &Workspace) -> PathBuf {
    workspace.target.join("board.stamp")
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
