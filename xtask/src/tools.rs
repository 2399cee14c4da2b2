//! The tools that the chores need: found, or installed once.
//!
//! Rust's tools go under `target/tools`, at exact versions; nothing is installed into the user's own cargo.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::apt::{self, SystemProgram};
use crate::process;
use crate::workspace::Workspace;

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// 0.22 wants a newer Rust than the workspace's `rust-version`.
const TRUNK_VERSION: &str = "0.21.14";
const BROWSER: [SystemProgram; 2] = [
    SystemProgram { name: "chromium", package: "chromium" },
    SystemProgram { name: "chromedriver", package: "chromium-driver" },
];
/// A page without any font shows boxes, and measures differently.
const BROWSER_FONTS: &str = "fonts-dejavu-core";
const POSTGRES: SystemProgram = SystemProgram { name: "postgres", package: "postgresql" };
/// Where Debian keeps PostgreSQL's server, which is not on PATH: a folder for each version, with `bin` in it.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

pub fn ensure_all(workspace: &Workspace) -> Result<()> {
    ensure_rust_components(workspace)?;
    ensure_board_tools(workspace)?;
    ensure_browser(workspace)?;
    ensure_postgres(workspace)?;
    println!("all tools are there");
    Ok(())
}

/// What formats and lints.
pub fn ensure_rust_components(workspace: &Workspace) -> Result<()> {
    for (component, program) in [("rustfmt", "cargo-fmt"), ("clippy", "cargo-clippy")] {
        let works =
            workspace.command(program)?.arg("--version").output().is_ok_and(|out| out.status.success());
        if !works {
            let add = ["component", "add", component];
            process::timed(&format!("installing {component}"), || {
                process::run(workspace.command("rustup")?.args(add))
            })
            .with_context(|| {
                format!("cannot install {component}; by hand: rustup component add {component}")
            })?;
        }
    }
    Ok(())
}

/// What builds the board.
pub fn ensure_board_tools(workspace: &Workspace) -> Result<()> {
    ensure_wasm_target(workspace)?;
    let trunk = CargoTool { package: "trunk", program: "trunk", version: TRUNK_VERSION.into(), locked: true };
    trunk.ensure(workspace, "about 3 minutes on two cores")?;
    // Its own lock file may name a version that a registry's mirror lacks: hence not locked.
    let version = locked_version(workspace, "wasm-bindgen")?;
    let bindgen = CargoTool { package: "wasm-bindgen-cli", program: "wasm-bindgen", version, locked: false };
    bindgen.ensure(workspace, "about 2 minutes on two cores")
}

/// Chromium and its driver, for the browser tests: these are never left out, so this fails without them.
pub fn ensure_browser(workspace: &Workspace) -> Result<()> {
    let missing = apt::missing(workspace, &BROWSER)?;
    if missing.is_empty() {
        return Ok(());
    }
    if !apt::can_install(workspace)? {
        let names: Vec<&str> = missing.iter().map(|program| program.name).collect();
        bail!(
            "the browser tests need {}, and only root on a machine with apt-get can install them from here; \
             by hand on Debian: sudo apt-get install chromium chromium-driver",
            names.join(" and ")
        );
    }
    apt::install(&missing, &[BROWSER_FONTS])?;
    match apt::missing(workspace, &BROWSER)?.first() {
        None => Ok(()),
        Some(program) => bail!("{} is installed, but {} is not on PATH", program.package, program.name),
    }
}

/// PostgreSQL's server, for the tests of reports: they start one of their own, and fail without it.
pub fn ensure_postgres(workspace: &Workspace) -> Result<()> {
    if has_postgres(workspace)? {
        return Ok(());
    }
    if !apt::can_install(workspace)? {
        bail!(
            "the tests of reports need PostgreSQL's server, and only root on a machine with apt-get can install it from \
             here; by hand on Debian: sudo apt-get install {}",
            POSTGRES.package
        );
    }
    apt::install(&[&POSTGRES], &[])?;
    if !has_postgres(workspace)? {
        bail!(
            "{} is installed, but {} is neither on PATH nor below {POSTGRES_VERSIONS}",
            POSTGRES.package,
            POSTGRES.name
        );
    }
    Ok(())
}

/// Looks where the tests look (`server/src/kinds/report/tests/cluster.rs`).
fn has_postgres(workspace: &Workspace) -> Result<bool> {
    let path = workspace.path()?;
    let versions = fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let mut folders = std::env::split_paths(&path).chain(versions.map(|version| version.path().join("bin")));
    Ok(folders
        .any(|folder: PathBuf| ["initdb", POSTGRES.name].iter().all(|name| folder.join(name).is_file())))
}

fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    let sysroot = process::output(workspace.command("rustc")?.args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET);
    if library.is_dir() {
        return Ok(());
    }
    process::timed(&format!("installing Rust's {WASM_TARGET} target (seconds)"), || {
        process::run(workspace.command("rustup")?.args(["target", "add", WASM_TARGET]))
    })
    .with_context(|| {
        format!("the board needs Rust's {WASM_TARGET} target; by hand: rustup target add {WASM_TARGET}")
    })
}

/// A program from crates.io.
struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: String,
    /// Whether it is built with the lock file that it was published with.
    locked: bool,
}

impl CargoTool {
    fn ensure(&self, workspace: &Workspace, how_long: &str) -> Result<()> {
        if self.is_there(workspace)? {
            return Ok(());
        }
        let mut install = workspace.cargo()?;
        install.args(["install", self.package, "--version", &self.version, "--debug", "--force", "--root"]);
        install.arg(workspace.tools());
        if self.locked {
            install.arg("--locked");
        }
        // Built apart, in a temporary folder: its crates would only crowd the project's own. Unoptimised and
        // without debug information it is there three times sooner, and fast enough.
        install.env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "0");
        let what = format!(
            "installing {} {} into {} ({how_long})",
            self.package,
            self.version,
            workspace.tools().display()
        );
        process::timed(&what, || process::run(&mut install)).with_context(|| {
            format!(
                "cannot install {0}; by hand: cargo install {0} --version {1}",
                self.package, self.version
            )
        })
    }

    fn is_there(&self, workspace: &Workspace) -> Result<bool> {
        if workspace.find_program(self.program)?.is_none() {
            return Ok(false);
        }
        let said = process::output(workspace.command(self.program)?.arg("--version")).unwrap_or_default();
        Ok(said.split_whitespace().any(|word| word == self.version))
    }
}

/// The version of `package` in Cargo.lock: wasm-bindgen's program and crate must be the same.
fn locked_version(workspace: &Workspace, package: &str) -> Result<String> {
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let name_line = format!("name = \"{package}\"");
    let after = lock.lines().skip_while(|line| *line != name_line).nth(1);
    let version = after.and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    Ok(version.with_context(|| format!("Cargo.lock has no {package}"))?.to_owned())
}
