//! `[admin]`, and the variables above it.

use http::Uri;

use super::Resolver;
use super::hashed::hashed;
use crate::Secret;
use crate::path::{Path, path};
use crate::settings::{switch, table};
use crate::snapshot::{AdminAccess, AdminTokens, Network, OidcClient, PublicUrl, Server};

const NOT_A_URL: &str = "write an absolute URL, such as `https://login.example.com`, without credentials or query";

impl Resolver<'_, '_> {
    pub(super) fn admin(&mut self, server: &Server) -> AdminAccess {
        let section = &self.file.admin;
        AdminAccess {
            enabled: section.enabled,
            sign_in: self.sign_in(server),
            tokens: self.admin_tokens(),
            viewer_tokens: self.hashes(&path(&["admin", "viewer_tokens"]), &section.viewer_tokens),
            public_url: self.public_url(),
            hosts: self.hosts(),
            trusted_proxies: self.trusted_proxies(),
            session_idle: section.session_idle.duration(),
            session_max: section.session_max.duration(),
            session_service: self.session_service(),
            oidc: self.oidc(),
        }
    }

    /// Whether callers must say who they are. They need not when that was said, and nobody else can come.
    fn sign_in(&mut self, server: &Server) -> bool {
        let asked = self.layers().word(&table::AUTH_ENABLED, None, switch).unwrap_or(true);
        let section = &self.file.admin;
        if asked || !section.enabled {
            return true;
        }
        let reachable = server.admin_addresses().find(|address| !address.ip().to_canonical().is_loopback());
        if let Some(address) = reachable.filter(|_| !section.allow_unauthenticated) {
            let message = format!(
                "{address} can be reached from other machines, and without sign-in each of them could change everything"
            );
            let hint = "leave it out, listen on loopback, or say it twice: `allow_unauthenticated = true` in `[admin]`";
            self.findings.outside("AUTH_ENABLED", message, Some(hint.to_owned()));
        }
        let note = "`AUTH_ENABLED` is off: anyone who reaches this address may change everything";
        self.findings.notes.push(note.to_owned());
        false
    }

    fn admin_tokens(&mut self) -> AdminTokens {
        let file = self.file;
        let variable = self.layers().variable(&table::ADMIN_TOKEN);
        let mut hashes = Vec::new();
        if let Some(chosen) = &variable {
            match hashed(&chosen.text) {
                Ok(hash) => hashes.push(hash),
                Err((message, hint)) => self.findings.outside(chosen.origin, message, Some(hint.to_owned())),
            }
        }
        // The variable stands in the place of `token`, and beside `tokens`.
        if let Some(token) = file.admin.token.iter().find(|_| variable.is_none()) {
            hashes.extend(self.hash(&path(&["admin", "token"]), token));
        }
        let list = path(&["admin", "tokens"]);
        for (index, token) in file.admin.tokens.iter().enumerate() {
            hashes.extend(self.hash(&list.index(index), token));
        }
        AdminTokens::new(hashes)
    }

    fn hashes(&mut self, list: &Path, tokens: &[Secret]) -> AdminTokens {
        let hashes = tokens.iter().enumerate().filter_map(|(index, token)| self.hash(&list.index(index), token));
        AdminTokens::new(hashes.collect())
    }

    fn hash(&mut self, at: &Path, token: &Secret) -> Option<[u8; 32]> {
        hashed(token.expose()).map_err(|(message, hint)| self.findings.at(at, message, Some(hint.to_owned()))).ok()
    }

    fn public_url(&mut self) -> Option<PublicUrl> {
        let stated = self.file.admin.public_url.as_deref()?;
        let read = web(stated).filter(|(_, uri)| uri.path() == "/");
        if read.is_none() {
            let hint = "write scheme and host, such as `https://gateway.example.com`, without a path";
            self.findings.at(&path(&["admin", "public_url"]), "it is no address of a server", Some(hint.to_owned()));
        }
        let (tls, uri) = read?;
        let (scheme, plain) = if tls { ("https", ":443") } else { ("http", ":80") };
        let authority = uri.authority()?.as_str().to_ascii_lowercase();
        // A browser leaves out the port that its scheme implies.
        let authority = authority.strip_suffix(plain).unwrap_or(&authority).to_owned();
        Some(PublicUrl { origin: format!("{scheme}://{authority}"), authority, tls })
    }

