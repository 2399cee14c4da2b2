//! The benches on a small scale: that they hold together, not what they measure.

use taskyard::shared::job::JobState;

use super::args::{
    AddArgs, CallersArgs, CommonArgs, LimitArgs, RoundsArgs, RundownArgs, StoredAs, ThroughputArgs, Via,
};
use super::host::Host;
use super::limit::{self, LimitRates, Work};
use super::load::add_one_by_one;
use super::probe::QUEUE;
use super::recount::recount;
use super::report::{AddCheck, Check};
use super::run::DataFolder;
use super::stored::{counts, store, until_completed};
use super::{add, rundown, throughput};
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

fn in_folder(folder: &tempfile::TempDir) -> CommonArgs {
    CommonArgs { data: Some(folder.path().to_owned()), json: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_rundown_passes_its_own_check() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = RoundsArgs { rounds: 2, with_limit: false };
    let common = in_folder(&folder);
    let args = RundownArgs { jobs: 1_500, concurrency: vec![1, 30], rounds, common };
    assert_eq!(rundown::run(args).await.unwrap(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_bench_of_every_way_to_add_passes_its_own_check() {
    let folder = tempfile::tempdir().unwrap();
    let args = AddArgs {
        via: vec![Via::InProcess, Via::Http, Via::Websocket],
        callers: vec![1, 7],
        bulk: vec![1, 40],
        for_ms: 20,
        rounds: RoundsArgs { rounds: 1, with_limit: false },
        common: in_folder(&folder),
    };
    assert_eq!(add::run(args).await.unwrap(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bare_work_passes_its_own_check() {
    let folder = tempfile::tempdir().unwrap();
    let args = LimitArgs { jobs: 1_234, rounds: 1, common: in_folder(&folder) };
    assert_eq!(limit::run(args).await.unwrap(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_of_the_limit_of_the_same_round() {
    let named = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(Some(named.path())).unwrap();
    let mut limit = LimitRates::new(Work::RunDown, 300);
    assert!(limit.figures().is_empty() && limit.shares(&[1.0]).is_empty());
    for round in 1..=2 {
        limit.measure(&folder, &format!("{round}")).await.unwrap();
    }
    let figures = limit.figures();
    let sizes: Vec<_> = figures.iter().map(|figure| figure.jobs_per_transaction).collect();
    assert_eq!(sizes, [100, 500]);
    let halves: Vec<_> = figures[0].jobs_per_s.rounds.iter().map(|rate| rate / 2.0).collect();
    let shares = limit.shares(&halves);
    assert_eq!((shares[0].share.least, shares[0].share.most), (0.5, 0.5));
}

#[test]
fn a_folder_that_an_earlier_run_left_is_refused() {
    let named = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(Some(named.path())).unwrap();
    drop(folder.case("add-1").unwrap());
    let refused = folder.case("add-1").err().unwrap().to_string();
    assert!(refused.starts_with("cannot make the folder"), "{refused}");
}

#[test]
fn an_acknowledged_job_that_is_missing_fails_the_check() {
    let check = |counted, counted_after_reopening, read_after_reopening| AddCheck {
        acknowledged: 10,
        counted,
        counted_after_reopening,
        read_after_reopening,
    };
    assert!(check(10, 10, 10).passed());
    for wrong in [check(9, 10, 10), check(10, 9, 10), check(10, 10, 11)] {
        assert!(!wrong.passed());
        assert!(wrong.sentence().starts_with("FAILED: of 10 "), "{}", wrong.sentence());
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
