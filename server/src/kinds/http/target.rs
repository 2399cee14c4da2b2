//! What a proxy may be asked for. It resolves names by itself, so these are looked up here first: one that means an
//! address of this network, even one among others, is refused before the proxy hears of it.

use url::{Host, Url};

use super::addresses;
use super::exchange::refused;
use crate::config::HttpConfig;
use crate::kinds::job_error::JobError;

/// Does nothing without a proxy: then the addresses are checked that are connected to. Those that stand in a URL were
/// checked with it.
///
/// # Errors
/// The name means an address that may not be called, which is told for good, or nobody knows what it means.
pub(super) async fn check(url: &Url, config: &HttpConfig) -> Result<(), JobError> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    if config.proxy.is_empty() || config.allow_private_addresses {
        return Ok(());
    }
    let found = tokio::net::lookup_host((name, 0)).await.map_err(|error| {
        JobError::new(format!("cannot tell where {name} is, so the proxy is not asked for it: {error}"))
    })?;
    for address in found {
        addresses::check(address.ip(), config).map_err(|error| refused(format!("{name}: {error}")))?;
    }
    Ok(())
}
