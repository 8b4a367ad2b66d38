use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use trunkline_providers::BaseUrl;

use super::{IDLE_AGE_MAX, IDLE_PER_ORIGIN_MAX, Pool};
use crate::upstream::plain::Connection;

struct Server(TcpListener);

impl Server {
    async fn start() -> (Self, BaseUrl) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self(listener), BaseUrl { tls: false, host: "127.0.0.1".to_owned(), port, path: String::new() })
    }

    async fn connect(&self) -> (Connection, TcpStream) {
        let client = TcpStream::connect(self.0.local_addr().unwrap()).await.unwrap();
        (Connection::new(client), self.0.accept().await.unwrap().0)
    }
}

#[tokio::test]
async fn origins_are_shared_by_host_and_port_and_forgotten_when_unused() {
    let (_server, url) = Server::start().await;
    let pool = Pool::default();
    let origin = pool.origin(&url).unwrap();
    assert!(Arc::ptr_eq(&origin, &pool.origin(&url).unwrap()));
    let other = pool.origin(&BaseUrl { port: 1, ..url.clone() }).unwrap();
    assert!(!Arc::ptr_eq(&origin, &other));
    drop(other);
    pool.sweep(Instant::now());
    let ports: Vec<u16> = super::lock(&pool.origins).values().flatten().map(|origin| origin.port).collect();
    assert_eq!(ports, [url.port]);
}

#[tokio::test]
async fn the_connection_used_last_comes_first_and_an_aged_one_never() {
    let (server, url) = Server::start().await;
    let pool = Pool::default();
    let origin = pool.origin(&url).unwrap();
    let start = Instant::now();
    let mut kept = Vec::new();
    for at in 0..3 {
        let (connection, peer) = server.connect().await;
        kept.push(peer);
        origin.put(connection, start + Duration::from_secs(at));
    }
    assert!(origin.take(start + IDLE_AGE_MAX + Duration::from_secs(1)).is_some(), "the third is a second short of it");
    assert_eq!(origin.idle_count(), 2);
    assert!(origin.take(start + IDLE_AGE_MAX + Duration::from_secs(1)).is_none());
    assert_eq!(origin.idle_count(), 0);
}

#[tokio::test]
async fn a_sweep_closes_what_has_aged() {
    let (server, url) = Server::start().await;
    let pool = Pool::default();
    let origin = pool.origin(&url).unwrap();
    let start = Instant::now();
    let (old, _old_peer) = server.connect().await;
    let (new, _new_peer) = server.connect().await;
    origin.put(old, start);
    origin.put(new, start + Duration::from_secs(1));
    pool.sweep(start + IDLE_AGE_MAX);
    assert_eq!(origin.idle_count(), 1);
}

#[tokio::test]
async fn a_connection_that_closed_or_spoke_is_not_used() {
    let (server, url) = Server::start().await;
    let origin = Pool::default().origin(&url).unwrap();
    let now = Instant::now();
    let (closed, peer) = server.connect().await;
    drop(peer);
    origin.put(closed, now);
    let (spoke, peer) = server.connect().await;
    peer.try_write(b"HTTP/1.1 408 Request Timeout\r\n\r\n").unwrap();
    origin.put(spoke, now);
    // The kernel knows already; one turn of its driver, and the runtime does.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(origin.take(now).is_none());
    assert_eq!(origin.idle_count(), 0);
}

#[tokio::test]
async fn over_the_limit_the_longest_idle_goes() {
    let (server, url) = Server::start().await;
    let origin = Pool::default().origin(&url).unwrap();
    let start = Instant::now();
    for at in 0..=IDLE_PER_ORIGIN_MAX {
        // The peer's end is not kept: descriptors are few, and nobody looks at these.
        let (connection, _) = server.connect().await;
        origin.put(connection, start + Duration::from_millis(at as u64));
    }
    assert_eq!(origin.idle_count(), IDLE_PER_ORIGIN_MAX);
    assert_eq!(super::lock(&origin.idle).front().map(|idle| idle.since), Some(start + Duration::from_millis(1)));
}

#[tokio::test]
async fn the_pools_end_closes_its_connections() {
    let (server, url) = Server::start().await;
    let pool = Pool::default();
    let (connection, mut peer) = server.connect().await;
    pool.origin(&url).unwrap().put(connection, Instant::now());
    drop(pool);
    assert_eq!(tokio::io::AsyncReadExt::read(&mut peer, &mut [0]).await.unwrap(), 0);
}
