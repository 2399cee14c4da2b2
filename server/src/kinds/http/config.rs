//! Which addresses requests may go to.

use ipnet::IpNet;

/// Which addresses the `http` kind may reach beyond public ones. The default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpConfig {
    /// Every address is allowed, this machine's own and those of its network too. Whoever may add jobs then
    /// reaches what this server reaches.
    pub allow_private_addresses: bool,
    /// Networks that are allowed although they are not public.
    pub allowed_networks: Vec<IpNet>,
}
