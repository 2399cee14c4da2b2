//! Which addresses are public.
//!
//! Sources: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::config::HttpConfig;

/// An address that requests may not go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused: {address} is {what}, and this server's configuration allows public addresses only")]
pub(super) struct Refused {
    pub address: IpAddr,
    pub what: &'static str,
}

/// # Errors
/// Requests may not go to `address`.
pub(super) fn check(address: IpAddr, config: &HttpConfig) -> Result<(), Refused> {
    let allowed = |address: IpAddr| config.allow.iter().any(|network| network.contains(&address));
    if config.allow_private_addresses || allowed(address) || allowed(address.to_canonical()) {
        return Ok(());
    }
    match not_public(address) {
        None => Ok(()),
        Some(what) => Err(Refused { address, what }),
    }
}

/// What the address is, if it is not a public one.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

const V4: [(Ipv4Net, &str); 15] = [
    (v4_net([0, 0, 0, 0], 8), "an unspecified address"),
    (v4_net([10, 0, 0, 0], 8), "a private address"),
    (v4_net([100, 64, 0, 0], 10), "a private address (carrier-grade NAT)"),
    (v4_net([127, 0, 0, 0], 8), "a loopback address"),
    (v4_net([169, 254, 0, 0], 16), "a link-local address"),
    (v4_net([172, 16, 0, 0], 12), "a private address"),
    (v4_net([192, 0, 0, 0], 24), "a reserved address"),
    (v4_net([192, 0, 2, 0], 24), "an address for documentation"),
    (v4_net([192, 88, 99, 0], 24), "a reserved address (6to4 relay)"),
    (v4_net([192, 168, 0, 0], 16), "a private address"),
    (v4_net([198, 18, 0, 0], 15), "an address for benchmarks"),
    (v4_net([198, 51, 100, 0], 24), "an address for documentation"),
    (v4_net([203, 0, 113, 0], 24), "an address for documentation"),
    (v4_net([224, 0, 0, 0], 4), "a multicast address"),
    (v4_net([240, 0, 0, 0], 4), "a reserved or broadcast address"),
];

fn v4(address: Ipv4Addr) -> Option<&'static str> {
    V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, what)| *what)
}

/// Only `2000::/3` is handed out to the public; what is special outside of it gets its name here, so that
/// the error can say it.
const V6: [(Ipv6Net, &str); 11] = [
    (v6_net([0, 0, 0, 0, 0, 0, 0, 0], 128), "an unspecified address"),
    (v6_net([0, 0, 0, 0, 0, 0, 0, 1], 128), "a loopback address"),
    (v6_net([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "a private address (local NAT64)"),
    (v6_net([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "a private address (unique local)"),
    (v6_net([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "a link-local address"),
    (v6_net([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "a private address (site-local)"),
    (v6_net([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "a multicast address"),
    // Teredo is in there: its addresses hold an IPv4 address that nobody checked.
    (v6_net([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "a reserved address"),
    (v6_net([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "an address for documentation"),
    (v6_net([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "an address for documentation"),
    (v6_net([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "a reserved address"),
];
const PUBLIC_V6: Ipv6Net = v6_net([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

fn v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(embedded) = embedded_v4(address) {
        return v4(embedded);
    }
    if let Some((_, what)) = V6.iter().find(|(network, _)| network.contains(&address)) {
        return Some(what);
    }
    (!PUBLIC_V6.contains(&address)).then_some("a reserved address")
}

/// The IPv4 address that packets to this one end up at: IPv4-mapped (`::ffff:0:0/96`), the well-known NAT64
/// prefix (`64:ff9b::/96`, RFC 6052) and 6to4 (`2002::/16`, RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(low(a, b)),
        [0x2002, a, b, ..] => Some(low(a, b)),
        _ => None,
    }
}

const fn v4_net([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6_net([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}
