//! Whatever a client sends, it is told what is wrong, and nobody else notices.

use std::sync::atomic::Ordering::Relaxed;

use taskyard_shared::command::Command;
use taskyard_shared::error::ErrorCode;
use taskyard_shared::limits::MAX_FRAME_BYTES;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use super::client::{TestServer, newest};
use crate::session::LiveConfig;

#[actix_web::test]
async fn frames_that_are_no_messages_are_answered_with_an_error() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    for text in ["", "not JSON", "{}", r#"{"type":"nonsense"}"#, r#"{"type":"hello","version":1}"#] {
        client.send_text(text).await;
        assert_eq!(client.error().await, ErrorCode::BadRequest, "{text}");
    }
    client.send_raw(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.error().await, ErrorCode::BadRequest);
    client.command(1, Command::ListKinds {}).await;
    assert_eq!(client.reply().await.0, 1);
    assert_eq!(server.counters.bad_frames.load(Relaxed), 6);
    server.stop().await;
}

#[actix_web::test]
async fn bad_requests_are_answered_with_their_id_where_it_can_be_read() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    for (text, expected) in [
        (r#"{"type":"command","id":4,"command":{"type":"drop_tables"}}"#, (4, ErrorCode::UnknownCommand)),
        (r#"{"type":"command","id":5,"command":{"type":"cancel_job"}}"#, (5, ErrorCode::BadRequest)),
        (
            r#"{"type":"watch","id":6,"query":{"type":"jobs","query":{"limit":1000000000}}}"#,
            (6, ErrorCode::InvalidQuery),
        ),
        (
            r#"{"type":"watch","id":7,"query":{"type":"jobs","query":{"limit":1000000000000}}}"#,
            (7, ErrorCode::InvalidQuery),
        ),
        (
            r#"{"type":"watch","id":8,"query":{"type":"jobs","query":{"limit":0}}}"#,
            (8, ErrorCode::InvalidQuery),
        ),
    ] {
        client.send_text(text).await;
        assert_eq!(client.error_reply().await, expected, "{text}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn ten_bad_frames_close_the_socket() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    for _ in 0..10 {
        client.send_text("nonsense").await;
    }
    for _ in 0..10 {
        assert_eq!(client.error().await, ErrorCode::BadRequest);
    }
    assert_eq!(client.closed().await.code, CloseCode::Policy);
    server.stop().await;
}

#[actix_web::test]
async fn invalid_utf8_is_answered_and_closed_as_the_rfc_says() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let frame = Frame::message(vec![b'"', 0xff, 0xfe, b'"'], OpCode::Data(Data::Text), true);
    client.send_raw(Message::Frame(frame)).await;
    assert_eq!(client.error().await, ErrorCode::BadRequest);
    assert_eq!(client.closed().await.code, CloseCode::Invalid);
    server.stop().await;
}

#[actix_web::test]
async fn two_mebibytes_of_json_are_too_large() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    client.send_text(format!(r#"{{"type":"command","id":1,"x":"{}"}}"#, "y".repeat(2 << 20))).await;
    assert_eq!(client.error().await, ErrorCode::TooLarge);
    assert_eq!(client.closed().await.code, CloseCode::Size);
    server.stop().await;
}

#[actix_web::test]
async fn two_mebibytes_in_small_pieces_are_too_large_too() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let piece = || vec![b' '; 64 * 1024];
    client.send_raw(Message::Frame(Frame::message(piece(), OpCode::Data(Data::Text), false))).await;
    for _ in 0..31 {
        let piece = Frame::message(piece(), OpCode::Data(Data::Continue), false);
        client.send_raw(Message::Frame(piece)).await;
    }
    assert_eq!(client.error().await, ErrorCode::TooLarge);
    assert_eq!(client.closed().await.code, CloseCode::Size);
    server.stop().await;
}

#[actix_web::test]
async fn a_message_in_pieces_is_understood_and_so_is_the_largest_allowed() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    let text = r#"{"type":"command","id":1,"command":{"type":"list_kinds"}}"#;
    let (first, last) = text.split_at(20);
    client.send_raw(Message::Frame(Frame::message(first, OpCode::Data(Data::Text), false))).await;
    client.send_raw(Message::Frame(Frame::message(last, OpCode::Data(Data::Continue), true))).await;
    assert_eq!(client.reply().await.0, 1);
    client.send_text(format!("{text}{}", " ".repeat(MAX_FRAME_BYTES - text.len()))).await;
    assert_eq!(client.reply().await.0, 1);
    server.stop().await;
}

#[actix_web::test]
async fn a_connection_watches_a_bounded_number_of_views() {
    let server = TestServer::start(LiveConfig::default()).await;
    let mut client = server.connect().await;
    for limit in 1..=16 {
        client
            .send_text(serde_json::json!({"type": "watch", "id": limit, "query": newest(limit)}).to_string())
            .await;
    }
    client.send_text(serde_json::json!({"type": "watch", "id": 17, "query": newest(17)}).to_string()).await;
    let mut refused = Vec::new();
    while refused.is_empty() {
        if let taskyard_shared::event::ServerFrame::Reply { id, reply } = client.frame().await
            && let taskyard_shared::command::Reply::Error { error } = reply
        {
            refused.push((id, error.code));
        }
    }
    assert_eq!(refused, [(17, ErrorCode::InvalidQuery)]);
    server.stop().await;
}
