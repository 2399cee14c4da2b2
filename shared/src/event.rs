//! What the server says.

use serde::{Deserialize, Serialize};

use crate::command::Reply;
use crate::error::WireError;
use crate::view::{ViewDelta, ViewId, ViewSnapshot};

/// One text frame from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to the client's hello.
    Hello {
        version: u32,
        /// Name and version of the program, for people.
        server: String,
        /// Changes at every start of the server; see [`crate::command::Resume`].
        instance: String,
    },
    /// The outcome of the command or `watch` with this `id`.
    Reply { id: u64, reply: Reply },
    /// The view as it stands. The next delta has `seq + 1`.
    Snapshot { view: ViewId, seq: u64, snapshot: ViewSnapshot },
    /// What changed between frame `seq - 1` and `seq`. A client that finds a gap watches the view again.
    Delta { view: ViewId, seq: u64, delta: ViewDelta },
    /// A frame could not be understood, so there is no `id` to answer to. Repeated ones close the socket.
    Error { error: WireError },
    /// The server is stopping; the socket closes next. Connect again with backoff.
    Stopping {},
}
