//! Where to listen, put together from the document, three sorts of variables and two flags.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::layers::Layers;
use super::{Overrides, table};
use crate::path::path;

/// Where to listen, and which flag, variable or setting said so last.
pub(crate) struct Listen {
    pub(crate) address: SocketAddr,
    /// `None`: the document, or the default.
    pub(crate) origin: Option<&'static str>,
}

/// What a service named `trunkline` puts into `TRUNKLINE_PORT` of every container in Kubernetes: an address of that
/// service, not a port to listen on.
const KUBERNETES_LINK: &str = "tcp://";

pub(crate) fn listen(stated: &str, overrides: &Overrides, layers: &mut Layers<'_, '_>) -> Listen {
    let whole = layers.variable(&table::LISTEN);
    let (base, mut origin) = match &whole {
        Some(chosen) => {
            let address = socket_address(&chosen.text);
            if address.is_none() {
                layers.refuse(&table::LISTEN, chosen);
            }
            (address, Some(chosen.origin))
        }
        None => (document_address(stated, layers), None),
    };
    let mut address = base.unwrap_or(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8700));
    // The plain names of predecessors are weaker than any of our own, so a whole address of ours silences them.
    let variables = |own: &'static table::Setting| {
        let count = if whole.is_some() { 1 } else { own.variables.len() };
        own.variables.iter().copied().take(count)
    };
    if let Some((from, ip)) = part(layers, &table::HOST, overrides.host.as_deref(), variables(&table::HOST), ip_address)
    {
        address.set_ip(ip);
        origin = Some(from);
    }
    let flag = overrides.port.map(|port| port.to_string());
    let port = part(layers, &table::PORT, flag.as_deref(), variables(&table::PORT), |text| text.parse::<u16>().ok());
    if let Some((_, port)) = port {
        address.set_port(port);
    }
    Listen { address, origin }
}

impl Layers<'_, '_> {
    /// Where to listen for the admin API, if that is elsewhere.
    pub(crate) fn admin_listen(&mut self, stated: Option<&str>) -> Option<SocketAddr> {
        if let Some(chosen) = self.variable(&table::ADMIN_LISTEN) {
            let address = socket_address(&chosen.text);
            if address.is_none() {
                self.refuse(&table::ADMIN_LISTEN, &chosen);
            }
            return address;
        }
        let address = socket_address(stated?);
        if address.is_none() {
            let at = path(&["server", "admin_listen"]);
            let message = format!("{} is not an address to listen on", self.found.quote(&at));
            self.found.at(&at, message, Some(format!("write {}", table::ADMIN_LISTEN.accepts)));
        }
        address
    }

    /// Where the dashboard of serverless_proxy was, on this machine as others reach it at `ip`.
    pub(crate) fn dashboard_listen(&mut self, ip: IpAddr) -> Option<SocketAddr> {
        let port = self.word(&table::DASHBOARD_PORT, None, |text| text.trim().parse::<u16>().ok())?;
        Some(SocketAddr::new(ip, port))
    }
}

fn document_address(stated: &str, layers: &mut Layers<'_, '_>) -> Option<SocketAddr> {
    let address = socket_address(stated);
    if address.is_none() {
        let at = path(&["server", "listen"]);
        let message = format!("{} is not an address to listen on", layers.found.quote(&at));
        layers.found.at(&at, message, Some(format!("write {}", table::LISTEN.accepts)));
    }
    address
}

fn part<T>(
    layers: &mut Layers<'_, '_>,
    setting: &'static table::Setting,
    flag: Option<&str>,
    variables: impl Iterator<Item = &'static str>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<(&'static str, T)> {
    let mut said: Vec<(&'static str, String)> = Vec::new();
    said.extend(setting.flag.zip(flag).map(|(name, text)| (name, text.to_owned())));
    for name in variables {
        match layers.env.get(name) {
            Some(link) if name == "TRUNKLINE_PORT" && link.starts_with(KUBERNETES_LINK) => {
                layers
                    .found
                    .notes
                    .push(format!("`{name}` is Kubernetes's link to a service, not a port; it is passed over"));
            }
            Some(text) => said.push((name, text.to_owned())),
            None => {}
        }
    }
    let (origin, text) = said.into_iter().next()?;
    let value = read(&text);
    if value.is_none() {
        layers.refuse(setting, &super::layers::Chosen { origin, text });
    }
    value.map(|value| (origin, value))
}

fn socket_address(text: &str) -> Option<SocketAddr> {
    let local = || {
        let port = text.strip_prefix("localhost:")?.parse().ok()?;
        Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
    };
    text.parse().ok().or_else(local)
}

fn ip_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if bare == "localhost" { Some(Ipv4Addr::LOCALHOST.into()) } else { bare.parse().ok() }
}
