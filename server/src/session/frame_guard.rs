//! Refuses frames that are too large by what their header says, before their content is gathered.
//!
//! actix-http's own check comes only when the whole frame is in memory, so that a header could make the
//! server hold any amount. This stands before it and reads the headers alone (RFC 6455, section 5.2).

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// Passes a client's bytes on until a frame announces more than the bound. Then it gives one error, and
/// swallows the rest, so that the client can still read why.
pub(super) struct FrameGuard<S> {
    stream: S,
    meter: FrameMeter,
    tripped: Rc<Cell<bool>>,
}

impl<S> FrameGuard<S> {
    /// `tripped` tells the session that a frame was too large.
    pub fn new(stream: S, max_bytes: usize, tripped: Rc<Cell<bool>>) -> Self {
        FrameGuard { stream, meter: FrameMeter::new(max_bytes as u64), tripped }
    }
}

impl<S> Stream for FrameGuard<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let guard = self.get_mut();
        loop {
            let chunk = match Pin::new(&mut guard.stream).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => chunk,
                other => return other,
            };
            if guard.tripped.get() {
                continue;
            }
            if guard.meter.passes(&chunk) {
                return Poll::Ready(Some(Ok(chunk)));
            }
            guard.tripped.set(true);
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
    }
}

/// Follows the frames in a stream of bytes by their lengths.
struct FrameMeter {
    max_bytes: u64,
    /// The header that is being read: 2 to 14 bytes.
    header: Vec<u8>,
    /// Bytes of content still to come.
    content: u64,
}

impl FrameMeter {
    fn new(max_bytes: u64) -> Self {
        FrameMeter { max_bytes, header: Vec::with_capacity(14), content: 0 }
    }

    /// Whether every frame that begins in these bytes keeps to the bound.
    fn passes(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.content > 0 {
                let skip = self.content.min(bytes.len() as u64);
                self.content -= skip;
                bytes = &bytes[skip as usize..];
                continue;
            }
            self.header.push(bytes[0]);
            bytes = &bytes[1..];
            if let Some(content) = content_length(&self.header) {
                if content > self.max_bytes {
                    return false;
                }
                self.content = content;
                self.header.clear();
            }
        }
        true
    }
}

/// The length of the content, once the header is complete.
fn content_length(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if header.len() < 2 + extended + mask {
        return None;
    }
    let short = u64::from(second & 0x7f);
    let long = header[2..2 + extended].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    Some(if extended == 0 { short } else { long })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length_bytes: &[u8], content: usize) -> Vec<u8> {
        let mut bytes = vec![0x81];
        bytes.extend_from_slice(length_bytes);
        bytes.extend_from_slice(&[1, 2, 3, 4]);
        bytes.resize(bytes.len() + content, b'x');
        bytes
    }

    #[test]
    fn frames_within_the_bound_pass_however_they_are_cut() {
        let mut bytes = frame(&[0x80 | 5], 5);
        bytes.extend(frame(&[0x80 | 126, 0x01, 0x00], 256));
        bytes.extend(frame(&[0x80], 0));
        bytes.extend(frame(&[0x80 | 127, 0, 0, 0, 0, 0, 0, 3, 0xe8], 1000));
        for size in 1..20 {
            let mut meter = FrameMeter::new(1000);
            assert!(bytes.chunks(size).all(|chunk| meter.passes(chunk)), "chunks of {size}");
            assert!(meter.header.is_empty() && meter.content == 0);
        }
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_by_its_header() {
        let mut meter = FrameMeter::new(1000);
        assert!(!meter.passes(&frame(&[0x80 | 126, 0x03, 0xe9], 0)));
        let mut meter = FrameMeter::new(1000);
        assert!(!meter.passes(&frame(&[0x80 | 127, 0xff, 0, 0, 0, 0, 0, 0, 0], 0)));
    }
}
