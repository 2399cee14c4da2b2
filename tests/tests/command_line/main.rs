//! The command line as a person or a script uses it.

mod bench;
mod jobs;
mod mistakes;
mod watching;

use anyhow::Result;
use taskyard_tests::program::{Finished, taskyard};
use taskyard_tests::server::TestServer;

/// `taskyard WORDS… --server ADDRESS`
fn run(server: &TestServer, words: &[&str]) -> Result<Finished> {
    let address = server.url("");
    let mut all = words.to_vec();
    all.extend(["--server", &address]);
    taskyard(&all)
}

/// It ended with this code, and what it wrote says all of this.
#[track_caller]
fn assert_ended(ended: &Finished, code: i32, stdout: &[&str], stderr: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for part in stdout {
        assert!(ended.stdout.contains(part), "no \"{part}\" in {ended:?}");
    }
    for part in stderr {
        assert!(ended.stderr.contains(part), "no \"{part}\" in {ended:?}");
    }
}
