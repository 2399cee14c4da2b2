//! The gate's steps: what each of them checks.

use anyhow::Result;

use super::protocol_words;
use crate::workspace::Workspace;
use crate::{board, process, tools};

/// One step. `run` gets what the user passes on to the tests' programs.
pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub when: When,
    pub run: fn(&Workspace, &[String]) -> Result<()>,
}

#[derive(PartialEq, Eq)]
pub enum When {
    Always,
    /// Part of another step; alone only for whoever names it.
    Asked,
}

pub const STEPS: [Step; 8] = [
    Step { name: "fmt", about: "the code is formatted", when: When::Always, run: fmt },
    Step { name: "docs", about: "docs/PROTOCOL.md knows every message", when: When::Always, run: docs },
    // Before the long steps: who cannot have a browser should not wait for that sentence.
    Step {
        name: "tools",
        about: "the tools are there, a browser and PostgreSQL",
        when: When::Always,
        run: get_tools,
    },
    Step {
        name: "clippy",
        about: "no warnings, on the server and on the board",
        when: When::Always,
        run: clippy,
    },
    Step { name: "unit", about: "the board's tests that need no browser", when: When::Always, run: unit },
    Step { name: "board", about: "the board builds, and is small", when: When::Always, run: build_board },
    Step { name: "tests", about: "all other tests, in a browser too", when: When::Always, run: tests },
    Step { name: "browser", about: "the tests in a browser", when: When::Asked, run: browser },
];

/// Everything but the board, which is for wasm32 alone. The same packages in every step, since another choice
/// has other features, with which every crate would be compiled once more.
const SERVER_SIDE: [&str; 3] = ["--workspace", "--exclude", "taskyard-board"];
const WITH_BOARD: [&str; 2] = ["--features", "taskyard/board"];
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

fn fmt(workspace: &Workspace, _: &[String]) -> Result<()> {
    tools::ensure_rust_components(workspace)?;
    process::run(workspace.cargo()?.args(["fmt", "--all", "--check"]))
}

fn docs(workspace: &Workspace, _: &[String]) -> Result<()> {
    protocol_words::check(
        &workspace.root.join("shared/tests/golden"),
        &workspace.root.join("docs/PROTOCOL.md"),
    )
}

fn get_tools(workspace: &Workspace, _: &[String]) -> Result<()> {
    tools::ensure_all(workspace)
}

fn clippy(workspace: &Workspace, _: &[String]) -> Result<()> {
    tools::ensure_rust_components(workspace)?;
    tools::ensure_board_tools(workspace)?;
    board::ensure_something(workspace)?;
    let mut with_board = workspace.cargo()?;
    with_board.arg("clippy").args(SERVER_SIDE).args(WITH_BOARD).arg("--all-targets").args(DENY_WARNINGS);
    process::run(&mut with_board)?;
    let mut without_board = workspace.cargo()?;
    without_board.arg("clippy").args(SERVER_SIDE).arg("--all-targets").args(DENY_WARNINGS);
    process::run(&mut without_board)?;
    let board = ["clippy", "-p", "taskyard-board", "--target", tools::WASM_TARGET, "--all-targets"];
    process::run(workspace.cargo()?.args(board).args(DENY_WARNINGS))
}

fn unit(workspace: &Workspace, test_args: &[String]) -> Result<()> {
    process::run(workspace.cargo()?.args(["test", "-p", "taskyard-board", "--"]).args(test_args))
}

fn build_board(workspace: &Workspace, _: &[String]) -> Result<()> {
    board::ensure_built(workspace)?;
    board::check_size(workspace)
}

fn tests(workspace: &Workspace, test_args: &[String]) -> Result<()> {
    tools::ensure_postgres(workspace)?;
    prepare_tests(workspace)?;
    // All of them, whatever fails: one run tells everything there is to repair.
    test(workspace, &["--no-fail-fast"], test_args)
}

fn browser(workspace: &Workspace, test_args: &[String]) -> Result<()> {
    prepare_tests(workspace)?;
    test(workspace, &["--test", "browser"], test_args)
}

fn test(workspace: &Workspace, cargo_args: &[&str], test_args: &[String]) -> Result<()> {
    let mut test = workspace.cargo()?;
    test.arg("test").args(SERVER_SIDE).args(WITH_BOARD).args(cargo_args).arg("--").args(test_args);
    process::run(&mut test)
}

/// The tests start the server's binary and drive a browser: neither is left to chance.
fn prepare_tests(workspace: &Workspace) -> Result<()> {
    tools::ensure_browser(workspace)?;
    board::ensure_built(workspace)?;
    process::timed("building the server with the board inside, for the tests", || {
        process::run(workspace.cargo()?.arg("build").args(SERVER_SIDE).args(WITH_BOARD))
    })
}