    fn hosts(&mut self) -> Vec<String> {
        let hosts = &self.file.admin.hosts;
        let is_name = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        };
        for (index, _) in hosts.iter().enumerate().filter(|(_, host)| !is_name(host.trim())) {
            let hint = "write a name alone, such as `gateway.example.com`; ports do not matter";
            let at = path(&["admin", "hosts"]).index(index);
            self.findings.at(&at, "it is no name of a host", Some(hint.to_owned()));
        }
        hosts.iter().map(|host| host.trim().to_ascii_lowercase()).collect()
    }

    fn trusted_proxies(&mut self) -> Vec<Network> {
        let mut networks = Vec::new();
        for (index, text) in self.file.admin.trusted_proxies.iter().enumerate() {
            match Network::parse(text) {
                Some(network) => networks.push(network),
                None => {
                    let hint = "write an IP address, or a network such as `10.0.0.0/8`";
                    let at = path(&["admin", "trusted_proxies"]).index(index);
                    self.findings.at(&at, "it is no address", Some(hint.to_owned()));
                }
            }
        }
        networks
    }

    fn session_service(&mut self) -> Option<String> {
        let variable = self.layers().variable(&table::SESSION_SERVICE);
        let stated =
            variable.as_ref().map(|chosen| chosen.text.as_str()).or(self.file.admin.session_service.as_deref())?;
        if web(stated).is_none() {
            let (message, hint) = ("it is no address of a service", Some(NOT_A_URL.to_owned()));
            match &variable {
                Some(chosen) => self.findings.outside(chosen.origin, message, hint),
                None => self.findings.at(&path(&["admin", "session_service"]), message, hint),
            }
        }
        Some(stated.trim().trim_end_matches('/').to_owned())
    }

    fn oidc(&mut self) -> Option<OidcClient> {
        let section = &self.file.admin.oidc;
        let issuer = section.issuer.as_deref()?;
        let at = path(&["admin", "oidc"]);
        match web(issuer) {
            None => self.findings.at(&at.key("issuer"), "it is no address of a provider", Some(NOT_A_URL.to_owned())),
            Some((tls, uri)) if !tls && !is_loopback(&uri) => {
                let hint = "what it says of people must come over `https`, unless it is this machine's own";
                self.findings.at(&at.key("issuer"), "it could be anybody", Some(hint.to_owned()));
            }
            Some(_) => {}
        }
        let client_id = section.client_id.clone().filter(|id| !id.trim().is_empty());
        if client_id.is_none() {
            let hint = "write what the provider calls Trunkline: `client_id`";
            self.findings.at(&at.key("client_id"), "it is missing", Some(hint.to_owned()));
        }
        if section.admin_values.is_empty() && section.viewer_values.is_empty() {
            let hint = "name at least one value of the claim in `admin_values` or `viewer_values`";
            self.findings.at(&at.key("admin_values"), "nobody could sign in", Some(hint.to_owned()));
        }
        let scope = std::iter::once("openid").chain(section.scopes.iter().map(String::as_str));
        Some(OidcClient {
            issuer: issuer.trim().to_owned(),
            client_id: client_id.unwrap_or_default(),
            client_secret: section.client_secret.clone(),
            name: section.name.clone(),
            scope: scope.collect::<Vec<_>>().join(" "),
            role_claim: section.role_claim.clone(),
            admin_values: section.admin_values.clone(),
            viewer_values: section.viewer_values.clone(),
        })
    }
}

/// Whether a URL is of `https`, and the URL; `None` when it is none, or holds what does not belong there.
fn web(text: &str) -> Option<(bool, Uri)> {
    let uri: Uri = text.trim().parse().ok()?;
    let tls = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let plain = !uri.authority()?.as_str().contains('@') && uri.query().is_none() && !text.contains('#');
    plain.then_some((tls, uri))
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
