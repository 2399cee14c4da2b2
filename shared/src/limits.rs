//! Bounds that both sides know: the server enforces them, the board and the CLI say them beforehand.

/// Longest name of a kind or queue, in bytes. Lower-case letters, digits, `-` and `_`, starting with a letter.
pub const MAX_IDENTIFIER_BYTES: usize = 64;
/// Longest job name (see [`crate::job::JobSummary::name`]), in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Largest arguments of one job, in bytes of JSON.
pub const MAX_ARGS_BYTES: usize = 256 * 1024;
/// Largest text frame that the server reads from a WebSocket, and largest JSON body of the API, in bytes.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;
/// Largest upload, in bytes.
pub const MAX_UPLOAD_BYTES: u64 = 50 * 1024 * 1024;
/// Most rows that one view or one page of a list may ask for.
pub const MAX_VIEW_ROWS: u32 = 500;
/// Longest text filter, in characters.
pub const MAX_FILTER_CHARS: usize = 200;
/// Most views that one connection may watch at a time.
pub const MAX_VIEWS_PER_CONNECTION: usize = 16;
/// Most frames of one connection that may be unacknowledged; past it the server sends no more live
/// frames until the next acknowledgement, and then one fresh snapshot.
pub const MAX_UNACKNOWLEDGED_FRAMES: u32 = 2;
/// Highest concurrency of a queue, in jobs at work at the same time.
pub const MAX_CONCURRENCY: u32 = 10_000;
/// Most queues that may exist.
pub const MAX_QUEUES: usize = 1_000;

/// Whether `text` may name a kind or a queue.
pub fn is_identifier(text: &str) -> bool {
    text.len() <= MAX_IDENTIFIER_BYTES
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
