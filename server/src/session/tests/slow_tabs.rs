//! A tab that does not keep up gets a constant amount, and slows nobody.

use std::sync::atomic::Ordering::Relaxed;

use taskyard_shared::command::Command;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::job::JobId;
use taskyard_shared::view::ViewQuery;

use super::client::{TestServer, newest};
use crate::session::LiveConfig;
use crate::views::tests::model::Tab;

#[actix_web::test]
async fn a_tab_that_never_acknowledges_gets_two_frames_and_then_one_snapshot() {
    let server = TestServer::start(LiveConfig::default()).await;
    let query = newest(50);
    let (mut slow, mut quick) = (server.connect().await, server.connect().await);
    let view = slow.watch(1, &query).await;
    quick.watch(1, &query).await;
    let mut tab = Tab::default();
    tab.take(&quick.text().await, &query);
    quick.ack(view, 0).await;
    for number in 0..40 {
        server.add_job(&format!("job {number}"));
        tab.take(&quick.text().await, &query);
        quick.ack(view, tab.seq.expect("a frame")).await;
    }
    assert_eq!((tab.snapshots, tab.rows().len()), (1, 40), "the other tab noticed nothing");

    let mut late = Tab::default();
    late.take(&slow.text().await, &query);
    late.take(&slow.text().await, &query);
    assert_eq!((late.snapshots, late.deltas), (1, 1));
    slow.command(2, Command::ListKinds {}).await;
    assert!(matches!(slow.frame().await, ServerFrame::Reply { .. }), "nothing lies between");
    slow.ack(view, late.seq.expect("a frame")).await;
    late.take(&slow.text().await, &query);
    assert_eq!((late.snapshots, late.rows(), late.seq), (2, tab.rows(), tab.seq));
    assert_eq!(server.counters.resyncs.load(Relaxed), 1);
    assert!(server.counters.frames_dropped.load(Relaxed) <= 3, "the hub stops sending to who cannot take");
    server.stop().await;
}

#[actix_web::test]
async fn a_tab_that_never_reads_delays_no_other() {
    let server = TestServer::start(LiveConfig::default()).await;
    let query = newest(500);
    let mut stuck = server.connect().await;
    stuck.watch(1, &query).await;
    let mut quick = server.connect().await;
    let view = quick.watch(1, &query).await;
    let mut tab = Tab::default();
    tab.take(&quick.text().await, &query);
    quick.ack(view, 0).await;
    let long = "x".repeat(200);
    for _ in 0..300 {
        server.add_job(&long);
        tab.take(&quick.text().await, &query);
        quick.ack(view, tab.seq.expect("a frame")).await;
    }
    assert_eq!((tab.snapshots, tab.deltas, tab.rows().len()), (1, 300, 300));
    // The stuck tab was handed its first two frames and nothing since.
    assert!(server.counters.frames_sent.load(Relaxed) <= 302 + 4);
    drop(stuck);
    server.stop().await;
}

#[actix_web::test]
async fn a_slow_reader_of_a_log_gets_its_newest_lines_in_one_snapshot() {
    let server = TestServer::start(LiveConfig::default()).await;
    server.add_job("it writes a lot");
    let query = ViewQuery::Log { job: JobId(1) };
    let (mut slow, mut quick) = (server.connect().await, server.connect().await);
    let view = slow.watch(1, &query).await;
    quick.watch(1, &query).await;
    let (mut tab, mut late) = (Tab::default(), Tab::default());
    tab.take(&quick.text().await, &query);
    quick.ack(view, 0).await;
    for _ in 0..20 {
        server.write_log(JobId(1), 100);
        tab.take(&quick.text().await, &query);
        quick.ack(view, tab.seq.expect("a frame")).await;
    }
    assert_eq!((tab.snapshots, tab.deltas, tab.lines().len()), (1, 20, 500), "the other tab noticed nothing");
    late.take(&slow.text().await, &query);
    late.take(&slow.text().await, &query);
    assert_eq!((late.snapshots, late.deltas), (1, 1));
    slow.ack(view, late.seq.expect("a frame")).await;
    late.take(&slow.text().await, &query);
    assert_eq!((late.snapshots, late.lines()), (2, tab.lines()));
    assert_eq!(late.lines().last().map(|line| line.number), Some(2000));
    server.stop().await;
}
