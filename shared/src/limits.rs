//! Bounds that both sides know: the server enforces them, the board and the CLI say them beforehand.

/// Longest name of a kind, queue, limit or schedule, in bytes. See [`IDENTIFIER_RULE`].
pub const MAX_IDENTIFIER_BYTES: usize = 64;
/// What [`is_identifier`] asks for, in words that follow "a name has".
pub const IDENTIFIER_RULE: &str = "at most 64 lower-case letters, digits, - and _, starting with a letter";
const _: () = assert!(MAX_IDENTIFIER_BYTES == 64, "the rule in words says so");
/// Longest job name (see [`crate::job::JobSummary::name`]), in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Largest arguments of one job, in bytes of JSON.
pub const MAX_ARGS_BYTES: usize = 256 * 1024;
/// Largest result of a job, in bytes of JSON. More than the largest answer that a job of the kind `http` keeps.
pub const MAX_RESULT_BYTES: usize = 8 * 1024 * 1024;
/// Longest error of an attempt, in bytes; the rest is cut, and the cut shown.
pub const MAX_ERROR_BYTES: usize = 64 * 1024;
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
/// Most attempts of a job that may fail before the job has.
pub const MAX_ATTEMPTS: u32 = 1_000;
/// Highest priority of a job; the lowest is as far below 0.
pub const MAX_PRIORITY: i16 = 100;
/// Longest delay, backoff, time-out, period and age, in milliseconds: ten years.
pub const MAX_DELAY_MS: u64 = 10 * 366 * 24 * 3_600 * 1_000;
/// Shortest time-out of an attempt, in milliseconds.
pub const MIN_TIMEOUT_MS: u64 = 100;
/// Shortest first wait of a backoff, in milliseconds.
pub const MIN_BACKOFF_MS: u64 = 100;
/// Most that a backoff may vary by, in percent.
pub const MAX_JITTER_PERCENT: u8 = 50;
/// Most jobs in one call that adds several.
pub const MAX_JOBS_PER_ADD: usize = 10_000;
/// Longest name of a batch, in characters.
pub const MAX_BATCH_NAME_CHARS: usize = 200;
/// Largest body of such a call over HTTP, in bytes. (Over the WebSocket it is [`MAX_FRAME_BYTES`].)
pub const MAX_ADD_BYTES: usize = 32 * 1024 * 1024;
/// Most jobs that one job may wait for.
pub const MAX_DEPENDENCIES: usize = 10_000;
/// Most waits of one call that adds several jobs, over all its jobs but `then`: each is a row of its own, written in the
/// same transaction.
pub const MAX_WAITS_PER_ADD: usize = 20_000;
/// Most jobs listed among those that wait for a job.
pub const MAX_SHOWN_DEPENDENTS: usize = 100;
/// Longest key of a unique job, of a limit, or of an idempotent request, in bytes.
pub const MAX_KEY_BYTES: usize = 256;
/// How long the answer to a request with an `Idempotency-Key` is kept, in milliseconds: a day.
pub const IDEMPOTENCY_MS: i64 = 24 * 3_600 * 1_000;
/// Most lines that are kept of the log of one attempt.
pub const MAX_LOG_LINES: u32 = 1_000;
/// Longest line of a log, in characters; the rest is cut, and the cut shown.
pub const MAX_LOG_LINE_CHARS: usize = 1_000;
/// Most starts that the rate of a limit may allow in its time.
pub const MAX_RATE_COUNT: u32 = 1_000_000;
/// Most limits that may exist.
pub const MAX_LIMITS: usize = 100;
/// Most schedules that may exist.
pub const MAX_SCHEDULES: usize = 500;
/// Largest job of a schedule, in bytes of JSON: all schedules together are one list of the view `yard`.
pub const MAX_SCHEDULE_BYTES: usize = 8 * 1024;
/// Most missed runs of a schedule that are made up for.
pub const MAX_MISSED_RUNS: usize = 100;
/// Longest time in which an operation may be undone, in milliseconds.
pub const MAX_UNDO_MS: u32 = 60_000;
/// How long an operation may be undone unless it says otherwise, in milliseconds.
pub const DEFAULT_UNDO_MS: u32 = 10_000;
/// How many operations are kept, and most that may be under way.
pub const MAX_KEPT_OPERATIONS: usize = 50;
/// Shortest age at which finished jobs may be deleted, in milliseconds: a minute.
pub const MIN_RETENTION_MS: u64 = 60_000;
/// Most queues that may exist.
pub const MAX_QUEUES: usize = 1_000;

/// Most keys, entries or users of a service that are shown.
pub const MAX_SERVICE_ROWS: usize = 100;

/// Whether `text` is a JSON Pointer (RFC 6901): empty, or beginning with a slash, and with 0 or 1 behind each `~`.
pub fn is_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/'))
        && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}

/// Whether `text` may name a kind, a queue, a limit or a schedule: [`IDENTIFIER_RULE`].
pub fn is_identifier(text: &str) -> bool {
    text.len() <= MAX_IDENTIFIER_BYTES
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
