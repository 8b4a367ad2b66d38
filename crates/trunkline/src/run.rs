//! From nothing to a running gateway, and back.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use trunkline_admin::{Admin, Unasked};
use trunkline_config::{AdminAccess, ClientKeys, FoundEndpoint, Loaded, Settings};
use trunkline_proxy::upstream::Client;
use trunkline_proxy::{Listeners, Shared, cut_drained, refresh, start, watch_health};
use trunkline_store::{KEY_VARIABLE, Watch, is_server};

use crate::admin::{Api, Desks};
use crate::banner::Start;
use crate::bodies::BodyDesk;
use crate::documents::DocumentDesk;
use crate::keys::follow::Follower;
use crate::keys::{KeyDesk, View};
use crate::ledger::{self, Ledger, LedgerError, Tail};
use crate::reload::{Beginning, Found, Reason, Reloader};
use crate::replicas::{Replicas, ReplicasError};
use crate::requests::RequestDesk;
use crate::responses::ResponseDesk;
use crate::secrets::SecretDesk;
use crate::signin::AccountDesk;
use crate::source::{Source, SourceError, Stamp, Written};
use crate::state::{State, Watched};
use crate::upstreams::UpstreamDesk;
use crate::usage::SumDesk;
use crate::wakes::{self, Wakes};
use crate::watch::{Looks, Since, WatchDesk};
use crate::web::Outside;
use crate::{banner, probe, rests, signin, telemetry};

/// How often this machine is looked over for model servers that have come or gone.
const PROBE_EVERY: Duration = Duration::from_secs(30);
/// Longest wait at the start for what probing finds; the banner tells of it.
const FIRST_PROBE_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest wait for the last reports to be written when stopping.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for the last bodies; nobody is owed them.
const BODIES_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: i32 = 4096;

/// Why a gateway cannot run.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(
        "cannot listen on {address}: {reason}; `--port`, `server.listen`, `server.admin_listen` or `FLASK_PORT` sets another address"
    )]
    Listen { address: SocketAddr, reason: io::Error },
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
    let runtime = control_runtime()?;
    let seen = source.stamp();
    let written = runtime.block_on(source.read())?;
    runtime.block_on(source.vault.learn(&source.store_of(written.as_ref())));
    let loaded = source.resolve(written.as_ref(), &[])?;
    telemetry::init(&loaded.settings);
    warn_of_keys(&source, &loaded.settings);
    for note in &loaded.notes {
        tracing::info!("{note}");
    }
    let server = &loaded.snapshot.server;
    let listeners = Listeners {
        models: listen(server.listen)?,
        admin: server.admin_listen.map(listen).transpose()?,
        dashboard: server.dashboard_listen.map(listen).transpose()?,
    };
    source.make_data_folder()?;
    let bodies = BodyDesk::start(&loaded.settings)?;
    let tail = Tail::default();
    let ledger = Ledger::start(&loaded.settings, Some(bodies.clone()), tail.clone())?;
    let desks = (Arc::clone(&ledger), bodies.clone(), tail);
    let ended = runtime.block_on(serve(source, (seen, written, loaded), listeners, desks));
    ledger.flush_and_stop(FLUSH_TIMEOUT);
    bodies.stop(BODIES_TIMEOUT);
    tracing::info!("stopped");
    ended
}

