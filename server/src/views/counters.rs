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
    /// Restarts of the hub after a panic.
    pub hub_restarts: AtomicU64,
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
