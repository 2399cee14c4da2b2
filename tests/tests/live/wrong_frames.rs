//! Clients that do not keep to the protocol.

use anyhow::{Result, bail};
use taskyard_shared::command::{ClientFrame, Command, Reply};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::event::ServerFrame;
use taskyard_tests::api::Api;
use taskyard_tests::server::TestServer;
use taskyard_tests::tab::{Tab, newest};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// The error in the next frame.
async fn complaint(tab: &mut Tab) -> Result<WireError> {
    match tab.frame().await? {
        ServerFrame::Error { error } | ServerFrame::Reply { reply: Reply::Error { error }, .. } => Ok(error),
        other => bail!("no error but {other:?}"),
    }
}

/// The sentence with which the server closes the socket; nothing may come before.
async fn closing(tab: &mut Tab) -> String {
    match tab.frame().await {
        Ok(frame) => format!("not closed, but {frame:?}"),
        Err(closed) => closed.to_string(),
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused() -> Result<()> {
    let server = TestServer::start()?;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let refused = Tab::connect(server.address(), Some(origin)).await.err();
        let text = refused.map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(text.contains("403"), "{origin}: {text}");
    }
    Tab::connect(server.address(), Some(&format!("http://{}", server.address()))).await?;
    assert_eq!(Api::new(server.address()).metric("taskyard_live_refused_origins_total").await?, 3);
    Ok(())
}

#[tokio::test]
async fn wrong_frames_are_answered_and_the_tab_goes_on() -> Result<()> {
    use ErrorCode::{BadRequest, InvalidArguments, InvalidQuery, UnknownCommand, UnknownKind};
    let server = TestServer::start()?;
    let mut tab = Tab::open(server.address()).await?;
    let watch =
        |query: &str| format!(r#"{{"type":"watch","id":5,"query":{{"type":"jobs","query":{query}}}}}"#);
    let add =
        |job: &str| format!(r#"{{"type":"command","id":6,"command":{{"type":"add_job","job":{job}}}}}"#);
    for (text, code) in [
        ("nonsense".to_owned(), BadRequest),
        (r#"{"type":"hello","version":1}"#.to_owned(), BadRequest),
        (r#"{"type":"command","id":1,"command":{"type":"explode"}}"#.to_owned(), UnknownCommand),
        (r#"{"type":"command","id":1,"command":{"type":"cancel_job","id":-1}}"#.to_owned(), BadRequest),
        (r#"["command",1,{"type":"clear_finished"}]"#.to_owned(), BadRequest),
        (r#"{"type":"command","id":1,"command":["clear_finished"]}"#.to_owned(), BadRequest),
        (add(r#"["demo",null,{"name":"a"}]"#), BadRequest),
        (watch(r#"{"limit":5,"filter":[]}"#), InvalidQuery),
        (watch(r#"{"limit":1000000000}"#), InvalidQuery),
        (watch(r#"{"limit":1e30}"#), InvalidQuery),
        (watch(r#"{"limit":0}"#), InvalidQuery),
        (add(r#"{"kind":"nothing"}"#), UnknownKind),
        (add(r#"{"kind":"demo","args":{"name":"a","duration":-1}}"#), InvalidArguments),
        (add(r#"{"kind":"demo","args":{}}"#), InvalidArguments),
    ] {
        tab.send_text(&text).await?;
        assert_eq!(complaint(&mut tab).await?.code, code, "{text}");
    }
    let view = tab.watch(newest(5)).await?;
    assert_eq!(tab.view(view).window().map(|window| window.rows.len()), Some(0), "nothing was stored");
    Ok(())
}

#[tokio::test]
async fn a_tab_that_goes_on_wrongly_is_closed() -> Result<()> {
    let server = TestServer::start()?;
    let mut tab = Tab::open(server.address()).await?;
    for _ in 0..10 {
        tab.send_message(Message::binary(vec![1, 2, 3])).await?;
        assert_eq!(complaint(&mut tab).await?.code, ErrorCode::BadRequest);
    }
    let closed = closing(&mut tab).await;
    assert!(closed.contains("too many bad frames"), "{closed}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_told_and_closed() -> Result<()> {
    let server = TestServer::start()?;
    let broken = Frame::message(vec![b'"', 0xff, b'"'], OpCode::Data(Data::Text), true);
    for (message, code) in [
        (Message::text("x".repeat(2 * 1024 * 1024)), ErrorCode::TooLarge),
        (Message::Frame(broken), ErrorCode::BadRequest),
    ] {
        let mut tab = Tab::open(server.address()).await?;
        // The server may close while this is still being sent.
        let _ = tab.send_message(message).await;
        assert_eq!(complaint(&mut tab).await?.code, code);
        let closed = closing(&mut tab).await;
        assert!(closed.contains("closed"), "{closed}");
    }
    Ok(())
}

#[tokio::test]
async fn the_first_frame_must_be_a_hello_of_this_version() -> Result<()> {
    let server = TestServer::start()?;
    for (frame, code) in [
        (ClientFrame::Hello { version: 999 }, ErrorCode::UnsupportedVersion),
        (ClientFrame::Command { id: 1, command: Command::ListKinds {} }, ErrorCode::BadRequest),
    ] {
        let mut tab = Tab::connect(server.address(), None).await?;
        tab.send(&frame).await?;
        assert_eq!(complaint(&mut tab).await?.code, code);
        let closed = closing(&mut tab).await;
        assert!(closed.contains("closed"), "{closed}");
    }
    Ok(())
}

#[tokio::test]
async fn views_and_commands_of_one_tab_are_bounded() -> Result<()> {
    let server = TestServer::start()?;
    let mut tab = Tab::open(server.address()).await?;
    for limit in 1..=16 {
        tab.watch(newest(limit)).await?;
    }
    let refused = tab.watch(newest(17)).await.err().map(|error| error.to_string());
    assert!(refused.as_ref().is_some_and(|error| error.contains("at most 16 views")), "{refused:?}");
    Ok(())
}
