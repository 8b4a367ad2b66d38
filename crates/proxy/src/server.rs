//! Listening: one acceptor hands connections to worker threads, each with a runtime and an upstream client of its own.
//!
//! A connection stays on its thread from accept to close, and so do the provider connections its requests use: nothing
//! on the request path is shared between threads but atomics and the snapshot.

mod body;
mod connection;
mod entrance;
mod limits;
mod outbox;
mod wire;

pub(crate) use body::{BodyError, RequestBody};
pub(crate) use entrance::{Entrance, Side};

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Response};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle as TaskHandle;
use tokio::time::Instant;
use trunkline_route::Moment;

use self::limits::Patience;
use crate::pipeline;
use crate::reply::ReplyBody;
use crate::shared::{Shared, now_ms};
use crate::worker::{ProcessId, Worker};

/// Connections accepted but not yet taken over by their thread; beyond it the acceptor waits and the kernel queues.
const HANDOVER_MAX: usize = 1024;
/// Pause after the system refuses to accept (no file descriptors left): accepting at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often idle provider connections are looked through for old ones.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// How often a stopping server looks whether its connections are gone.
const DRAIN_POLL: Duration = Duration::from_millis(10);

/// What a server listens on.
#[derive(Debug)]
pub struct Listeners {
    /// Where models are asked, and the admin API, unless that has its own.
    pub models: TcpListener,
    /// Where the admin API is asked, if that is elsewhere.
    pub admin: Option<TcpListener>,
    /// Where it is asked as well, if anywhere.
    pub dashboard: Option<TcpListener>,
}

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    address: SocketAddr,
    admin_address: SocketAddr,
    dashboard_address: Option<SocketAddr>,
    acceptors: Vec<TaskHandle<()>>,
    threads: Vec<Thread>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct Thread {
    connections: Arc<AtomicUsize>,
    handle: JoinHandle<()>,
}

/// Starts `workers` threads behind these listeners. Must be called inside a runtime, which drives the acceptors.
///
/// # Errors
/// When a listener cannot be watched or a thread cannot be made.
pub fn start(shared: &Arc<Shared>, listeners: Listeners, workers: usize) -> io::Result<Running> {
    let own_admin = listeners.admin.is_some();
    let models = watched(listeners.models)?;
    let admin = listeners.admin.map(watched).transpose()?;
    let dashboard = listeners.dashboard.map(watched).transpose()?;
    let address = models.local_addr()?;
    let admin_address = admin.as_ref().map_or(Ok(address), tokio::net::TcpListener::local_addr)?;
    let dashboard_address = dashboard.as_ref().map(tokio::net::TcpListener::local_addr).transpose()?;
    let stop = watch::Sender::new(false);
    let process = ProcessId::random();
    let workers = workers.max(1);
    let mut threads = Vec::new();
    let mut doors = Vec::new();
    for number in 0..workers {
        let (door, inbox) = mpsc::channel(HANDOVER_MAX);
        let connections = Arc::new(AtomicUsize::new(0));
        let worker = Worker::new(Arc::clone(shared), process, number, workers);
        let room = Room { worker, connections: Arc::clone(&connections), stop: stop.subscribe() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = std::thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || runtime.block_on(room.run(inbox)))?;
        doors.push(Door { door, connections: Arc::clone(&connections) });
        threads.push(Thread { connections, handle });
    }
    let side = if own_admin { Side::Models } else { Side::Both };
    let of_admin = admin.into_iter().chain(dashboard).map(|listener| (listener, Side::Admin));
    let sides = std::iter::once((models, side)).chain(of_admin);
    let acceptors = sides.map(|(listener, side)| tokio::spawn(accept(listener, side, doors.clone()))).collect();
    Ok(Running { shared: Arc::clone(shared), address, admin_address, dashboard_address, acceptors, threads, stop })
}

