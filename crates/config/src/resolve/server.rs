//! `[server]`, and the variables above it.

use std::net::SocketAddr;

use http::{HeaderValue, Uri};

use super::Resolver;
use crate::path::path;
use crate::settings::table;
use crate::snapshot::Server;

impl Resolver<'_, '_> {
    pub(super) fn server(&mut self, listen: SocketAddr) -> Server {
        let section = &self.file.server;
        let body_bytes_max = usize::try_from(section.body_limit.bytes()).unwrap_or(usize::MAX);
        let drain_timeout = self.layers().period(&table::DRAIN_TIMEOUT).unwrap_or(section.drain_timeout);
        Server {
            listen,
            admin_listen: self.layers().admin_listen(section.admin_listen.as_deref()),
            dashboard_listen: self.layers().dashboard_listen(listen.ip()),
            body_bytes_max,
            header_read_timeout: section.header_read_timeout.duration(),
            body_read_timeout: section.body_read_timeout.duration(),
            drain_timeout: drain_timeout.duration(),
            requests_max: usize::try_from(section.requests_max).unwrap_or(usize::MAX),
            cors_origins: self.cors_origins(),
            litellm_headers: section.litellm_headers,
        }
    }

    fn cors_origins(&mut self) -> Vec<String> {
        let hint = || Some("write `https://chat.example.com`, without a path, or `*`".to_owned());
        if let Some(chosen) = self.layers().variable(&table::CORS_ORIGINS) {
            let origins = chosen.text.split(',').map(|origin| origin.trim().to_owned());
            let origins: Vec<String> = origins.filter(|origin| !origin.is_empty()).collect();
            for origin in origins.iter().filter(|origin| !is_origin(origin)) {
                self.findings.outside(chosen.origin, format!("{origin:?} is not an origin"), hint());
            }
            return origins;
        }
        let origins = &self.file.server.cors_origins;
        for (index, _) in origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin)) {
            let at = path(&["server", "cors_origins"]).index(index);
            let message = format!("{} is not an origin", self.findings.quote(&at));
            self.findings.at(&at, message, hint());
        }
        origins.clone()
    }
}

/// Whether a browser could send it as `Origin`: a scheme and a host, with nothing behind them.
fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let plain = !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@', '*']);
    // `Uri` reads only a few schemes by itself, and browser extensions have their own.
    plain && HeaderValue::from_str(text).is_ok() && format!("http://{host}/").parse::<Uri>().is_ok()
}
