//! A tab that speaks and never reads, with so little room in its system's buffers that the server notices.

use anyhow::{Context, Result};
use futures_util::SinkExt;
use taskyard_shared::command::ClientFrame;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::tab::FRAME;

/// The least that systems agree to.
const RECEIVE_BUFFER_BYTES: u32 = 4 * 1024;

pub struct StalledTab {
    socket: WebSocketStream<TcpStream>,
}

impl StalledTab {
    pub async fn open(address: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        let stream = socket.connect(address.parse()?).await?;
        let (socket, _) = client_async(format!("ws://{address}/ws"), stream).await?;
        Ok(StalledTab { socket })
    }

    pub async fn send(&mut self, frame: &ClientFrame) -> Result<()> {
        let text = Message::text(serde_json::to_string(frame)?);
        Ok(timeout(FRAME, self.socket.send(text)).await.context("the server does not read")??)
    }
}
