//! Who submits, as far as a rate is concerned.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// A client: its IPv4 address, or the first 64 bits of its IPv6 address, of which one customer usually has all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client(String);

impl Client {
    /// `peer`: who is connected; None where that is no address. `forwarded_for`: the values of the header
    /// `X-Forwarded-For`, in order, which counts only as far as trusted proxies wrote it: the client is the last
    /// address in it that is not one of theirs.
    pub fn new<'a>(
        peer: Option<IpAddr>,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
        trusted: &[IpNet],
    ) -> Self {
        let Some(mut client) = peer else { return Client("local".to_owned()) };
        for hop in forwarded_for.rev().flat_map(|value| value.rsplit(',')) {
            if !trusted.iter().any(|net| net.contains(&plain(client))) {
                break;
            }
            // What a proxy passed on without understanding it is the proxy's own.
            let Ok(address) = hop.trim().parse() else { break };
            client = address;
        }
        Client(match plain(client) {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

/// An IPv4 address that an IPv6 socket shows as `::ffff:192.0.2.1`.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded_for: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a net")).collect();
        let peer = peer.parse().expect("an address");
        Client::new(Some(peer), forwarded_for.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn without_trusted_proxies_the_peer_is_the_client_whatever_a_header_says() {
        assert_eq!(client("192.0.2.7", &["198.51.100.1"], &[]), "192.0.2.7");
        assert_eq!(client("192.0.2.7", &["198.51.100.1"], &["10.0.0.0/8"]), "192.0.2.7");
    }

    #[test]
    fn behind_trusted_proxies_the_client_is_the_last_address_that_is_none_of_theirs() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.1"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.2.3.4"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.1", "10.2.3.4"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["nobody"], trusted), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[], trusted), "10.0.0.1");
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one_client() {
        assert_eq!(client("2001:db8:1:2:3::4", &[], &[]), "2001:db8:1:2::/64");
        assert_eq!(client("::ffff:192.0.2.7", &[], &[]), "192.0.2.7");
    }
}
