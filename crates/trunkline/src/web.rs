//! Other servers than providers: what the admin API asks of whoever knows who signs in.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Uri;
use trunkline_admin::{Ask, Told, Unreachable, Web};
use trunkline_providers::BaseUrl;
use trunkline_proxy::upstream::{Body, Client, Outgoing, Patience};

/// A document of keys is a few KiB. Guards memory against a server that never ends.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks them with the client that asks providers.
pub(crate) struct Outside(Client);

impl Outside {
    pub(crate) fn new() -> Self {
        Self(Client::new())
    }
}

impl Web for Outside {
    fn ask(&self, ask: Ask) -> Pin<Box<dyn Future<Output = Result<Told, Unreachable>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let timeout = ask.timeout;
            let late = |_| Err(Unreachable("it does not answer in time".to_owned()));
            tokio::time::timeout(timeout, exchange(&client, ask)).await.unwrap_or_else(late)
        })
    }
}

async fn exchange(client: &Client, ask: Ask) -> Result<Told, Unreachable> {
    let (to, path) = place(&ask.url).ok_or_else(|| Unreachable("its address is no URL".to_owned()))?;
    let outgoing = Outgoing {
        method: ask.method,
        path,
        headers: ask.headers.iter().collect(),
        body: std::iter::once(ask.body).collect(),
    };
    let patience = Patience { connect: CONNECT_TIMEOUT.min(ask.timeout), head: ask.timeout, ends_at: None };
    let unreachable = |error: &dyn std::fmt::Display| Unreachable(error.to_string());
    let answer = client.send(&to, &outgoing, patience).await.map_err(|error| unreachable(&error))?;
    let body = whole(answer.body, ANSWER_BYTES_MAX).await.map_err(Unreachable)?;
    Ok(Told { status: answer.status, body })
}

/// A whole body of so many bytes at most; else what is wrong with it.
pub(crate) async fn whole(mut body: Body, bytes_max: usize) -> Result<Bytes, String> {
    let mut whole = BytesMut::new();
    while let Some(data) = poll_fn(|cx| body.poll_data(cx)).await {
        whole.extend_from_slice(&data.map_err(|error| error.to_string())?);
        if whole.len() > bytes_max {
            return Err("its answer does not end".to_owned());
        }
    }
    Ok(whole.freeze())
}

/// Whom a URL names, and what of it goes on the wire.
fn place(url: &str) -> Option<(BaseUrl, String)> {
    let uri: Uri = url.parse().ok()?;
    let tls = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let host = uri.host()?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let to = BaseUrl { tls, host: bare.to_owned(), port, path: String::new() };
    Some((to, uri.path_and_query()?.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_servers() {
        let led = |url: &str| place(url).map(|(to, path)| (to.to_string(), path));
        let to = |base: &str, path: &str| Some((base.to_owned(), path.to_owned()));
        assert_eq!(led("https://a.example/x?y=1"), to("https://a.example", "/x?y=1"));
        assert_eq!(led("http://[::1]:5000"), to("http://[::1]:5000", "/"));
        for wrong in ["", "a.example", "/x", "ftp://a.example/"] {
            assert_eq!(led(wrong), None, "{wrong}");
        }
    }
}
