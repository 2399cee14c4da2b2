//! Every command is answered exactly once.

use std::sync::atomic::Ordering::Relaxed;

use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::JobId;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::client::TestServer;
use crate::session::LiveConfig;

#[actix_web::test]
async fn commands_are_answered_with_their_id() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    client.command(7, Command::ListKinds {}).await;
    assert_eq!(client.reply().await, (7, Reply::Kinds { kinds: Vec::new() }));
    client.command(u64::MAX, Command::ClearFinished { queue: None }).await;
    assert_eq!(client.reply().await, (u64::MAX, Reply::FinishedCleared { count: 3 }));
    client.command(9, Command::CancelJob { id: JobId(5) }).await;
    assert_eq!(client.error_reply().await, (9, ErrorCode::NotFound));
    server.stop().await;
}

#[actix_web::test]
async fn a_command_that_panics_is_answered_and_the_socket_stays_open() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    client.command(1, Command::RetryJob { id: JobId(1) }).await;
    assert_eq!(client.error_reply().await, (1, ErrorCode::Internal));
    client.command(2, Command::ListKinds {}).await;
    assert_eq!(client.reply().await.0, 2);
    server.stop().await;
}

#[actix_web::test]
async fn more_commands_than_may_be_under_way_are_refused_at_once() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    for id in 1..=32 {
        // This one is never done.
        client.command(id, Command::CancelJob { id: JobId(0) }).await;
    }
    client.command(33, Command::ListKinds {}).await;
    assert_eq!(client.error_reply().await, (33, ErrorCode::Overloaded));
    assert_eq!(server.counters.refused_commands.load(Relaxed), 1);
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_asks_and_asks_but_never_reads_is_closed_at_the_bound() {
    let server = TestServer::start(LiveConfig { max_reply_backlog: 4096, ..LiveConfig::default() }).await;
    let mut client = server.connect().await;
    // Tungstenite answers pings only while it is read, and nobody reads here.
    for id in 0..200 {
        client.command(id, Command::ListKinds {}).await;
    }
    let mut read = 0;
    let close = loop {
        match futures_util::StreamExt::next(&mut client.socket).await.expect("open").expect("a frame") {
            tokio_tungstenite::tungstenite::Message::Text(text) => read += text.len(),
            tokio_tungstenite::tungstenite::Message::Close(reason) => break reason.expect("a reason"),
            _ => (),
        }
    };
    assert_eq!(close.code, CloseCode::Policy);
    assert!(read <= 4096 + 200, "{read} bytes were sent");
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_reads_may_ask_without_end() {
    let server = TestServer::start(LiveConfig { max_reply_backlog: 4096, ..LiveConfig::default() }).await;
    let mut client = server.connect().await;
    for id in 0..2000 {
        client.command(id, Command::ListKinds {}).await;
        assert_eq!(client.reply().await.0, id);
    }
    server.stop().await;
}
