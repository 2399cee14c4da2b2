//! Who may connect, and how a conversation begins and ends.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use taskyard_shared::command::ClientFrame;
use taskyard_shared::error::ErrorCode;
use taskyard_shared::event::ServerFrame;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::client::{Client, TestServer};
use crate::session::LiveConfig;

fn status(outcome: Result<Client, Error>) -> (u16, String) {
    match outcome {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8_lossy(&body).into_owned())
        }
        Err(other) => panic!("no answer: {other}"),
        Ok(_) => (101, String::new()),
    }
}

#[actix_web::test]
async fn each_side_says_hello_first() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect_without_hello(None).await.expect("a socket");
    client.send(&ClientFrame::Hello { version: 1 }).await;
    let ServerFrame::Hello { version, server: name, instance } = client.frame().await else {
        panic!("no hello")
    };
    assert_eq!((version, instance.as_str()), (1, "this-instance"));
    assert!(name.starts_with("Taskyard "));
    server.stop().await;
}

#[actix_web::test]
async fn another_version_is_refused_and_the_socket_closed() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect_without_hello(None).await.expect("a socket");
    client.send(&ClientFrame::Hello { version: 2 }).await;
    assert_eq!(client.error().await, ErrorCode::UnsupportedVersion);
    assert_eq!(client.closed().await.code, CloseCode::Policy);
    server.stop().await;
}

#[actix_web::test]
async fn nothing_is_done_before_the_hello() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect_without_hello(None).await.expect("a socket");
    client.send_text(r#"{"type":"command","id":1,"command":{"type":"list_kinds"}}"#).await;
    assert_eq!(client.error().await, ErrorCode::BadRequest);
    assert_eq!(client.closed().await.code, CloseCode::Policy);
    server.stop().await;
}

#[actix_web::test]
async fn a_socket_that_never_says_hello_is_closed() {
    let config = LiveConfig { hello_within: Duration::from_millis(20), ..LiveConfig::default() };
    let server = TestServer::start(config).await;
    let mut client = server.connect_without_hello(None).await.expect("a socket");
    assert_eq!(client.error().await, ErrorCode::BadRequest);
    assert_eq!(client.closed().await.code, CloseCode::Policy);
    server.stop().await;
}

#[actix_web::test]
async fn a_foreign_page_is_refused_with_a_sentence_and_our_own_is_not() {
    let config =
        LiveConfig { allowed_origins: vec!["https://board.example".to_owned()], ..LiveConfig::default() };
    let server = TestServer::start(config).await;
    let (code, body) = status(server.connect_without_hello(Some("https://evil.example")).await);
    assert_eq!(code, 403);
    assert!(body.contains("a page of https://evil.example may not use this server"), "{body}");
    assert_eq!(server.counters.refused_origins.load(Relaxed), 1);
    let own = format!("http://127.0.0.1:{}", server.port);
    for origin in [own.as_str(), "https://board.example"] {
        assert_eq!(status(server.connect_without_hello(Some(origin)).await).0, 101);
    }
    server.stop().await;
}

#[actix_web::test]
async fn one_socket_too_many_is_refused_and_a_closed_one_makes_room() {
    let server = TestServer::start(LiveConfig { max_sessions: 1, ..LiveConfig::default() }).await;
    let mut first = server.connect().await;
    let (code, body) = status(server.connect_without_hello(None).await);
    assert_eq!(code, 503);
    assert!(body.contains("1 sockets are open"), "{body}");
    first.socket.close(None).await.expect("closed");
    while first.socket.get_mut().get_ref().peer_addr().is_ok()
        && server.counters.open_sessions.load(Relaxed) > 0
    {
        tokio::task::yield_now().await;
    }
    server.connect().await;
    server.stop().await;
}

#[actix_web::test]
async fn everybody_is_told_when_the_server_stops() {
    let server = TestServer::start(LiveConfig::default()).await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    server.stopping.cancel();
    for client in [&mut one, &mut other] {
        assert_eq!(client.frame().await, ServerFrame::Stopping {});
        assert_eq!(client.closed().await.code, CloseCode::Away);
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_answers_no_ping_is_closed() {
    let config = LiveConfig {
        ping_every: Duration::from_millis(10),
        silent_for: Duration::from_millis(50),
        ..LiveConfig::default()
    };
    let server = TestServer::start(config).await;
    // A client that does not read answers no ping either.
    let mut silent = server.connect().await;
    let mut lively = server.connect().await;
    while server.counters.closed_by_server.load(Relaxed) == 0 {
        lively.send_text(r#"{"type":"command","id":1,"command":{"type":"list_kinds"}}"#).await;
        lively.reply().await;
    }
    assert_eq!(silent.closed().await.code, CloseCode::Policy);
    assert_eq!(server.counters.closed_by_server.load(Relaxed), 1);
    server.stop().await;
}
