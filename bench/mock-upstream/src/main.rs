//! The upstream of the benchmark: answers like a model server, at a cost that stays out of the figures. Loopback only.
//!
//! `mock-upstream [--port N]` listens on 127.0.0.1 (a free port when N is 0, the default) and prints one line,
//! `listening on 127.0.0.1:PORT`. What it serves is listed in [`handle`].

mod answers;
mod handle;
mod reply;
mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::state::State;

fn main() -> ExitCode {
    let port = match port_from(std::env::args().skip(1)) {
        Ok(port) => port,
        Err(problem) => {
            eprintln!("mock-upstream: {problem}");
            return ExitCode::from(2);
        }
    };
    match serve(port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("mock-upstream: port {port}: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn port_from(mut args: impl Iterator<Item = String>) -> Result<u16, String> {
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, ..) => Ok(0),
        (Some("--port"), Some(port), None) => port.parse().map_err(|_| format!("\"{port}\" is not a port")),
        _ => Err("usage: mock-upstream [--port N]".to_owned()),
    }
}

/// One thread serves everything: on a small machine the proxy under test needs the others.
#[tokio::main(flavor = "current_thread")]
async fn serve(port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    println!("listening on {}", listener.local_addr()?);
    let state = Arc::new(State::default());
    loop {
        let (stream, _) = listener.accept().await?;
        // Without it a paced event may wait 40 ms for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        state.connection_opened();
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(|request| handle::handle(&state, request));
            // An error here is a proxy or a load generator that went away: nothing to say about it.
            // One flat buffer, not a list of them: a burst of events then leaves in one write.
            let _ = http1::Builder::new().writev(false).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::port_from;

    fn check(args: &[&str], expected: Result<u16, &str>) {
        let got = port_from(args.iter().map(ToString::to_string));
        assert_eq!(got, expected.map_err(str::to_owned));
    }

    #[test]
    fn the_only_option_is_the_port() {
        check(&[], Ok(0));
        check(&["--port", "9150"], Ok(9150));
        check(&["--port", "70000"], Err("\"70000\" is not a port"));
        check(&["--port"], Err("usage: mock-upstream [--port N]"));
        check(&["--threads", "2"], Err("usage: mock-upstream [--port N]"));
    }
}
