//! Who may use the admin API.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use subtle::{Choice, ConstantTimeEq as _};

use super::key_hash;
use crate::Secret;

/// Who may use the admin API, and from where.
#[derive(Debug, PartialEq)]
pub struct AdminAccess {
    /// Whether there is one at all.
    pub enabled: bool,
    /// Whether callers have to say who they are; if not, all of them have the role `admin`.
    pub sign_in: bool,
    /// Tokens of the role `admin`.
    pub tokens: AdminTokens,
    /// Tokens of the role `viewer`.
    pub viewer_tokens: AdminTokens,
    /// Where browsers reach it, when the operator says so.
    pub public_url: Option<PublicUrl>,
    /// Names under which browsers may reach it beside the usual ones, in small letters.
    pub hosts: Vec<String>,
    /// Whose word on a caller's address and scheme counts.
    pub trusted_proxies: Vec<Network>,
    /// How long a session lasts without being used.
    pub session_idle: Duration,
    /// How long a session lasts at most.
    pub session_max: Duration,
    /// The base URL of the service that knows sessions of its own, without a slash at its end.
    pub session_service: Option<String>,
    /// The provider to sign in with.
    pub oidc: Option<OidcClient>,
}

/// Where browsers reach the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port as a browser says them in `Origin`.
    pub origin: String,
    /// Host and port as a browser says them in `Host`.
    pub authority: String,
    /// Whether it is reached over TLS.
    pub tls: bool,
}

/// What is known of an OpenID Connect provider, and of Trunkline as its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcClient {
    /// What it calls itself.
    pub issuer: String,
    /// What Trunkline is called there.
    pub client_id: String,
    /// `None`: a public client.
    pub client_secret: Option<Secret>,
    /// What people call the provider.
    pub name: String,
    /// What is asked for, with spaces between.
    pub scope: String,
    /// The claim that tells roles; dots may lead into an object.
    pub role_claim: String,
    /// Values of that claim for the role `admin`.
    pub admin_values: Vec<String>,
    /// Values of that claim for the role `viewer`.
    pub viewer_values: Vec<String>,
}

/// Addresses that begin alike; one address is a network, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address, or one with the length of what counts of it behind a slash.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text.trim(), None),
        };
        let first: IpAddr = address.parse().ok()?;
        let bits_max = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(bits_max);
        (bits <= bits_max).then_some(Self { first, bits })
    }

    /// Whether the address is one of them.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The tokens of the admin API, by the SHA-256 of each. Its `Debug` shows none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdminTokens(Vec<[u8; 32]>);

impl AdminTokens {
    pub(crate) fn new(hashes: Vec<[u8; 32]>) -> Self {
        Self(hashes)
    }

    /// Whether this is one of them. Takes as long for any that is not.
    pub fn know(&self, presented: &[u8]) -> bool {
        let hash = key_hash(presented);
        self.0.iter().fold(Choice::from(0), |known, token| known | token.ct_eq(&hash)).into()
    }
}

impl fmt::Debug for AdminTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminTokens({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_begins_alike() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::2", true),
            ("2001:db8::/32", "2001:db9::2", false),
            ("::1", "::1", true),
        ] {
            let network = Network::parse(network).expect("a network");
            assert_eq!(network.holds(address.parse().expect("an address")), expected, "{network:?} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "example.com", "10.0.0.0/", "10.0.0/8"] {
            assert_eq!(Network::parse(wrong), None, "{wrong:?}");
        }
    }
}
