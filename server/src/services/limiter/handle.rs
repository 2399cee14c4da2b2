//! The rate limiter as others see it.

use actix::Addr;
use taskyard_shared::limit::Rate;
use taskyard_shared::limits::{MAX_DELAY_MS, MAX_KEY_BYTES};
use taskyard_shared::service::LimiterStatus;

use super::actor::{PART, RateLimiter};
use super::keys::Verdict;
use super::messages::{Check, ShowLimiter};
use crate::services::ServiceError;

/// Asks the rate limiter. Cheap to clone.
#[derive(Clone)]
pub struct Limiter {
    addr: Addr<RateLimiter>,
}

impl Limiter {
    pub fn new(addr: Addr<RateLimiter>) -> Self {
        Limiter { addr }
    }

    /// Whether something may be done under `key` now; if so, it counts as done. Keys of different uses should begin
    /// differently: `mail:example.org`. A key is as often asked for with another rate as one likes: the latest holds.
    ///
    /// # Errors
    /// The limiter is restarting, the key is longer than 256 bytes, or the rate is out of bounds: see [`Rate`].
    pub async fn check(&self, key: impl Into<String>, rate: Rate) -> Result<Verdict, ServiceError> {
        let key = key.into();
        if key.len() > MAX_KEY_BYTES {
            return Err(ServiceError::Refused(format!("a key has at most {MAX_KEY_BYTES} bytes")));
        }
        let is_rate = (1..=1_000_000).contains(&rate.count)
            && (1..=MAX_DELAY_MS).contains(&rate.per_ms)
            && (1..=rate.count).contains(&rate.burst);
        if !is_rate {
            return Err(ServiceError::Refused(format!("{rate:?} is out of bounds")));
        }
        let answer = self.addr.send(Check { key, rate }).await;
        answer.unwrap_or_else(|error| Err(self.unanswered(&error)))
    }

    /// How it stands.
    ///
    /// # Errors
    /// It is restarting, or has stopped.
    pub async fn status(&self) -> Result<LimiterStatus, ServiceError> {
        self.addr.send(ShowLimiter).await.map_err(|error| self.unanswered(&error))
    }

    fn unanswered(&self, error: &actix::MailboxError) -> ServiceError {
        ServiceError::unanswered(PART, error, self.addr.connected())
    }
}
