//! Turns names into addresses that may be connected to. The client connects to what this answers and asks
//! nobody else, so a name that answers differently the second time gains nothing.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use url::Url;

use super::addresses;
use crate::config::HttpConfig;

pub(super) struct CheckedResolver {
    config: HttpConfig,
    /// The proxy's own name: whoever wrote the configuration may have it anywhere.
    proxy_host: Option<String>,
}

impl CheckedResolver {
    pub fn new(config: &HttpConfig) -> Self {
        let proxy = Url::parse(&config.proxy).ok();
        let proxy_host = proxy.and_then(|proxy| proxy.host_str().map(str::to_owned));
        CheckedResolver { config: config.clone(), proxy_host }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let config = self.config.clone();
        // With a proxy nothing else is resolved here; what is asked of it was checked before.
        let is_proxy = self.proxy_host.as_deref() == Some(name.as_str());
        Box::pin(async move {
            // The port is the client's business; 0 stands for the one in the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let mut refused = None;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| match addresses::check(address.ip(), &config) {
                    _ if is_proxy => true,
                    Ok(()) => true,
                    Err(error) => {
                        refused = Some(error);
                        false
                    }
                })
                .collect();
            match refused {
                Some(refused) if allowed.is_empty() => Err(refused.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
