//! From a host and a port to a connected socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::upstream::UpstreamError;

/// Addresses of one host that are tried. Guards the connect timeout against being cut into useless shares.
const ADDRESSES_MAX: usize = 8;

/// Connects within `limit`, name lookup included. A host with several addresses gets them tried in the resolver's order,
/// each with an equal share of the time that is left, so that a dead first address does not hide a live second one.
pub(in crate::upstream) async fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream, UpstreamError> {
    let deadline = Instant::now() + limit;
    let lookup = timeout_at(deadline, tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<SocketAddr> = match lookup {
        Ok(Ok(found)) => found.take(ADDRESSES_MAX).collect(),
        Ok(Err(source)) => return Err(UpstreamError::Resolve { host: host.to_owned(), source }),
        Err(_) => return Err(UpstreamError::ConnectTimeout),
    };
    let nothing = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut failure = UpstreamError::Resolve { host: host.to_owned(), source: nothing };
    for (tried, address) in addresses.iter().enumerate() {
        let untried = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.saturating_duration_since(Instant::now()) / untried;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(io)) => return prepare(io).map_err(|source| cannot_connect(host, port, source)),
            Ok(Err(source)) => failure = cannot_connect(host, port, source),
            Err(_) => failure = UpstreamError::ConnectTimeout,
        }
    }
    Err(failure)
}

/// Without this a small write waits for the acknowledgement of the one before, which takes 40 ms.
fn prepare(io: TcpStream) -> io::Result<TcpStream> {
    io.set_nodelay(true)?;
    Ok(io)
}

fn cannot_connect(host: &str, port: u16, source: io::Error) -> UpstreamError {
    UpstreamError::Connect { host: host.to_owned(), port, source }
}
