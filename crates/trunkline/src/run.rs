//! From nothing to a running gateway, and back.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use trunkline_config::{ClientKeys, FoundEndpoint, Loaded, Settings};
use trunkline_proxy::upstream::Client;
use trunkline_proxy::{Shared, cut_drained, refresh, start, watch_health};

use crate::admin::Api;
use crate::keys::follow::Follower;
use crate::keys::{KeyDesk, View};
use crate::ledger::{self, Ledger, LedgerError};
use crate::reload::{self, Reason};
use crate::replicas::{Replicas, ReplicasError};
use crate::responses::ResponseDesk;
use crate::source::{Source, SourceError, Stamp};
use crate::state::{State, Watched};
use crate::{banner, probe, rests, telemetry};

/// How often this machine is looked over for model servers that have come or gone.
const PROBE_EVERY: Duration = Duration::from_secs(30);
/// Longest wait at the start for what probing finds; the banner tells of it.
const FIRST_PROBE_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest wait for the last reports to be written when stopping.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: i32 = 4096;

/// Why a gateway cannot run.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("cannot listen on {address}: {reason}; `--port` or `server.listen` sets another address")]
    Listen { address: SocketAddr, reason: io::Error },
    #[error("the data folder {folder:?} cannot be made: {reason}; `--data-dir` sets another")]
    DataFolder { folder: PathBuf, reason: io::Error },
    #[error("the store cannot be opened: {0}")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Replicas(#[from] ReplicasError),
    #[error("the system refuses what a server needs: {0}")]
    System(#[from] io::Error),
}

/// The runtime of everything but the requests: signals, reloads, model lists, accepting.
pub(crate) fn control_runtime() -> Result<Runtime, RunError> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Serves until a signal says to stop, then lets open requests finish.
///
/// # Errors
/// Whatever keeps it from starting.
pub(crate) fn run(source: Source) -> Result<(), RunError> {
    let seen = source.stamp();
    let loaded = source.load(&[])?;
    telemetry::init(&loaded.settings);
    for note in &loaded.notes {
        tracing::info!("{note}");
    }
    let listener = listen(loaded.snapshot.server.listen)?;
    let folder = &loaded.settings.data_dir;
    make_folder(folder).map_err(|reason| RunError::DataFolder { folder: folder.clone(), reason })?;
    let ledger = Ledger::start(&loaded.settings)?;
    let ended = control_runtime()?.block_on(serve(source, (seen, loaded), listener, Arc::clone(&ledger)));
    ledger.flush_and_stop(FLUSH_TIMEOUT);
    tracing::info!("stopped");
    ended
}

