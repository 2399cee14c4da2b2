//! The commands of a page in one shell session, with a server of their own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use taskyard_tests::mailbox::Mailbox;
use taskyard_tests::program::start;
use taskyard_tests::server::{TestServer, binary};
use tempfile::TempDir;

use crate::markdown::{self, Page};

/// Where the pages say that the server is.
const DOCUMENTED: &str = "http://127.0.0.1:8080";
/// How the pages' configurations name a mail server on the reader's machine.
const DOCUMENTED_MAIL: &str = "port = 2525";

/// An answer that is an error ends curl with an error too.
const CURLRC: &str = "fail-with-body\nsilent\nshow-error\nmax-time = 30\n";

/// Runs the page's commands. The first that fails is an error, which names its line.
pub fn run_page(name: &str) -> Result<()> {
    run(&markdown::page(name)?)
}

fn run(page: &Page) -> Result<()> {
    let name = page.name.as_str();
    let mut script: Vec<String> = page.script()?.into_iter().map(str::to_owned).collect();
    if script.iter().all(String::is_empty) {
        return Ok(());
    }
    let mailbox = Mailbox::open()?;
    let configuration = page.configuration()?.replace(DOCUMENTED_MAIL, &format!("port = {}", mailbox.port));
    // The server works in its data folder, and finds the file there.
    let server = TestServer::start_prepared(&[], |data| {
        fs::write(data.join("taskyard.toml"), &configuration).context("cannot write the configuration")
    })?;
    for line in &mut script {
        *line = line.replace(DOCUMENTED, &server.url(""));
    }
    script[0] = format!("set -E; trap 'echo \"docs/{name}:$LINENO: this command failed\" >&2' ERR");
    let folder = work_folder(&server)?;
    // Bash calls the script by this name in what it says.
    fs::write(folder.path().join(name), script.join("\n"))?;

    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", name])
        .current_dir(folder.path())
        .env("PATH", path_with(&folder.path().join("bin"))?)
        .env("CURL_HOME", folder.path())
        .env("TASKYARD_SERVER", server.url(""));
    let ended = start(bash)?.wait().with_context(|| format!("the commands of docs/{name}"))?;
    if ended.code != Some(0) {
        bail!("docs/{name} ended with {:?}\n{}\n{}", ended.code, ended.stdout, ended.stderr);
    }
    Ok(())
}

/// What a reader has: the program, the picture of the repository, and the server's `./data`.
fn work_folder(server: &TestServer) -> Result<TempDir> {
    let folder = TempDir::with_prefix("taskyard-docs-").context("cannot make a folder")?;
    let inside = |name: &str| folder.path().join(name);
    fs::create_dir(inside("bin"))?;
    symlink(binary()?, inside("bin/taskyard"))?;
    fs::create_dir(inside("docs"))?;
    fs::copy(markdown::folder().join("board.png"), inside("docs/board.png"))?;
    symlink(server.data_folder(), inside("data"))?;
    fs::write(inside(".curlrc"), CURLRC)?;
    Ok(folder)
}

fn path_with(first: &Path) -> Result<std::ffi::OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(first.to_owned()).chain(std::env::split_paths(&rest));
    std::env::join_paths(all).context("a folder of PATH has a colon")
}

#[test]
fn a_command_and_an_answer_that_is_an_error_are_named_with_their_line() -> Result<()> {
    let failing = [
        ("true\ntaskyard show 1\ntrue", 4),
        ("curl http://127.0.0.1:8080/api/v1/jobs/1", 3),
        ("curl http://127.0.0.1:8080/api/v1/jobs/1 | cat", 3),
        ("show() {\n  taskyard show 1\n}\nshow", 4),
        ("echo \"$NOT_SET\"", 3),
    ];
    for (commands, line) in failing {
        let text = format!("# A page\n```sh\n{commands}\n```\n");
        let error = run(&Page { name: "a.md".to_owned(), text }).expect_err(commands).to_string();
        let (by_trap, by_bash) = (format!("docs/a.md:{line}: "), format!("a.md: line {line}: "));
        assert!(error.contains(&by_trap) || error.contains(&by_bash), "{commands}\n{error}");
    }
    Ok(())
}