fn watched(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin API is asked.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Where it is asked as well.
    pub fn dashboard_address(&self) -> Option<SocketAddr> {
        self.dashboard_address
    }

    /// Stops accepting, lets open requests finish for at most `drain`, then cuts what is left. Returns how many
    /// connections were cut.
    pub async fn stop(self, drain: Duration) -> usize {
        self.shared.begin_stop();
        for acceptor in &self.acceptors {
            acceptor.abort();
        }
        // Each connection has a receiver; with none left there is nobody to tell.
        let _ = self.stop.send(true);
        let deadline = Instant::now() + drain;
        let open = || self.threads.iter().map(|thread| thread.connections.load(Ordering::Acquire)).sum::<usize>();
        while open() > 0 && Instant::now() < deadline {
            tokio::time::sleep(DRAIN_POLL).await;
        }
        let cut = open();
        // The last sender gone is each thread's sign to leave; what it still holds is dropped with its runtime.
        drop(self.stop);
        for thread in self.threads {
            // A worker that panicked has nothing left to stop.
            let _ = tokio::task::spawn_blocking(move || thread.handle.join()).await;
        }
        cut
    }
}

/// A connection, and where it came in.
type Arrived = (std::net::TcpStream, Entrance);

/// The way into one thread.
#[derive(Clone)]
struct Door {
    door: mpsc::Sender<Arrived>,
    connections: Arc<AtomicUsize>,
}

/// Accepts for ever; each connection goes to the thread that has fewest.
async fn accept(listener: tokio::net::TcpListener, side: Side, doors: Vec<Door>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(arrived) => arrived,
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(least) = doors.iter().min_by_key(|door| door.connections.load(Ordering::Relaxed)) else { return };
        // Leaves this runtime's reactor, to be registered with the other thread's.
        let Ok(stream) = stream.into_std() else { continue };
        least.connections.fetch_add(1, Ordering::AcqRel);
        if least.door.send((stream, Entrance { peer, side })).await.is_err() {
            return;
        }
    }
}

/// One worker thread.
struct Room {
    worker: Worker,
    connections: Arc<AtomicUsize>,
    stop: watch::Receiver<bool>,
}

impl Room {
    async fn run(mut self, mut inbox: mpsc::Receiver<Arrived>) {
        let worker = Arc::new(self.worker);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        loop {
            tokio::select! {
                arrived = inbox.recv() => match arrived {
                    Some((stream, entrance)) => {
                        let leave = Leave(Arc::clone(&self.connections));
                        let Ok(stream) = TcpStream::from_std(stream) else { continue };
                        // Without it small writes wait up to 40 ms for the other side; where it fails they just do.
                        let _ = stream.set_nodelay(true);
                        let seat = Seat { worker: Arc::clone(&worker), entrance };
                        let served = connection::serve(stream, seat, self.stop.clone());
                        tokio::spawn(async move {
                            served.await;
                            drop(leave);
                        });
                    }
                    // The acceptor is gone: the server stops. Stay until told to cut.
                    None => break,
                },
                _ = sweep.tick() => {
                    worker.client.sweep();
                    worker.shared.live.sweep(Moment(now_ms()));
                }
            }
        }
        // Changes until the sender is dropped; each is of no further interest.
        while self.stop.changed().await.is_ok() {}
    }
}

/// What serves one connection.
struct Seat {
    worker: Arc<Worker>,
    entrance: Entrance,
}

impl connection::Service for Seat {
    type Body = ReplyBody;

    fn answer(&self, parts: Parts, body: RequestBody) -> impl Future<Output = Response<ReplyBody>> + Send {
        pipeline::handle(&self.worker, self.entrance, parts, body)
    }

    fn patience(&self) -> Patience {
        let server = &self.worker.snapshot().server;
        Patience { head: server.header_read_timeout, body: server.body_read_timeout }
    }

    fn spare_headers(&self) -> HeaderMap {
        self.worker.client.spare_headers()
    }

    fn recycle(&self, headers: HeaderMap) {
        self.worker.client.recycle(headers);
    }
}

/// Counts a connection out, however it ends.
struct Leave(Arc<AtomicUsize>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
