//! The cache as others see it.

use std::time::Duration;

use actix::Addr;
use serde::Serialize;
use serde::de::DeserializeOwned;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::{MAX_DELAY_MS, MAX_KEY_BYTES};
use taskyard_shared::service::CacheStatus;

use super::actor::{CacheActor, PART};
use super::entries::{Cached, Wanted};
use super::messages::{Ask, Drop as DropAll, Found, Get, Invalidate, Put, ShowCache};
use crate::clock::Clock;
use crate::services::ServiceError;

/// Asks the cache. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    addr: Addr<CacheActor>,
    clock: Clock,
}

/// Why [`Cache::get_or_compute`] has no value.
#[derive(Debug, thiserror::Error)]
pub enum ComputeError<E> {
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The computation's own.
    #[error("{0}")]
    Failed(E),
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This caller computed it.
    Computed,
    /// It was there, or another caller computed it meanwhile.
    Cached(Cached),
}

/// How a value is asked for that may have to be computed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    /// For how long it is kept if it is computed.
    pub ttl: Duration,
    /// The job whose result it is if it is computed.
    pub of_job: Option<JobId>,
    /// What will do of what is there.
    pub wanted: Wanted,
}

impl Cache {
    pub(crate) fn new(addr: Addr<CacheActor>, clock: Clock) -> Self {
        Cache { addr, clock }
    }

    /// The value under `key`, if there is one and its time is not over.
    ///
    /// # Errors
    /// The cache is restarting, or the value is not what is wanted.
    pub async fn get<T: DeserializeOwned>(&self, key: impl Into<String>) -> Result<Option<T>, ServiceError> {
        let found = self.ask(Get { key: key.into() }).await?;
        found.map(|cached| read(&cached)).transpose()
    }

    /// Keeps `value` under `key` for `ttl`, in place of what was there. Answers whether it is kept: not when it weighs
    /// more than an eighth of the cache. Keys of different uses should begin differently: `rates:EUR`.
    /// Those that begin with `job:` are for results of jobs.
    ///
    /// # Errors
    /// The cache is restarting, the key is longer than 256 bytes, or the value is no JSON.
    pub async fn put<T: Serialize>(
        &self,
        key: impl Into<String>,
        value: &T,
        ttl: Duration,
    ) -> Result<bool, ServiceError> {
        let key = checked(key)?;
        let cached = self.cached(value, ttl, None)?;
        self.ask(Put { key, cached }).await
    }

    /// Drops what is under `key`. Answers whether there was something.
    ///
    /// # Errors
    /// The cache is restarting.
    pub async fn invalidate(&self, key: impl Into<String>) -> Result<bool, ServiceError> {
        self.ask(Invalidate { key: key.into() }).await
    }

    /// Drops everything. Answers how many entries that were.
    ///
    /// # Errors
    /// The cache is restarting.
    pub async fn clear(&self) -> Result<u64, ServiceError> {
        self.ask(DropAll).await
    }

    /// The value under `key`; when there is none, what `compute` makes, which is then kept for `ttl`. Of all who ask for
    /// the key meanwhile only one computes. When that one fails, or is dropped, the next one computes.
    ///
    /// # Errors
    /// The computation's own, or as [`Cache::put`].
    pub async fn get_or_compute<T, E, F>(
        &self,
        key: impl Into<String>,
        ttl: Duration,
        compute: F,
    ) -> Result<T, ComputeError<E>>
    where
        T: Serialize + DeserializeOwned,
        F: AsyncFnOnce() -> Result<T, E>,
    {
        let terms = Terms { ttl, ..Terms::default() };
        self.compute_for(key, terms, compute).await.map(|(value, _)| value)
    }

    /// As [`Cache::get_or_compute`], on these terms, and says where the value came from.
    ///
    /// # Errors
    /// As [`Cache::get_or_compute`]. A value that can be written as JSON is not lost once it is computed.
    pub(crate) async fn compute_for<T, E, F>(
        &self,
        key: impl Into<String>,
        terms: Terms,
        compute: F,
    ) -> Result<(T, Source), ComputeError<E>>
    where
        T: Serialize + DeserializeOwned,
        F: AsyncFnOnce() -> Result<T, E>,
    {
        let key = checked(key)?;
        let computation = loop {
            let cached = match self.ask(Ask { key: key.clone(), wanted: terms.wanted }).await? {
                Found::There(cached) => cached,
                Found::Compute(computation) => break computation,
                Found::Wait(landing) => match landing.await {
                    Ok(cached) => cached,
                    Err(_) => continue,
                },
            };
            return Ok((read(&cached)?, Source::Cached(cached)));
        };
        let value = compute().await.map_err(ComputeError::Failed)?;
        computation.land(self.cached(&value, terms.ttl, terms.of_job)?);
        Ok((value, Source::Computed))
    }

    /// How it stands.
    ///
    /// # Errors
    /// It is restarting, or has stopped.
    pub async fn status(&self) -> Result<CacheStatus, ServiceError> {
        self.addr.send(ShowCache).await.map_err(|error| self.unanswered(&error))
    }

    fn cached<T: Serialize>(
        &self,
        value: &T,
        ttl: Duration,
        job: Option<JobId>,
    ) -> Result<Cached, ServiceError> {
        let json = serde_json::to_string(value)
            .map_err(|error| ServiceError::Refused(format!("the value is no JSON: {error}")))?;
        let put_at_ms = self.clock.now_ms();
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).min(MAX_DELAY_MS);
        let expires_at_ms = put_at_ms.saturating_add_unsigned(ttl_ms);
        Ok(Cached { json: json.into(), put_at_ms, expires_at_ms, job })
    }

    async fn ask<M, T>(&self, message: M) -> Result<T, ServiceError>
    where
        M: actix::Message<Result = Result<T, ServiceError>> + Send + 'static,
        T: Send + 'static,
        CacheActor: actix::Handler<M>,
    {
        self.addr.send(message).await.unwrap_or_else(|error| Err(self.unanswered(&error)))
    }

    fn unanswered(&self, error: &actix::MailboxError) -> ServiceError {
        ServiceError::unanswered(PART, error, self.addr.connected())
    }
}

fn checked(key: impl Into<String>) -> Result<String, ServiceError> {
    let key = key.into();
    if key.len() > MAX_KEY_BYTES {
        return Err(ServiceError::Refused(format!("a key has at most {MAX_KEY_BYTES} bytes")));
    }
    Ok(key)
}

fn read<T: DeserializeOwned>(cached: &Cached) -> Result<T, ServiceError> {
    serde_json::from_str(&cached.json)
        .map_err(|error| ServiceError::Refused(format!("the cached value is not what is wanted: {error}")))
}