async fn serve(
    source: Source,
    (seen, loaded): (Option<Stamp>, Loaded),
    listener: TcpListener,
    ledger: Arc<Ledger>,
) -> Result<(), RunError> {
    let Loaded { snapshot, settings, .. } = loaded;
    if !ledger.caught_up().await {
        tracing::warn!(reports = ledger.spooled(), "budgets begin without what is not yet in the store");
    }
    let (responses, keeping) = ResponseDesk::start(&settings).map_err(LedgerError::from)?;
    let state = Arc::new(State::new(Arc::clone(&ledger), responses.clone()));
    let shared = Shared::new(snapshot, ledger, Box::new(Watched(Arc::clone(&state))), Box::new(responses.clone()));
    let desk = KeyDesk::new(settings.store_url.clone(), View::Live(Arc::clone(&shared)));
    shared.set_admin(Box::new(Api::new(Arc::new(desk))));
    let keys = Follower::start(&settings.store_url, &shared).await.map_err(LedgerError::from)?;
    let replicas = Replicas::start(&settings, &shared).await?;
    state.set_replicas(replicas.clone());
    if is_open(&shared) {
        tracing::warn!(listen = %shared.snapshot().server.listen, "no client keys are configured: anyone who reaches this address may call");
    }
    let bounded = ledger::keep_bounded(&settings).map_err(LedgerError::from)?;
    let rests = rests::restore(&settings, &shared).await.map_err(LedgerError::from)?;
    let mut stop = Stop::new()?;
    let running = start(&shared, listener, workers(&settings))?;
    let address = running.address();

    let client = Client::new();
    let source = Arc::new(source);
    let found = first_probe(&settings, &client, address, &source, &shared).await;
    banner::print(&shared.snapshot(), known_keys(&shared), &settings, source.path.as_deref(), address);
    let (reasons, inbox) = mpsc::channel(1);
    let followed = reload::follow(Arc::clone(&source), Arc::clone(&shared), Arc::clone(&state), (seen, found), inbox);
    let mut background = vec![
        tokio::spawn(followed),
        tokio::spawn(refresh(Arc::clone(&shared), client.clone())),
        tokio::spawn(watch_health(Arc::clone(&shared), client.clone())),
        tokio::spawn(cut_drained(Arc::clone(&shared))),
        tokio::spawn(ask_on_hangup(reasons.clone())),
        tokio::spawn(keys.follow(Arc::clone(&shared))),
        tokio::spawn(rests::keep(Arc::clone(&rests), Arc::clone(&shared))),
        tokio::spawn(bounded),
        tokio::spawn(keep_probing(settings.probe, client, address, reasons)),
    ];
    background.extend(replicas.keep(&shared));

    stop.wait().await;
    let drain = shared.snapshot().server.drain_timeout;
    tracing::info!(
        open = shared.open_requests(),
        drain_s = drain.as_secs_f64(),
        "stopping: no new requests, open ones finish"
    );
    let cut = tokio::select! {
        cut = running.stop(drain) => cut > 0,
        // Asked twice: at once, then.
        () = stop.wait() => true,
    };
    for task in background {
        task.abort();
    }
    replicas.leave().await;
    responses.stop(keeping).await;
    rests::keep_last(&rests, &shared).await;
    if cut {
        tracing::warn!("connections were still open and have been cut");
    }
    Ok(())
}

/// How many client keys let somebody in; `None` where none is asked for.
fn known_keys(shared: &Shared) -> Option<usize> {
    let (declared, made) = (shared.snapshot().client_keys.declared().count(), shared.made_keys().known.len());
    (!is_open(shared)).then_some(declared + made)
}

/// Whether anyone may call.
fn is_open(shared: &Shared) -> bool {
    match shared.snapshot().client_keys {
        ClientKeys::Open => true,
        ClientKeys::Unclaimed => !shared.made_keys().any,
        ClientKeys::Required(_) => false,
    }
}

/// What probing finds, in force before the banner tells of it.
async fn first_probe(
    settings: &Settings,
    client: &Client,
    address: SocketAddr,
    source: &Source,
    shared: &Shared,
) -> Vec<FoundEndpoint> {
    if !settings.probe {
        return Vec::new();
    }
    let found = tokio::time::timeout(FIRST_PROBE_TIMEOUT, probe::probe(client, Some(address))).await;
    let found = found.unwrap_or_default();
    if found.is_empty() {
        return found;
    }
    match source.load(&found) {
        Ok(loaded) => shared.install(loaded.snapshot),
        Err(error) => tracing::error!("what probing found cannot be used: {error}"),
    }
    found
}

async fn keep_probing(wanted: bool, client: Client, address: SocketAddr, reasons: mpsc::Sender<Reason>) {
    if !wanted {
        return;
    }
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        let found = probe::probe(&client, Some(address)).await;
        if reasons.send(Reason::Found(found)).await.is_err() {
            return;
        }
    }
}

async fn ask_on_hangup(reasons: mpsc::Sender<Reason>) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        if reasons.send(Reason::Asked).await.is_err() {
            return;
        }
    }
}

/// Threads for requests: as configured, else one a core.
fn workers(settings: &Settings) -> usize {
    settings.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn listen(address: SocketAddr) -> Result<TcpListener, RunError> {
    let bind = || {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        // Without it a restart would have to wait for the last connections of the process before.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bind().map_err(|reason| RunError::Listen { address, reason })
}

/// The folder holds keys and usage: only its owner may look.
pub(crate) fn make_folder(folder: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The signals that end the process.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
