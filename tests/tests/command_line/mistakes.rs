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
        (
            &["add", "demos", "name=a"][..],
            "there is no kind \"demos\"; this server has contact-sheet, demo, http, image, report",
        ),
        (&["add", "demo"], "name: name is required"),
        (&["add", "demo", "name=a", "duration=31"], "duration: duration must be 1 to 30"),
        (&["add", "demo", "name=a", "duration=-1"], "duration: duration must be 1 to 30"),
        (&["add", "demo", "name=a", "duration=long"], "duration"),
        (&["add", "demo", "name=a", "colour=red"], "colour"),
        (&["add", "demo", "--args", "{"], "the arguments are not JSON"),
        (&["add", "image", "--file", "/nowhere/a.png"], "cannot read /nowhere/a.png"),
        (&["add", "demo", "name=a", "--delay", "10"], "\"10\" is not a duration; write it like 500ms, 10s"),
        (
            &["add", "demo", "name=a", "--run-at", "soon"],
            "\"soon\" is not a time; write it like 2027-01-31T09:00:00Z",
        ),
        (&["add", "demo", "name=a", "--backoff", "2s"], "write it like exponential:2s..1h or fixed:5s"),
        (&["add", "demo", "name=a", "--timeout", "1ms"], "it must be at least 100ms"),
        (&["add", "demo", "name=a", "--after", "77"], "77"),
        (&["add", "demo", "name=a", "--idempotency-key", "a b"], "dempotency"),
        (&["add-many", "/nowhere/jobs.json"], "cannot read /nowhere/jobs.json"),
        (&["cancel", "1", "--queue", "demo"], "go with --all, not with numbers"),
        (&["cancel", "--all"], "add --yes if that is meant"),
        (&["priority", "1"], "give the number of a job and its priority"),
        (&["undo", "1"], "there is no operation 1"),
        (&["batch", "1"], "there is no batch 1"),
        (&["queue", "none"], "there is no queue \"none\""),
        (&["queue", "demo", "--keep-failed", "soon"], "write it like 7d, 10000"),
        (&["limit", "set", "mail", "--rate", "10"], "write it like 10/s"),
        (&["limit", "set", "mail", "--kind", "demo"], "say how many may run at a time"),
        (&["limit", "remove", ".."], "\"..\" is not a name"),
        (&["limit", "remove", ""], "\"\" is not a name"),
        (&["schedule", "run", "."], "\".\" is not a name"),
        (&["queue", ".."], "\"..\" is not a name"),
        (&["pause", "a/b"], "\"a/b\" is not a name"),
        (
            &["add", "demo", "name=a", "--unique", "--unique-for", "0s"],
            "unique/period_ms: period_ms must be 1 to",
        ),
        (&["limit", "remove", "mail"], "there is no limit \"mail\""),
        (&["schedule", "set", "x", "--cron", "61 * * * *", "demo", "name=a"], "61 is not 0 to 59"),
        (
            &["schedule", "preview", "@daily", "--zone", "Europe/Berlni"],
            "there is no time zone \"Europe/Berlni\"",
        ),
        (&["schedule", "run", "x"], "there is no schedule \"x\""),
        (&["log", "7"], "there is no job 7"),
        (&["log", "7", "--follow"], "there is no job 7"),
        (&["explain", "7"], "there is no job 7"),
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
    assert_ended(&taskyard(&["lits"])?, 3, &[], &["similar subcommands exist: 'limits', 'list'"]);
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
