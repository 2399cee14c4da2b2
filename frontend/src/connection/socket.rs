//! One WebSocket from open to close, by gloo-net. Knows text frames and nothing of what is in them.

use std::future::poll_fn;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State};
use leptos::task::spawn_local;

use super::mounted::base_address;

/// The page's own end of an open socket. Dropping it closes the socket.
pub struct Line {
    /// Bounded by what the page itself says: acknowledgements, commands and watches.
    pub frames: UnboundedSender<String>,
    pub hang_up: oneshot::Sender<()>,
}

/// `ws` where the board is mounted: `http` becomes `ws`, and `https` `wss`.
fn address() -> Option<String> {
    Some(format!("ws{}ws", base_address()?.strip_prefix("http")?))
}

/// Opens a socket, hands out its line, and tells every text frame until it closes or is hung up.
pub async fn talk(begin: impl FnOnce(Line), mut hear: impl FnMut(&str)) {
    let Some(mut socket) = address().and_then(|address| WebSocket::open(&address).ok()) else { return };
    let ready = poll_fn(|context| socket.poll_ready_unpin(context)).await;
    if ready.is_err() || !matches!(socket.state(), State::Open) {
        return;
    }
    let (sink, mut stream) = socket.split();
    let (frames, outgoing) = unbounded();
    let (hang_up, mut hung_up) = oneshot::channel();
    spawn_local(write(sink, outgoing));
    begin(Line { frames, hang_up });
    loop {
        match select(stream.next(), &mut hung_up).await {
            Either::Left((Some(Ok(Message::Text(text))), _)) => hear(&text),
            Either::Left((Some(Ok(Message::Bytes(_))), _)) => {}
            Either::Left((Some(Err(_)) | None, _)) | Either::Right(_) => return,
        }
    }
}

async fn write(
    mut sink: futures_util::stream::SplitSink<WebSocket, Message>,
    mut frames: UnboundedReceiver<String>,
) {
    while let Some(text) = frames.next().await {
        if sink.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
}
