//! What a program writes: into the job's log line by line while it runs, and its beginning into the result.

use taskyard_shared::log::LogLevel;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::kinds::context::JobContext;

/// How much is read at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// What a line may have; the rest of it is left out. A log keeps 1,000 characters of it, of up to four bytes each.
const MAX_LINE_BYTES: usize = 4 * 1_000 + 4;
/// What of all output goes into the result: the beginning.
const MAX_KEPT_BYTES: usize = 64 * 1024;
/// Most characters of the last line that an error repeats.
const MAX_LAST_CHARS: usize = 300;
/// Begins a line that says how far the program is, and is not logged: `::progress 0.4`.
const PROGRESS: &str = "::progress ";

/// What one of its outputs came to. Bounded by the constants above, however much is written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Output {
    kept: Vec<u8>,
    pub bytes: u64,
    /// The last line that is not blank.
    last: String,
}

impl Output {
    /// Its beginning.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }

    pub fn is_truncated(&self) -> bool {
        self.bytes > self.kept.len() as u64
    }

    pub fn last_line(&self) -> Option<&str> {
        (!self.last.is_empty()).then_some(self.last.as_str())
    }
}

/// Reads until everyone who has the other end has closed it. A reader that fails has read its last.
pub(super) async fn follow(mut source: impl AsyncRead + Unpin, level: LogLevel, ctx: &JobContext) -> Output {
    let mut output = Output::default();
    let mut line = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(read @ 1..) = source.read(&mut chunk).await {
        let chunk = &chunk[..read];
        output.bytes += read as u64;
        let room = MAX_KEPT_BYTES.saturating_sub(output.kept.len()).min(read);
        output.kept.extend_from_slice(&chunk[..room]);
        let mut pieces = chunk.split(|byte| *byte == b'\n');
        // What stands before a line break ends a line; what stands behind the last one begins one.
        let mut piece = pieces.next().unwrap_or_default();
        for next in pieces {
            extend(&mut line, piece);
            output.hear(&line, level, ctx);
            line.clear();
            piece = next;
        }
        extend(&mut line, piece);
    }
    if !line.is_empty() {
        output.hear(&line, level, ctx);
    }
    output
}

fn extend(line: &mut Vec<u8>, piece: &[u8]) {
    let room = MAX_LINE_BYTES.saturating_sub(line.len()).min(piece.len());
    line.extend_from_slice(&piece[..room]);
}

impl Output {
    fn hear(&mut self, line: &[u8], level: LogLevel, ctx: &JobContext) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\r');
        if let Some(fraction) = progress(text) {
            return ctx.progress(fraction);
        }
        if !text.trim().is_empty() {
            self.last.clear();
            self.last.extend(text.trim().chars().take(MAX_LAST_CHARS));
        }
        // A blank line is a line too.
        ctx.log(level, if text.is_empty() { " " } else { text });
    }
}

fn progress(line: &str) -> Option<f64> {
    let fraction: f64 = line.strip_prefix(PROGRESS)?.trim().parse().ok()?;
    (0.0..=1.0).contains(&fraction).then_some(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::{test_context, test_files};

    async fn followed(written: &[u8]) -> (Output, Vec<String>, Vec<u16>) {
        let test = test_files();
        let context = test_context(&test.files);
        let output = follow(written, LogLevel::Info, &context.ctx).await;
        (output, context.told.log(), context.told.progress())
    }

    #[tokio::test]
    async fn lines_are_logged_as_they_end_and_the_last_one_without_a_break_too() {
        let (output, log, _) = followed(b"one\r\n\ntw\xffo\n  \nthree").await;
        assert_eq!(log, ["info: one", "info:  ", "info: tw\u{fffd}o", "info:   ", "info: three"]);
        assert_eq!((output.last_line(), output.bytes, output.is_truncated()), (Some("three"), 19, false));
    }

    #[tokio::test]
    async fn progress_is_told_and_not_logged() {
        let (_, log, progress) =
            followed(b"::progress 0.4\n::progress 1\n::progress 2\n::progress NaN\n").await;
        assert_eq!(progress, [400, 1000]);
        assert_eq!(log, ["info: ::progress 2", "info: ::progress NaN"]);
    }

    #[tokio::test]
    async fn a_line_without_end_and_a_flood_take_no_more_memory() {
        let (output, log, _) = followed(&vec![b'x'; 10 * 1024 * 1024]).await;
        assert_eq!((log.len(), log[0].len()), (1, "info: ".len() + MAX_LINE_BYTES));
        assert_eq!((output.text().len(), output.bytes), (MAX_KEPT_BYTES, 10 * 1024 * 1024));
        assert!(output.is_truncated());
        assert_eq!(output.last_line().map(str::len), Some(MAX_LAST_CHARS));
    }
}
