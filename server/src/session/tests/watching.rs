//! What a tab sees.

use std::sync::atomic::Ordering::Relaxed;

use taskyard_shared::command::{ClientFrame, Reply, Resume};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::job::JobId;
use taskyard_shared::view::{ViewQuery, ViewSnapshot};

use super::client::{TestServer, newest};
use crate::session::LiveConfig;
use crate::views::messages::Panic;
use crate::views::tests::model::Tab;
use crate::views::tests::yard::limit;

#[actix_web::test]
async fn a_watch_brings_a_snapshot_and_then_what_changes() {
    let server = TestServer::start(LiveConfig::default()).await;
    server.add_job("first");
    let mut client = server.connect().await;
    let query = newest(10);
    let view = client.watch(1, &query).await;
    let mut tab = Tab::default();
    tab.take(&client.text().await, &query);
    assert_eq!(tab.rows()[0].name, "first");
    client.ack(view, 0).await;
    server.add_job("second");
    tab.take(&client.text().await, &query);
    assert_eq!((tab.rows()[0].name.as_str(), tab.rows().len(), tab.deltas), ("second", 2, 1));
    server.stop().await;
}

#[actix_web::test]
async fn connections_with_the_same_query_share_the_view_and_its_very_frames() {
    let server = TestServer::start(LiveConfig::default()).await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    let view = one.watch(1, &newest(10)).await;
    assert_eq!(other.watch(9, &newest(10)).await, view);
    assert_eq!(one.text().await, other.text().await);
    server.add_job("new");
    assert_eq!(one.text().await, other.text().await);
    assert_ne!(other.watch(10, &newest(11)).await, view);
    server.stop().await;
}

#[actix_web::test]
async fn the_queues_can_be_watched() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let mut tab = Tab::default();
    client.watch(1, &ViewQuery::Queues {}).await;
    tab.take(&client.text().await, &ViewQuery::Queues {});
    server.add_job("new");
    tab.take(&client.text().await, &ViewQuery::Queues {});
    let Some(ViewSnapshot::Queues { queues }) = tab.shown else { panic!("no queues") };
    assert_eq!(queues, server.model.queues());
    assert_eq!((queues[0].name.as_str(), queues[0].counts.pending), ("a", 1));
    server.stop().await;
}

#[actix_web::test]
async fn the_lists_of_the_yard_can_be_watched() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let (query, mut tab) = (ViewQuery::Yard {}, Tab::default());
    client.watch(1, &query).await;
    tab.take(&client.text().await, &query);
    assert_eq!(tab.shown, Some(ViewSnapshot::Yard { yard: server.model.yard() }));
    server.publish(server.model.change_yard(|yard| yard.limits.push(limit("calls", 3))));
    let text = client.text().await;
    assert!(!text.contains("schedules") && !text.contains("operations"), "they did not change: {text}");
    tab.take(&text, &query);
    assert_eq!(tab.shown, Some(ViewSnapshot::Yard { yard: server.model.yard() }));
    server.stop().await;
}

#[actix_web::test]
async fn the_log_of_a_job_can_be_watched_even_before_there_is_such_a_job() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let (query, mut tab) = (ViewQuery::Log { job: JobId(1) }, Tab::default());
    client.watch(1, &query).await;
    tab.take(&client.text().await, &query);
    assert!(tab.lines().is_empty());
    server.add_job("it");
    server.write_log(JobId(1), 2);
    tab.take(&client.text().await, &query);
    let texts: Vec<&str> = tab.lines().iter().map(|line| line.text.as_str()).collect();
    assert_eq!((texts, tab.deltas), (vec!["line 1.1", "line 1.2"], 1));
    server.stop().await;
}

