//! The benches on a small scale: that they hold together, not what they measure.

use taskyard::shared::job::JobState;

use super::args::{CommonArgs, StoredAs, ThroughputArgs};
use super::host::Host;
use super::load::add_one_by_one;
use super::probe::QUEUE;
use super::recount::recount;
use super::report::Check;
use super::stored::{counts, store, until_completed};
use super::throughput;
use crate::cli::error::Exit;

fn throughput_args(stored: u64, stored_as: StoredAs) -> (tempfile::TempDir, ThroughputArgs) {
    let folder = tempfile::tempdir().unwrap();
    let common = CommonArgs { data: Some(folder.path().to_owned()), json: true };
    let adding = CallersArgs { callers: 8 };
    (folder, ThroughputArgs { jobs: 300, concurrency: 10, stored_as, adding, common, tabs: 0, stored })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_run_passes_its_own_check() {
    for stored_as in [StoredAs::Finished, StoredAs::Waiting] {
        let (_folder, args) = throughput_args(50, stored_as);
        assert_eq!(throughput::run(args).await.unwrap(), Exit::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recount_finds_what_was_stored_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(folder.path(), 10).await.unwrap();
    store(&host, 20, StoredAs::Waiting).await.unwrap();
    let probe = std::sync::Arc::clone(&host.probe);
    add_one_by_one(&host.yard, 700, 4, move || probe.job()).await.unwrap();
    until_completed(&host.yard, 700).await.unwrap();
    assert_eq!(counts(&host.yard, "nowhere").await.unwrap().total(), 0);
    host.stop().await.unwrap();
    let found = recount(folder.path(), QUEUE, &[JobState::Completed]).await.unwrap();
    assert_eq!((found.counted, found.read), (700, 700));
}

#[test]
fn one_job_too_few_or_too_many_fails_the_check() {
    let check = |began, counted, counted_after_reopening, read_after_reopening| Check {
        expected: 10,
        began,
        counted,
        counted_after_reopening,
        read_after_reopening,
    };
    assert!(check(10, 10, 10, 10).passed());
    for wrong in [check(11, 10, 10, 10), check(10, 9, 10, 10), check(10, 10, 9, 10), check(10, 10, 10, 9)] {
        assert!(!wrong.passed());
        assert!(wrong.sentence().starts_with("FAILED: of 10, "), "{}", wrong.sentence());
    }
}