async fn serve(
    source: Source,
    (seen, in_force, loaded): (Option<Stamp>, Option<Written>, Loaded),
    listeners: Listeners,
    (ledger, bodies, tail): (Arc<Ledger>, BodyDesk, Tail),
) -> Result<(), RunError> {
    let Loaded { snapshot, settings, .. } = loaded;
    if !ledger.caught_up().await {
        tracing::warn!(reports = ledger.spooled(), "budgets begin without what is not yet in the store");
    }
    let (responses, keeping) = ResponseDesk::start(&settings).map_err(LedgerError::from)?;
    let state = Arc::new(State::new(Arc::clone(&ledger), responses.clone(), bodies.clone()));
    let reports = Arc::clone(&ledger);
    let shared = Shared::new(snapshot, reports, Box::new(Watched(Arc::clone(&state))), Box::new(responses.clone()));
    let access = Arc::clone(&shared.snapshot().admin);
    let first_password = signin::prepare(&settings, &access).await.map_err(LedgerError::from)?;
    let (reasons, inbox) = mpsc::channel(1);
    let found = Found::default();
    let client = Client::new();
    let watch = WatchDesk {
        source: source.clone(),
        place: settings.store_url.clone(),
        state: Arc::clone(&state),
        ledger,
        found: found.clone(),
        looks: Looks::none(settings.probe),
        since: Since::now(shared.snapshot().server.listen),
    };
    let (looks, began) = (watch.looks.clone(), watch.since.clone());
    let desks = desks(watch, (&shared, &client), reasons.clone(), tail.clone());
    shared.set_admin(Box::new(Api::new(admin_api(&settings, &access), desks)));
    if settings.bodies.are_kept() {
        shared.set_recorder(Box::new(bodies));
    }
    let keys = Follower::start(&settings.store_url, &shared).await.map_err(LedgerError::from)?;
    let replicas = Replicas::start(&settings, &shared).await?;
    state.set_replicas(replicas.clone());
    if is_open(&shared) {
        tracing::warn!(listen = %shared.snapshot().server.listen, "no client keys are configured: anyone who reaches this address may call");
    }
    let bounded = ledger::keep_bounded(&settings).map_err(LedgerError::from)?;
    let rests = rests::restore(&settings, &shared).await.map_err(LedgerError::from)?;
    let mut stop = Stop::new()?;
    let running = start(&shared, listeners, workers(&settings))?;
    let address = running.address();
    began.set_listen(address);

    found.set(first_probe(&settings, &client, address, (&source, in_force.as_ref()), &shared).await);
    looks.done();
    banner::print(&Start {
        snapshot: &shared.snapshot(),
        client_keys: known_keys(&shared),
        first_password,
        settings: &settings,
        config: &source.origin(),
        address,
        admin_addresses: std::iter::once(running.admin_address()).chain(running.dashboard_address()).collect(),
    });
    let (wakes, watch) = (Wakes::default(), Watch::at(settings.store_url.expose()).map_err(LedgerError::from)?);
    let keys_wake = wakes.keys.clone();
    let beginning = Beginning { source, seen, in_force, found };
    let of_process = (Arc::clone(&shared), state);
    let reloader = Reloader::new(beginning, &settings.store_url, of_process, wakes.clone());
    let (reloader, history) = reloader.map_err(LedgerError::from)?;
    let mut background = vec![
        tokio::spawn(reloader.follow(inbox)),
        tokio::spawn(history),
        tokio::spawn(wakes::call(watch, wakes)),
        tokio::spawn(refresh(Arc::clone(&shared), client.clone())),
        tokio::spawn(watch_health(Arc::clone(&shared), client.clone())),
        tokio::spawn(cut_drained(Arc::clone(&shared))),
        tokio::spawn(ask_on_hangup(reasons.clone())),
        tokio::spawn(keys.follow(Arc::clone(&shared), keys_wake)),
        tokio::spawn(rests::keep(Arc::clone(&rests), Arc::clone(&shared))),
        tokio::spawn(bounded),
        tokio::spawn(keep_probing(settings.probe.then_some(looks), client, address, reasons)),
    ];
    background.extend(replicas.keep(&shared));

    stop.wait().await;
    // Who listens would else be waited for.
    tail.close();
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

/// Who keeps what the admin API shows and changes.
fn desks(
    watch: WatchDesk,
    (shared, client): (&Arc<Shared>, &Client),
    reasons: mpsc::Sender<Reason>,
    tail: Tail,
) -> Desks {
    let (source, place) = (watch.source.clone(), watch.place.clone());
    Desks {
        keys: Arc::new(KeyDesk::new(place.clone(), View::Live(Arc::clone(shared)))),
        documents: Arc::new(DocumentDesk::new(source.clone(), place.clone(), watch.found.clone(), reasons)),
        secrets: Arc::new(SecretDesk::new(source.clone())),
        upstreams: Arc::new(UpstreamDesk::new(source, client.clone(), place.clone())),
        requests: Arc::new(RequestDesk::new(place.clone(), tail)),
        sums: Arc::new(SumDesk::new(place)),
        watch: Arc::new(watch),
    }
}

fn admin_api(settings: &Settings, access: &AdminAccess) -> Admin {
    let accounts = Arc::new(AccountDesk::new(settings.store_url.clone()));
    let unasked = if access.sign_in { Unasked::Never } else { Unasked::WhenConfigured };
    Admin::new(accounts, Arc::new(Outside::new()), unasked)
}

/// Says what the keys at hand will not do, before somebody needs it.
fn warn_of_keys(source: &Source, settings: &Settings) {
    if let Some(problem) = source.vault.problem() {
        tracing::warn!(problem, "stored secrets cannot be read; nothing that is in force names one");
    }
    if is_server(settings.store_url.expose()) && !source.vault.keyring().is_stated() {
        tracing::warn!(
            "secrets and revisions in this database are encrypted with a key file of this machine's; replicas need the same \
             `{KEY_VARIABLE}`, all of them"
        );
    }
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
    (source, written): (&Source, Option<&Written>),
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
    match source.resolve(written, &found) {
        Ok(loaded) => shared.install(loaded.snapshot),
        Err(error) => tracing::error!("what probing found cannot be used: {error}"),
    }
    found
}

async fn keep_probing(looks: Option<Looks>, client: Client, address: SocketAddr, reasons: mpsc::Sender<Reason>) {
    let Some(looks) = looks else { return };
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        let found = probe::probe(&client, Some(address)).await;
        looks.done();
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
