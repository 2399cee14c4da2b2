//! The `http` kind: one HTTP request, its response the result.
//!
//! Whoever may add jobs chooses the URL, so the server's own network must stay out of reach: only public
//! addresses are connected to, unless [`HttpConfig`] says otherwise. That is checked where it cannot be
//! talked round: on the addresses that a name resolved to ([`resolver`]), which are the very ones then
//! connected to, on addresses that stand in the URL itself, and again on every redirect ([`exchange`]). With a proxy,
//! names are looked up and checked here before the proxy is asked ([`target`]); it looks them up again by itself, so
//! what a name means to it is its own to judge.
//!
//! A request that failed is sent again, whatever its method: who must not have one twice gives the job one attempt.
//! What another attempt cannot change fails at once: an address that may not be called, and a status 4xx other than
//! 408, 425 and 429. A server that says `Retry-After` is left alone for so long.

mod addresses;
mod args;
mod client;
mod exchange;
mod resolver;
mod response;
mod retry_after;
pub mod signature;
mod target;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use taskyard_shared::error::FieldError;

use super::context::JobContext;
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, Worker};
pub use crate::config::HttpConfig;
pub use args::{HttpArgs, Method};
pub use client::HttpSetupError;
use exchange::Exchange;
use signature::Secrets;

/// Longest time of an attempt: a request's own time-out is five minutes at most, and this is a minute more.
const TIMEOUT: Duration = Duration::from_secs(6 * 60);

/// See the module.
pub struct Http {
    client: reqwest::Client,
    config: HttpConfig,
    secrets: Secrets,
}

impl Http {
    /// # Errors
    /// TLS or the proxy cannot be set up, or a secret cannot be used.
    pub fn new(config: HttpConfig) -> Result<Self, HttpSetupError> {
        let secrets = Secrets::read(&config.secrets)?;
        Ok(Http { client: client::build(&config)?, config, secrets })
    }
}

impl Worker for Http {
    const KIND: &'static str = "http";
    const DESCRIPTION: &'static str = "Sends an HTTP request and keeps the response.";
    type Args = HttpArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 8 }
    }

    /// Eight attempts, which makes about four minutes.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { max_attempts: 8, timeout: Some(TIMEOUT), ..RetryPolicy::default() }
    }

    fn label(&self, args: &HttpArgs) -> Label {
        Label { name: args.url.clone(), detail: args.method.as_str().to_owned() }
    }

    fn check(&self, args: &HttpArgs) -> Result<(), Vec<FieldError>> {
        args.check(&self.config, &self.secrets)
    }

    async fn perform(&self, args: HttpArgs, ctx: JobContext) -> JobResult {
        let begun = Instant::now();
        let timeout_s = args.timeout_s;
        let work = async {
            let exchange = Exchange::new(self, &args, &ctx)?;
            let answer = exchange.run(&ctx).await?;
            response::read(answer, &args.expected_statuses, &ctx).await
        };
        let finished = tokio::time::timeout(Duration::from_secs(timeout_s.into()), work).await;
        let mut result =
            finished.map_err(|_| JobError::new(format!("no complete response within {timeout_s} s")))??;
        result["elapsed_ms"] = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).into();
        Ok(result)
    }
}
