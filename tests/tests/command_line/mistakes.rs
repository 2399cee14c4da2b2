//! Mistakes: each gets a sentence on stderr, nothing on stdout, and the right exit code.

use std::fs;

use anyhow::Result;
use taskyard_tests::program::taskyard;
use taskyard_tests::server::TestServer;
use tempfile::TempDir;

use crate::{assert_ended, run};

#[test]
fn wrong_words_get_a_sentence_and_add_nothing() -> Result<()> {
    let server = TestServer::start()?;
    for (words, says) in [
        (&["add", "demos", "name=a"][..], "there is no kind \"demos\"; this server has demo, http, image"),
        (&["add", "demo"], "name: name is required"),
        (&["add", "demo", "name=a", "duration=31"], "duration: duration must be 1 to 30"),
        (&["add", "demo", "name=a", "duration=-1"], "duration: duration must be 1 to 30"),
        (&["add", "demo", "name=a", "duration=long"], "duration"),
        (&["add", "demo", "name=a", "colour=red"], "colour"),
        (&["add", "demo", "--args", "{"], "the arguments are not JSON"),
        (&["add", "image", "--file", "/nowhere/a.png"], "cannot read /nowhere/a.png"),
        (&["show", "7"], "there is no job 7"),
        (&["list", "--limit", "1000000000"], "is not in 1..=500"),
        (&["list", "--state", "done"], "is not a state"),
    ] {
        let ended = run(&server, words)?;
        assert_ended(&ended, 3, &[], &[says]);
        assert_eq!(ended.stdout, "", "{words:?}");
    }
    assert_ended(&run(&server, &["list"])?, 0, &[], &["no jobs"]);
    Ok(())
}

#[test]
fn without_a_server_it_says_how_to_start_one() -> Result<()> {
    // A port that was free a moment ago.
    let held = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", held.local_addr()?);
    drop(held);
    let ended = taskyard(&["list", "--server", &address])?;
    assert_ended(&ended, 3, &[], &[&address, "start one with `taskyard serve`"]);
    assert_ended(&taskyard(&["list", "--server", "nowhere"])?, 3, &[], &["is not the address of a server"]);
    assert_ended(&taskyard(&["lits"])?, 3, &[], &["a similar subcommand exists: 'list'"]);
    assert_ended(&taskyard(&["--help"])?, 0, &["serve", "add", "watch", "bench"], &[]);
    Ok(())
}

#[test]
fn a_server_with_a_wrong_configuration_does_not_start() -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("taskyard.toml");
    let path = file.display().to_string();
    for (text, says) in [
        ("[server]\nprot = 80\n", "line 2: there is no key \"server.prot\""),
        ("[sever]\n", "there is no section \"sever\"; did you mean \"server\"?"),
        ("[server]\nbind = \"everywhere\"\n", "server.bind"),
    ] {
        fs::write(&file, text)?;
        let ended = taskyard(&["serve", "--config", &path])?;
        assert_ended(&ended, 1, &[], &[&path, says]);
    }
    Ok(())
}
