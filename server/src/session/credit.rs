//! How many live frames a connection may be sent. Pure.
//!
//! Frames count until they are acknowledged. A frame for which there is no credit is dropped and its view is
//! stale; once there is credit again, one fresh snapshot of each stale view is asked for, as many at a time
//! as there is credit, the longest stale first.

use std::collections::VecDeque;

use taskyard_shared::limits::MAX_UNACKNOWLEDGED_FRAMES;
use taskyard_shared::view::ViewId;

/// The views of one connection: at most `MAX_VIEWS_PER_CONNECTION`, which the session checks.
#[derive(Default)]
pub(super) struct Credit {
    watched: Vec<Watched>,
    /// Stale views, the longest stale first.
    stale: VecDeque<ViewId>,
}

struct Watched {
    view: ViewId,
    /// At most as many as there is credit.
    unacknowledged: VecDeque<Sent>,
    standing: Standing,
}

struct Sent {
    seq: u64,
    /// Where in the stream of replies it was sent: see [`super::backlog`].
    mark: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Current,
    Stale,
    /// A snapshot was asked for; its place is kept free.
    Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Snapshot,
    /// One delta, or several that count as one.
    Delta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Send,
    Drop,
    /// As `Drop`, and nothing more of the view is wanted for now.
    DropAndPause,
}

impl Credit {
    pub fn views(&self) -> usize {
        self.watched.len()
    }

    pub fn is_watching(&self, view: ViewId) -> bool {
        self.watched.iter().any(|watched| watched.view == view)
    }

    pub fn open(&mut self, view: ViewId) {
        if !self.is_watching(view) {
            let unacknowledged = VecDeque::new();
            self.watched.push(Watched { view, unacknowledged, standing: Standing::Current });
        }
    }

    pub fn close(&mut self, view: ViewId) {
        self.watched.retain(|watched| watched.view != view);
        self.stale.retain(|stale| *stale != view);
    }

    /// Decides about a frame that the hub sent. `mark` comes back with its acknowledgement.
    pub fn take(&mut self, view: ViewId, seq: u64, step: Step, mark: u64) -> Verdict {
        let free = self.free();
        let Some(watched) = self.watched.iter_mut().find(|watched| watched.view == view) else {
            return Verdict::Drop;
        };
        let has_place = free > 0 || watched.standing == Standing::Asked;
        match (step, watched.standing) {
            (Step::Delta, Standing::Stale | Standing::Asked) => Verdict::Drop,
            (Step::Snapshot, _) | (Step::Delta, Standing::Current) if has_place => {
                watched.unacknowledged.push_back(Sent { seq, mark });
                watched.standing = Standing::Current;
                self.stale.retain(|stale| *stale != view);
                Verdict::Send
            }
            _ => {
                self.mark_stale(view);
                Verdict::DropAndPause
            }
        }
    }

    /// The hub could not send, or lost what it was asked.
    pub fn missed(&mut self, view: ViewId) {
        self.mark_stale(view);
    }

    /// The mark of the latest frame that this acknowledges, if it acknowledges any.
    pub fn acknowledge(&mut self, view: ViewId, seq: u64) -> Option<u64> {
        let watched = self.watched.iter_mut().find(|watched| watched.view == view)?;
        let mut mark = None;
        while let Some(sent) = watched.unacknowledged.front().filter(|sent| sent.seq <= seq) {
            mark = Some(sent.mark);
            watched.unacknowledged.pop_front();
        }
        mark
    }

    /// A stale view of which a snapshot may be asked for now. Called until it answers None.
    pub fn next_to_ask(&mut self) -> Option<ViewId> {
        if self.free() == 0 {
            return None;
        }
        let view = self.stale.pop_front()?;
        let watched = self.watched.iter_mut().find(|watched| watched.view == view)?;
        watched.standing = Standing::Asked;
        Some(view)
    }

    fn mark_stale(&mut self, view: ViewId) {
        let Some(watched) = self.watched.iter_mut().find(|watched| watched.view == view) else { return };
        watched.standing = Standing::Stale;
        if !self.stale.contains(&view) {
            self.stale.push_back(view);
        }
    }

    fn free(&self) -> usize {
        let used: usize = self
            .watched
            .iter()
            .map(|watched| watched.unacknowledged.len() + usize::from(watched.standing == Standing::Asked))
            .sum();
        (MAX_UNACKNOWLEDGED_FRAMES as usize).saturating_sub(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ViewId = ViewId(1);
    const B: ViewId = ViewId(2);

    fn watching(views: &[ViewId]) -> Credit {
        let mut credit = Credit::default();
        views.iter().for_each(|view| credit.open(*view));
        credit
    }

    #[test]
    fn two_frames_go_unacknowledged_then_one_snapshot_follows_the_acknowledgement() {
        let mut credit = watching(&[A]);
        assert_eq!(credit.take(A, 0, Step::Snapshot, 10), Verdict::Send);
        assert_eq!(credit.take(A, 1, Step::Delta, 20), Verdict::Send);
        assert_eq!(credit.take(A, 2, Step::Delta, 30), Verdict::DropAndPause);
        assert_eq!(credit.take(A, 3, Step::Delta, 40), Verdict::Drop);
        assert_eq!(credit.next_to_ask(), None);
        assert_eq!(credit.acknowledge(A, 1), Some(20));
        assert_eq!(credit.next_to_ask(), Some(A));
        assert_eq!(credit.next_to_ask(), None);
        assert_eq!(credit.take(A, 4, Step::Delta, 50), Verdict::Drop, "only the snapshot is of use now");
        assert_eq!(credit.take(A, 4, Step::Snapshot, 60), Verdict::Send);
        assert_eq!(credit.take(A, 5, Step::Delta, 70), Verdict::Send);
    }

    #[test]
    fn credit_is_the_connections_and_stale_views_take_turns() {
        let mut credit = watching(&[A, B]);
        assert_eq!(credit.take(A, 0, Step::Snapshot, 0), Verdict::Send);
        assert_eq!(credit.take(A, 1, Step::Delta, 0), Verdict::Send);
        assert_eq!(credit.take(B, 0, Step::Snapshot, 0), Verdict::DropAndPause);
        assert_eq!(credit.take(A, 2, Step::Delta, 0), Verdict::DropAndPause);
        credit.acknowledge(A, 0);
        assert_eq!(credit.next_to_ask(), Some(B));
        assert_eq!(credit.next_to_ask(), None);
        assert_eq!(credit.take(B, 0, Step::Snapshot, 0), Verdict::Send);
        credit.acknowledge(A, 1);
        assert_eq!(credit.next_to_ask(), Some(A));
    }

    #[test]
    fn a_view_that_is_closed_gives_its_credit_back() {
        let mut credit = watching(&[A, B]);
        credit.take(A, 0, Step::Snapshot, 0);
        credit.take(A, 1, Step::Delta, 0);
        credit.take(B, 0, Step::Snapshot, 0);
        credit.close(A);
        assert_eq!(credit.next_to_ask(), Some(B));
        assert_eq!(credit.take(A, 2, Step::Delta, 0), Verdict::Drop);
    }

    #[test]
    fn acknowledging_what_was_never_sent_earns_nothing() {
        let mut credit = watching(&[A]);
        assert_eq!(credit.acknowledge(A, u64::MAX), None);
        assert_eq!(credit.acknowledge(B, 1), None);
        credit.take(A, 0, Step::Snapshot, 0);
        credit.take(A, 1, Step::Delta, 0);
        assert_eq!(credit.take(A, 2, Step::Delta, 0), Verdict::DropAndPause);
    }
}
