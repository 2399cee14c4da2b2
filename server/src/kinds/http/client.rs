//! The client that all requests share.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

use super::resolver::CheckedResolver;
use super::signature::SecretError;
use crate::config::HttpConfig;

/// How long to wait for a connection, within the job's own timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Unused connections are kept this long, and so many to one host.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_IDLE_PER_HOST: usize = 4;

/// Why the `http` kind cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// No proxy from the environment (the configuration names one, and what it is asked for is checked) and no redirects of its own (ours are
/// checked, and forget what is not the next host's business).
pub(super) fn build(config: &HttpConfig) -> Result<reqwest::Client, HttpSetupError> {
    let proxy = match config.proxy.as_str() {
        "" => None,
        url => Some(reqwest::Proxy::all(url)?),
    };
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .dns_resolver(CheckedResolver::new(config))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
        .user_agent(concat!("taskyard/", env!("CARGO_PKG_VERSION")));
    let builder = match proxy {
        Some(proxy) => builder.proxy(proxy),
        None => builder,
    };
    Ok(builder.build()?)
}

/// Trusts what the system trusts, so that a company's own authority counts; Mozilla's list where the system
/// has none, as in a container with nothing else in it.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
