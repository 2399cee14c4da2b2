//! How many bytes of replies are on their way to a client that has not shown that it reads. Pure.
//!
//! The WebSocket context takes whatever it is given, so this counts. Live frames are not counted: they have
//! their credit. What shows that a client reads: the pong to a ping (which carries a number), and the
//! acknowledgement of a live frame; both say that everything sent before was read.

use std::collections::VecDeque;

/// Pings under way. One for each quarter of the bound, and those of the heartbeat; of more, the oldest is
/// forgotten.
const MAX_PROBES: usize = 16;

pub(super) struct Backlog {
    max: u64,
    sent: u64,
    read: u64,
    probes: VecDeque<Probe>,
    latest_probe: u64,
    /// `sent` at the latest probe.
    probed_at: u64,
}

struct Probe {
    number: u64,
    mark: u64,
}

impl Backlog {
    pub fn new(max: u64) -> Self {
        Backlog { max, sent: 0, read: 0, probes: VecDeque::new(), latest_probe: 0, probed_at: 0 }
    }

    /// Whether no further reply may be sent: the client must be closed.
    pub fn is_over(&self) -> bool {
        self.sent - self.read > self.max
    }

    pub fn add(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Where in the stream of replies we are.
    pub fn mark(&self) -> u64 {
        self.sent
    }

    /// The client has read everything up to this mark.
    pub fn read_up_to(&mut self, mark: u64) {
        self.read = self.read.max(mark);
    }

    pub fn needs_probe(&self) -> bool {
        self.sent - self.probed_at.max(self.read) > self.max / 4
    }

    /// What the next ping must carry.
    pub fn probe(&mut self) -> [u8; 8] {
        if self.probes.len() >= MAX_PROBES {
            self.probes.pop_front();
        }
        self.latest_probe += 1;
        self.probed_at = self.sent;
        self.probes.push_back(Probe { number: self.latest_probe, mark: self.sent });
        self.latest_probe.to_be_bytes()
    }

    /// A pong that carried this. One that was never asked for shows nothing.
    pub fn pong(&mut self, payload: &[u8]) {
        let Ok(number) = payload.try_into().map(u64::from_be_bytes) else { return };
        if !self.probes.iter().any(|probe| probe.number == number) {
            return;
        }
        while let Some(probe) = self.probes.front().filter(|probe| probe.number <= number) {
            self.read = self.read.max(probe.mark);
            self.probes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_answers_pings_is_never_over() {
        let mut backlog = Backlog::new(1000);
        for _ in 0..1000 {
            backlog.add(100);
            assert!(!backlog.is_over());
            if backlog.needs_probe() {
                let ping = backlog.probe();
                backlog.pong(&ping);
            }
        }
    }

    #[test]
    fn a_client_that_answers_nothing_or_makes_answers_up_is_over_at_the_bound() {
        let mut backlog = Backlog::new(1000);
        for _ in 0..10 {
            backlog.add(100);
            if backlog.needs_probe() {
                backlog.probe();
            }
            backlog.pong(&u64::MAX.to_be_bytes());
            backlog.pong(b"hello");
            assert!(!backlog.is_over());
        }
        backlog.add(1);
        assert!(backlog.is_over());
    }

    #[test]
    fn a_late_pong_shows_only_what_was_sent_before_its_ping() {
        let mut backlog = Backlog::new(1000);
        backlog.add(600);
        let ping = backlog.probe();
        backlog.add(600);
        assert!(backlog.is_over());
        backlog.pong(&ping);
        assert!(!backlog.is_over());
        backlog.add(401);
        assert!(backlog.is_over());
    }
}
