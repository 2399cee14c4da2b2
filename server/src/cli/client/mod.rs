//! How the command line speaks to a running server.

mod api;
mod backoff;
mod feed;
mod rows;
mod socket;

pub use api::{Answer, Api};
pub use feed::{Feed, FeedEvent};
pub use rows::{LiveRows, RowChange};
pub use socket::{Socket, SocketError};
