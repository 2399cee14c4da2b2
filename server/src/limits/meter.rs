//! What a limit has counted for one key, and what it makes of that.

use taskyard_shared::limit::Limit;

use super::gcra::Gcra;

/// What one key of a limit has used. All zero for a key that was never used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeterUse {
    /// Jobs at work, those that are being stopped included.
    pub running: u32,
    /// The rate's state: see [`Gcra`].
    pub arrival_us: i64,
}

/// Whether one more job may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Free,
    /// Not before this many milliseconds since the Unix epoch.
    NotBefore {
        at_ms: i64,
    },
    /// When a job that is at work has ended.
    Full,
}

impl MeterUse {
    /// Whether one more job of this key may start.
    pub fn admits(&self, limit: &Limit, now_ms: i64) -> Admission {
        if limit.concurrency.is_some_and(|most| self.running >= most) {
            return Admission::Full;
        }
        let now_us = now_ms.saturating_mul(1_000);
        match limit.rate.map(|rate| Gcra::new(rate).next_start_us(self.arrival_us, now_us)) {
            // The clock has milliseconds: rounded up, so that the time has come when it shows.
            Some(next_us) if next_us > now_us => {
                Admission::NotBefore { at_ms: (next_us + 999).div_euclid(1_000) }
            }
            _ => Admission::Free,
        }
    }

    /// How many jobs of this key may start now, one after the other.
    pub fn free(&self, limit: &Limit, now_ms: i64) -> u32 {
        let slots = limit.concurrency.map_or(u32::MAX, |most| most.saturating_sub(self.running));
        let starts = limit.rate.map_or(u32::MAX, |rate| {
            Gcra::new(rate).allowance(self.arrival_us, now_ms.saturating_mul(1_000))
        });
        slots.min(starts)
    }

    /// A job of this key has started.
    pub fn start(&mut self, limit: &Limit, now_ms: i64) {
        self.running += 1;
        if let Some(rate) = limit.rate {
            self.arrival_us = Gcra::new(rate).after_start(self.arrival_us, now_ms.saturating_mul(1_000));
        }
    }

    /// The work of a job of this key has ended.
    pub fn end(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Whether nothing would be lost if this were forgotten.
    pub fn is_idle(&self, now_ms: i64) -> bool {
        self.running == 0 && self.arrival_us <= now_ms.saturating_mul(1_000)
    }
}
