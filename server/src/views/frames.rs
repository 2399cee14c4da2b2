//! The frames of one view: numbered, serialised once, and the latest kept for tabs that come back.

use std::collections::VecDeque;

use bytestring::ByteString;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::view::{ViewDelta, ViewId, ViewSnapshot};

/// Most deltas that are kept for a resume. Older ones are forgotten: whoever needs them gets a snapshot.
const MAX_KEPT_FRAMES: usize = 256;
/// Most bytes of deltas that are kept, by the same rule.
const MAX_KEPT_BYTES: usize = 128 * 1024;

/// One frame, ready for every socket.
#[derive(Clone, Debug)]
pub struct Frame {
    pub seq: u64,
    pub text: ByteString,
}

/// See the module.
pub struct FrameLog {
    view: ViewId,
    seq: u64,
    kept: VecDeque<Frame>,
    kept_bytes: usize,
    /// The snapshot of the present `seq`, once somebody asked for it.
    snapshot: Option<ByteString>,
}

impl FrameLog {
    pub fn new(view: ViewId) -> Self {
        FrameLog { view, seq: 0, kept: VecDeque::new(), kept_bytes: 0, snapshot: None }
    }

    /// Numbers and serialises what changed.
    pub fn push(&mut self, delta: ViewDelta) -> Frame {
        self.seq += 1;
        self.snapshot = None;
        let frame = ServerFrame::Delta { view: self.view, seq: self.seq, delta };
        let frame = Frame { seq: self.seq, text: serialise(&frame) };
        self.keep(frame.clone());
        frame
    }

    /// The view as it stands after the latest frame. `make` is only called when nobody asked before.
    pub fn snapshot(&mut self, make: impl FnOnce() -> ViewSnapshot) -> Frame {
        let (view, seq) = (self.view, self.seq);
        let text = self
            .snapshot
            .get_or_insert_with(|| serialise(&ServerFrame::Snapshot { view, seq, snapshot: make() }));
        Frame { seq, text: text.clone() }
    }

    /// The frames that follow `seq`: none when that is the latest, and no answer when they are not all kept.
    pub fn since(&self, seq: u64) -> Option<Vec<Frame>> {
        let missing = usize::try_from(self.seq.checked_sub(seq)?).ok()?;
        let skipped = self.kept.len().checked_sub(missing)?;
        Some(self.kept.iter().skip(skipped).cloned().collect())
    }

    /// Goes on with a new number that no delta leads to, so that everybody needs a snapshot.
    pub fn restart(&mut self) {
        self.seq += 1;
        self.snapshot = None;
        self.kept.clear();
        self.kept_bytes = 0;
    }

    fn keep(&mut self, frame: Frame) {
        self.kept_bytes += frame.text.len();
        self.kept.push_back(frame);
        while self.kept.len() > MAX_KEPT_FRAMES || self.kept_bytes > MAX_KEPT_BYTES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.kept_bytes -= oldest.text.len();
        }
    }
}

/// A frame as its text.
pub(crate) fn serialise(frame: &ServerFrame) -> ByteString {
    // The types have string keys only and no failing implementations, so this cannot fail; if it ever does,
    // the client is told rather than the process ended.
    serde_json::to_string(frame).map_or_else(
        |error| {
            tracing::error!(%error, "a frame could not be serialised");
            ByteString::from_static(
                r#"{"type":"error","error":{"code":"internal","message":"a frame could not be written"}}"#,
            )
        },
        ByteString::from,
    )
}