#[actix_web::test]
async fn a_panic_in_the_hub_loses_no_line_and_no_list() {
    let server = TestServer::start(LiveConfig::default()).await;
    server.add_job("it");
    for query in [ViewQuery::Yard {}, ViewQuery::Log { job: JobId(1) }] {
        let (mut client, mut tab) = (server.connect().await, Tab::default());
        let view = client.watch(1, &query).await;
        tab.take(&client.text().await, &query);
        client.ack(view, 0).await;
        // Lines are in the store, though the hub never hears of them; lists are only published.
        server.model.write(JobId(1), 1, 3);
        server.publish(server.model.change_yard(|yard| yard.limits.push(limit("calls", 1))));
        server.hub.do_send(Panic);
        while tab.snapshots < 2 {
            tab.take(&client.text().await, &query);
            client.ack(view, tab.seq.expect("a frame")).await;
        }
        let truth = match query {
            ViewQuery::Yard {} => ViewSnapshot::Yard { yard: server.model.yard() },
            _ => ViewSnapshot::Log { lines: server.model.lines(JobId(1), 500) },
        };
        assert_eq!(tab.shown, Some(truth));
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_tab_that_comes_back_gets_only_what_it_missed() {
    let server = TestServer::start(LiveConfig::default()).await;
    let query = newest(10);
    let (mut away, mut staying) = (server.connect().await, server.connect().await);
    let view = away.watch(1, &query).await;
    let mut tab = Tab::default();
    tab.take(&away.text().await, &query);
    staying.watch(1, &query).await;
    staying.text().await;
    drop(away);
    for (seq, name) in [(1, "one"), (2, "two"), (3, "three")] {
        server.add_job(name);
        staying.text().await;
        staying.ack(view, seq).await;
    }
    let mut back = server.connect().await;
    let resume = Resume { instance: "this-instance".to_owned(), view, seq: 0 };
    back.send(&ClientFrame::Watch { id: 2, query: query.clone(), resume: Some(resume) }).await;
    assert_eq!(back.reply().await, (2, Reply::Watching { view }));
    for _ in 0..3 {
        tab.take(&back.text().await, &query);
    }
    assert_eq!((tab.snapshots, tab.deltas, tab.rows().len()), (1, 3, 3));
    server.stop().await;
}

#[actix_web::test]
async fn a_tab_of_another_instance_gets_a_snapshot() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let view = client.watch(1, &newest(10)).await;
    client.text().await;
    let mut back = server.connect().await;
    let resume = Resume { instance: "an-earlier-one".to_owned(), view, seq: 0 };
    back.send(&ClientFrame::Watch { id: 2, query: newest(10), resume: Some(resume) }).await;
    back.reply().await;
    assert!(matches!(back.frame().await, ServerFrame::Snapshot { .. }));
    server.stop().await;
}

#[actix_web::test]
async fn a_panic_in_the_hub_costs_no_socket_and_every_tab_gets_a_snapshot() {
    let server = TestServer::start(LiveConfig::default()).await;
    let query = newest(10);
    let mut tabs = [(server.connect().await, Tab::default()), (server.connect().await, Tab::default())];
    for (client, tab) in &mut tabs {
        let view = client.watch(1, &query).await;
        tab.take(&client.text().await, &query);
        client.ack(view, 0).await;
    }
    // Committed, but lost to the hub as if the panic had come while it was being taken in.
    server.model.add("a", "lost");
    server.hub.do_send(Panic);
    for (client, tab) in &mut tabs {
        tab.take(&client.text().await, &query);
        assert_eq!((tab.snapshots, tab.rows().len()), (2, 1));
    }
    assert_eq!(server.counters.hub_restarts.load(Relaxed), 1);
    server.add_job("after");
    for (client, tab) in &mut tabs {
        tab.take(&client.text().await, &query);
        assert_eq!((tab.deltas, tab.rows().len()), (1, 2));
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_store_that_refuses_is_told_to_who_watches() {
    let server = TestServer::start(LiveConfig::default()).await;
    server.model.refuse_reads(true);
    let mut client = server.connect().await;
    client.send(&ClientFrame::Watch { id: 3, query: newest(10), resume: None }).await;
    assert_eq!(client.error_reply().await, (3, ErrorCode::StoreFailed));
    server.stop().await;
}

#[actix_web::test]
async fn after_unwatch_nothing_more_comes() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let jobs = client.watch(1, &newest(10)).await;
    client.text().await;
    client.ack(jobs, 0).await;
    let queues = client.watch(2, &ViewQuery::Queues {}).await;
    client.text().await;
    client.ack(queues, 0).await;
    client.send(&ClientFrame::Unwatch { view: jobs }).await;
    // Answered after the unwatch was taken in.
    client.command(3, taskyard_shared::command::Command::ListKinds {}).await;
    client.reply().await;
    server.add_job("new");
    assert!(matches!(client.frame().await, ServerFrame::Delta { view, .. } if view == queues));
    server.add_job("another");
    assert!(matches!(client.frame().await, ServerFrame::Delta { view, .. } if view == queues));
    server.stop().await;
}
