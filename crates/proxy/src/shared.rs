//! What all workers share: the snapshot, the catalog, where reports go, and a few counters.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::{Notify, watch};
use trunkline_config::Snapshot;
use trunkline_route::{Accounts, Catalog, Listing, Live, Purse, ReportSink};

use crate::admin::AdminApi;
use crate::admit::OpenRequests;
use crate::cache::Shelf;
use crate::caller::MadeKeys;
use crate::listing::adapter_models;
use crate::memory::Memory;
use crate::recording::{Recorder, Recordings};
use crate::room::Rooms;
use crate::stored::ResponseStore;
use crate::under_way::AllUnderWay;

/// What the rest of the process knows about its own health.
pub trait Health: Send + Sync {
    /// What needs attention, in sentences; empty when all is well. Shown to callers that may see it.
    fn problems(&self) -> Vec<String>;
    /// Named counts.
    fn counts(&self) -> Vec<(&'static str, u64)>;
}

/// What all workers share.
pub struct Shared {
    snapshot: ArcSwap<Snapshot>,
    catalog: ArcSwap<Catalog>,
    made_keys: ArcSwap<MadeKeys>,
    pub(crate) reports: Arc<dyn ReportSink>,
    pub(crate) health: Box<dyn Health>,
    /// Who answers the admin API, once somebody does.
    pub(crate) admin: OnceLock<Box<dyn AdminApi>>,
    /// Whoever keeps what is said, where anybody does.
    pub(crate) recordings: OnceLock<Arc<Recordings>>,
    /// Answers that later requests may go on from.
    pub(crate) responses: Box<dyn ResponseStore>,
    /// Answers to be given again.
    pub(crate) answers: Shelf,
    /// What clients strip from the model's turns.
    pub(crate) memory: Memory,
    /// Who rests, and whose circuit is open.
    pub live: Live,
    /// What client keys have used and spent, as far as this process counts it.
    pub accounts: Arc<Accounts>,
    /// Where that is asked, when it is somewhere else.
    purse: OnceLock<Arc<dyn Purse>>,
    /// The places at targets that may have only so many requests open.
    pub(crate) rooms: Rooms,
    /// The tries that are under way.
    pub(crate) under_way: AllUnderWay,
    pub(crate) open: Arc<OpenRequests>,
    /// When the process began, in seconds since the Unix epoch; the age of models whose list does not say.
    pub(crate) started_s: u64,
    stopping: AtomicBool,
    listed: watch::Sender<bool>,
    pub(crate) relist: Notify,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("open", &self.open.count())
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Everything a server needs, with the first snapshot.
    pub fn new(
        snapshot: Snapshot,
        reports: Arc<dyn ReportSink>,
        health: Box<dyn Health>,
        responses: Box<dyn ResponseStore>,
    ) -> Arc<Self> {
        let catalog = catalog_for(&snapshot, HashMap::new());
        let live = Live::default();
        live.follow(&snapshot);
        let bytes_max = snapshot.cache_bytes_max;
        Arc::new(Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            catalog: ArcSwap::from_pointee(catalog),
            made_keys: ArcSwap::default(),
            reports,
            health,
            admin: OnceLock::new(),
            recordings: OnceLock::new(),
            responses,
            answers: Shelf::new(bytes_max),
            memory: Memory::default(),
            live,
            accounts: Arc::default(),
            purse: OnceLock::new(),
            rooms: Rooms::default(),
            under_way: AllUnderWay::default(),
            open: Arc::default(),
            started_s: now_ms() / 1000,
            stopping: AtomicBool::new(false),
            listed: watch::Sender::new(false),
            relist: Notify::new(),
        })
    }

    /// From now on this answers the admin API; whoever was first stays.
    pub fn set_admin(&self, api: Box<dyn AdminApi>) {
        // The second of two is dropped: it is set once, at the start.
        let _ = self.admin.set(api);
    }

    /// From now on what client keys use and spend is counted there; whoever was first stays.
    pub fn set_purse(&self, purse: Arc<dyn Purse>) {
        // The second of two is dropped: it is set once, at the start.
        let _ = self.purse.set(purse);
    }

    /// Where it is counted what client keys use and spend.
    pub fn purse(&self) -> Arc<dyn Purse> {
        self.purse.get().map_or_else(|| Arc::clone(&self.accounts) as Arc<dyn Purse>, Arc::clone)
    }

    /// From now on this keeps what is said; whoever was first stays.
    pub fn set_recorder(&self, recorder: Box<dyn Recorder>) {
        // The second of two is dropped: it is set once, at the start.
        let _ = self.recordings.set(Recordings::new(recorder));
    }

    /// Puts a new snapshot in force; open requests finish on theirs.
    pub fn install(&self, snapshot: Snapshot) {
        let catalog = catalog_for(&snapshot, self.catalog.load().listings());
        for (name, before) in &self.snapshot().providers {
            if snapshot.providers.get(name).is_none_or(|after| !after.is_same_party(before)) {
                self.live.forget(name);
            }
        }
        self.live.follow(&snapshot);
        self.rooms.follow(&snapshot);
        self.answers.set_bytes_max(snapshot.cache_bytes_max);
        self.snapshot.store(Arc::new(snapshot));
        self.catalog.store(Arc::new(catalog));
        self.relist.notify_one();
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Lets in the holders of these client keys beside those of the configuration, from now on and until the next call.
    pub fn set_made_keys(&self, keys: MadeKeys) {
        self.made_keys.store(Arc::new(keys));
    }

    /// The client keys that were made at run time.
    pub fn made_keys(&self) -> Guard<Arc<MadeKeys>> {
        self.made_keys.load()
    }

    /// Whether this is the snapshot in force.
    pub(crate) fn is_in_force(&self, snapshot: &Arc<Snapshot>) -> bool {
        Arc::ptr_eq(&self.snapshot.load(), snapshot)
    }

    /// What providers say they serve.
    pub fn catalog(&self) -> Guard<Arc<Catalog>> {
        self.catalog.load()
    }

    /// Requests open now.
    pub fn open_requests(&self) -> usize {
        self.open.count()
    }

    /// Whether the process is on its way out.
    pub fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn begin_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Replaces the listings of the providers that are still configured.
    pub(crate) fn set_listings(&self, listings: HashMap<Arc<str>, Arc<Listing>>) {
        self.catalog.store(Arc::new(catalog_for(&self.snapshot(), listings)));
        self.listed.send_replace(true);
    }

    /// Returns once every provider's list has been asked for once.
    pub(crate) async fn first_listing(&self) {
        let mut listed = self.listed.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = listed.wait_for(|done| *done).await;
    }
}

impl AsRef<Live> for Shared {
    fn as_ref(&self) -> &Live {
        &self.live
    }
}

/// A catalog with the adapters' models, which need no asking.
fn catalog_for(snapshot: &Snapshot, mut listings: HashMap<Arc<str>, Arc<Listing>>) -> Catalog {
    for provider in snapshot.providers.values() {
        let Some(adapter) = provider.vendor.adapter else { continue };
        let listing = Listing { models: adapter_models(adapter), problem: None, is_unreachable: false };
        listings.insert(Arc::clone(&provider.name), Arc::new(listing));
    }
    Catalog::new(snapshot, listings)
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
