//! What the live side has done so far, for metrics. Sessions and the hub write them, anyone may read them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};

/// All of the live side's counters.
#[derive(Debug, Default)]
pub struct LiveCounters {
    /// Sockets that are open now.
    pub open_sessions: AtomicUsize,
    /// Handshakes refused because too many sockets were open.
    pub refused_sessions: AtomicU64,
    /// Handshakes refused because a page of another site asked.
    pub refused_origins: AtomicU64,
    /// Live frames handed to sessions.
    pub frames_sent: AtomicU64,
    /// Live frames not sent because the tab had no credit or its mailbox was full.
    pub frames_dropped: AtomicU64,
    /// Snapshots sent to tabs that had missed frames.
    pub resyncs: AtomicU64,
    /// Frames from clients that were no message of the protocol.
    pub bad_frames: AtomicU64,
    /// Commands refused because too many of the same connection were being executed.
    pub refused_commands: AtomicU64,
    /// Sockets closed by the server because of what the client did, or did not do.
    pub closed_by_server: AtomicU64,
    /// Views that exist now.
    pub views: AtomicUsize,
    /// `watch`es refused because too many different views were being watched.
    pub refused_views: AtomicU64,
    /// Reads of the store for rows of views.
    pub view_reads: AtomicU64,
    /// Reads of the store that failed; each is tried again.
    pub view_reads_failed: AtomicU64,
    /// Commits that came too fast to be kept during a read, which is then done again.
    pub view_reads_overrun: AtomicU64,
    /// Lines of logs that came between two frames beyond what a view holds, and were let go.
    pub log_lines_skipped: AtomicU64,
    /// Restarts of the hub after a panic.
    pub hub_restarts: AtomicU64,
}

impl LiveCounters {
    /// Every counter with its name and what it counts, for metrics. Names that end in `_total` only grow.
    pub fn readings(&self) -> [(&'static str, &'static str, u64); 16] {
        let all = |counter: &AtomicU64| counter.load(Relaxed);
        let now = |gauge: &AtomicUsize| gauge.load(Relaxed) as u64;
        [
            ("open_sessions", "Sockets open now.", now(&self.open_sessions)),
            ("refused_sessions_total", "Handshakes refused: too many sockets.", all(&self.refused_sessions)),
            ("refused_origins_total", "Handshakes refused: foreign page.", all(&self.refused_origins)),
            ("frames_sent_total", "Live frames handed to sessions.", all(&self.frames_sent)),
            ("frames_dropped_total", "Live frames not sent: the tab was behind.", all(&self.frames_dropped)),
            ("resyncs_total", "Snapshots sent to tabs that had missed frames.", all(&self.resyncs)),
            ("bad_frames_total", "Frames that were no message of the protocol.", all(&self.bad_frames)),
            ("refused_commands_total", "Commands refused: too many at once.", all(&self.refused_commands)),
            ("closed_by_server_total", "Sockets closed by the server.", all(&self.closed_by_server)),
            ("views", "Live views now.", now(&self.views)),
            ("refused_views_total", "Watches refused: too many views.", all(&self.refused_views)),
            ("view_reads_total", "Reads of the store for views.", all(&self.view_reads)),
            ("view_reads_failed_total", "Of these, failed.", all(&self.view_reads_failed)),
            (
                "view_reads_overrun_total",
                "Of these, overtaken and done again.",
                all(&self.view_reads_overrun),
            ),
            ("log_lines_skipped_total", "Lines of logs not sent: too many.", all(&self.log_lines_skipped)),
            ("hub_restarts_total", "Restarts of the hub after a panic.", all(&self.hub_restarts)),
        ]
    }
}

/// A place among the open sessions; given back when dropped.
pub struct OpenSession {
    counters: Arc<LiveCounters>,
}

impl OpenSession {
    /// None when `max` are open already.
    pub fn take(counters: &Arc<LiveCounters>, max: usize) -> Option<Self> {
        let taken =
            counters.open_sessions.fetch_update(Relaxed, Relaxed, |open| (open < max).then_some(open + 1));
        if taken.is_err() {
            counters.refused_sessions.fetch_add(1, Relaxed);
            return None;
        }
        Some(OpenSession { counters: Arc::clone(counters) })
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.counters.open_sessions.fetch_sub(1, Relaxed);
    }
}
