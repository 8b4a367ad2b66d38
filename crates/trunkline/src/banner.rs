//! What a start prints: where it listens, what it found, and a first request to copy.

use std::io::{self, Write};
use std::net::SocketAddr;

use trunkline_config::{Settings, Snapshot};

use crate::source::Origin;

/// What is told of a start.
pub(crate) struct Start<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// How many client keys let somebody in; `None` where none is asked for.
    pub(crate) client_keys: Option<usize>,
    /// The admin password, if it was made just now: nobody will see it again.
    pub(crate) first_password: Option<String>,
    pub(crate) settings: &'a Settings,
    pub(crate) config: &'a Origin,
    pub(crate) address: SocketAddr,
    /// Where the admin API is asked: one place, or two.
    pub(crate) admin_addresses: Vec<SocketAddr>,
}

/// Prints it to standard output.
pub(crate) fn print(start: &Start<'_>) {
    // Nobody need be reading.
    let _ = write(&mut io::stdout().lock(), start);
}

fn write(out: &mut impl Write, start: &Start<'_>) -> io::Result<()> {
    let Start { snapshot, client_keys, first_password, settings, config, address, admin_addresses } = start;
    let url = format!("http://{}", reachable(*address));
    writeln!(out, "trunkline {} listens on {url}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  OpenAI base URL  {url}/v1")?;
    match config {
        Origin::File(path) => writeln!(out, "  configuration    {}", path.display())?,
        Origin::Store(_) => writeln!(out, "  configuration    the newest revision in the store")?,
        Origin::Nowhere => {
            writeln!(out, "  configuration    none: provider keys from the environment, local servers by probe")?
        }
    }
    writeln!(out, "  data             {}", settings.data_dir.display())?;
    let required = match client_keys {
        None => "none needed: anyone who reaches this address may call".to_owned(),
        Some(count) => format!("required, {count} known"),
    };
    writeln!(out, "  client keys      {required}")?;
    for address in admin_addresses {
        writeln!(out, "  admin API        {}", admin(snapshot, *address))?;
    }
    if let Some(address) = admin_addresses.first().filter(|_| snapshot.admin.enabled) {
        writeln!(out, "  web UI           http://{}/ui/", reachable(*address))?;
    }
    if let Some(password) = first_password {
        writeln!(out, "  admin password   {password}  (shown this once; `trunkline admin password` sets another)")?;
    }
    for provider in snapshot.providers.values() {
        let place = provider.base_url.as_ref().map_or_else(|| "built in".to_owned(), ToString::to_string);
        let keys = match provider.keys.len() {
            0 => String::new(),
            1 => ", 1 key".to_owned(),
            count => format!(", {count} keys"),
        };
        writeln!(out, "  provider         {} ({place}{keys})", provider.name)?;
    }
    for model in snapshot.models.keys() {
        writeln!(out, "  model            {model}")?;
    }
    let Some(model) = first_model(snapshot) else { return writeln!(out, "no provider is configured yet") };
    let body = serde_json::json!({ "model": model, "messages": [{ "role": "user", "content": "hello" }] });
    let key = if client_keys.is_some() { " -H \"Authorization: Bearer $CLIENT_API_KEY\"" } else { "" };
    writeln!(out, "try it:")?;
    writeln!(
        out,
        "  curl {url}/v1/chat/completions{key} -H 'content-type: application/json' -d '{}'",
        shell_quoted(&body)
    )?;
    out.flush()
}

fn admin(snapshot: &Snapshot, address: SocketAddr) -> String {
    let url = format!("http://{}", reachable(address));
    match (snapshot.admin.enabled, snapshot.admin.sign_in) {
        (false, _) => "off".to_owned(),
        (true, false) => format!("{url}/api/v1/, open to anyone who reaches it"),
        (true, true) => format!("{url}/api/v1/"),
    }
}

/// The built-in model, since it always answers; else whatever is declared first.
fn first_model(snapshot: &Snapshot) -> Option<String> {
    let built_in = snapshot.providers.values().find_map(|provider| {
        let model = provider.vendor.adapter?.models().first()?;
        Some(format!("{}/{model}", provider.name))
    });
    built_in.or_else(|| snapshot.models.keys().next().cloned())
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        let loopback = if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        reachable.set_ip(loopback);
    }
    reachable
}

fn shell_quoted(body: &serde_json::Value) -> String {
    body.to_string().replace('\'', r"'\''")
}
