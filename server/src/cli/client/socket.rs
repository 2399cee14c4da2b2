//! One connection that speaks the live protocol.

use futures_util::{SinkExt, StreamExt};
use taskyard::shared::PROTOCOL_VERSION;
use taskyard::shared::command::ClientFrame;
use taskyard::shared::error::WireError;
use taskyard::shared::event::ServerFrame;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// A connection after both hellos.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// It may be there again in a moment.
    #[error("{0}")]
    Lost(String),
    /// Trying again changes nothing.
    #[error("{0}")]
    Refused(WireError),
    #[error("{0}")]
    Strange(String),
}

impl Socket {
    /// Connects and greets. `address` begins with `ws://`.
    pub async fn connect(address: &str) -> Result<Self, SocketError> {
        // A frame is sent whole: nothing follows that the system could wait for.
        let (stream, _) = connect_async_with_config(address, None, true)
            .await
            .map_err(|error| SocketError::Lost(error.to_string()))?;
        let mut socket = Socket { stream };
        socket.send(&ClientFrame::Hello { version: PROTOCOL_VERSION }).await?;
        match socket.next().await? {
            ServerFrame::Hello { version: PROTOCOL_VERSION, .. } => Ok(socket),
            ServerFrame::Hello { version, .. } => Err(SocketError::Strange(format!(
                "it speaks version {version} of the protocol, this program {PROTOCOL_VERSION}"
            ))),
            ServerFrame::Error { error } => Err(SocketError::Refused(error)),
            _ => Err(SocketError::Strange("it does not begin with a hello".to_owned())),
        }
    }

    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), SocketError> {
        let text = serde_json::to_string(frame).map_err(|error| SocketError::Strange(error.to_string()))?;
        self.stream.send(Message::text(text)).await.map_err(|error| SocketError::Lost(error.to_string()))
    }

    /// The next frame. Safe to drop while it waits: nothing is lost.
    pub async fn next(&mut self) -> Result<ServerFrame, SocketError> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text)
                        .map_err(|error| SocketError::Strange(format!("a frame cannot be read: {error}")));
                }
                Some(Ok(Message::Close(_))) | None => {
                    return Err(SocketError::Lost("the server closed the connection".to_owned()));
                }
                // Pings are answered by the library; the protocol has no binary frames.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(SocketError::Lost(error.to_string())),
            }
        }
    }
}
