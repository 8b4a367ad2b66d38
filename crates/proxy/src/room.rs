//! Targets that may have only so many requests open: their places, and those who wait for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::Notify;
use tokio::time::Instant;
use trunkline_config::{Priority, RoomAmong, Snapshot, Target};
use trunkline_route::queue::{Entered, Queue, Ticket};

/// The room of all targets that have a limit, by provider and, where it is a target's own, by model. There are no more
/// than the configurations of this process's life had.
#[derive(Debug, Default)]
pub(crate) struct Rooms(RwLock<HashMap<Name, Arc<Room>>>);

/// Whose room it is: a provider's, or one model's of it.
type Name = (Arc<str>, Option<Arc<str>>);

/// One room. Those who wait are told by the same call whatever they wait for, and look again.
#[derive(Debug)]
pub(crate) struct Room(Mutex<Queue<Arc<Notify>>>);

/// Who asks for a place.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) client_key: Option<Arc<str>>,
    pub(crate) class: Priority,
    /// Called when a place is there.
    pub(crate) told: Arc<Notify>,
}

/// A place in a room; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Room>);

/// A wait for a place; given up when dropped.
#[derive(Debug)]
pub(crate) struct Wait {
    room: Arc<Room>,
    ticket: Ticket,
    pub(crate) since: Instant,
}

/// What came of asking for a place.
#[derive(Debug)]
pub(crate) enum Asked {
    Place(Place),
    Waits(Wait),
    Full,
}

/// There is no place that could be had at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// A room as it is shown.
#[derive(Debug)]
pub(crate) struct RoomRow {
    pub(crate) provider: Arc<str>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) open: u32,
    pub(crate) open_max: u32,
    pub(crate) waiting: usize,
}

impl Rooms {
    /// This target's, when it has a limit.
    pub(crate) fn of(&self, target: &Target) -> Option<Arc<Room>> {
        let room = target.room?;
        let name = name(target, room.among);
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Some(Arc::clone(known));
        }
        let mut rooms = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Room(Mutex::new(Queue::new(room.requests_max))));
        Some(Arc::clone(rooms.entry(name).or_insert_with(made)))
    }

    /// A place at this target for somebody who does not wait, where one is needed.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn place_now(&self, target: &Target) -> Result<Option<Place>, NoRoom> {
        let Some(room) = self.of(target) else { return Ok(None) };
        let asker = Asker { client_key: None, class: Priority::default(), told: Arc::default() };
        match room.ask(&asker, 0) {
            Asked::Place(place) => Ok(Some(place)),
            Asked::Waits(_) | Asked::Full => Err(NoRoom),
        }
    }

    /// Takes up the limits of another configuration: who waits for what is not limited any more waits no longer.
    pub(crate) fn follow(&self, snapshot: &Snapshot) {
        let stated: HashMap<Name, u32> = rooms_of(snapshot).collect();
        for (name, room) in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            room.resize(stated.get(name).copied().unwrap_or(u32::MAX));
        }
    }

    /// All that are limited now.
    pub(crate) fn rows(&self, snapshot: &Snapshot) -> Vec<RoomRow> {
        let rooms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<RoomRow> = rooms_of(snapshot)
            .collect::<HashMap<_, _>>()
            .into_iter()
            .map(|(name, open_max)| {
                let (open, waiting) = rooms.get(&name).map(|room| room.counts()).unwrap_or_default();
                let (provider, model) = name;
                RoomRow { provider, model, open, open_max, waiting }
            })
            .collect();
        rows.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        rows
    }
}

fn name(target: &Target, among: RoomAmong) -> Name {
    let model = match among {
        RoomAmong::Target => Some(Arc::clone(&target.model.name)),
        RoomAmong::Provider => None,
    };
    (Arc::clone(&target.provider.name), model)
}

/// The rooms that a configuration states; the one stated last counts where one target is stated twice.
fn rooms_of(snapshot: &Snapshot) -> impl Iterator<Item = (Name, u32)> {
    let of_provider = snapshot.providers.values().filter_map(|provider| {
        let room = provider.room()?;
        Some(((Arc::clone(&provider.name), None), room.requests_max))
    });
    let targets = snapshot.models.values().flat_map(|model| &model.targets);
    of_provider.chain(targets.filter_map(|target| {
        let room = target.room?;
        Some((name(target, room.among), room.requests_max))
    }))
}

impl Room {
    /// Asks for a place, or to wait for one.
    pub(crate) fn ask(self: &Arc<Self>, asker: &Asker, waiting_max: u32) -> Asked {
        let entered =
            self.queue().enter(asker.client_key.as_ref(), asker.class, waiting_max, || Arc::clone(&asker.told));
        match entered {
            Entered::Place => Asked::Place(Place(Arc::clone(self))),
            Entered::Waits(ticket) => Asked::Waits(Wait { room: Arc::clone(self), ticket, since: Instant::now() }),
            Entered::Full => Asked::Full,
        }
    }

    fn resize(&self, open_max: u32) {
        self.queue().resize(open_max).into_iter().for_each(|told| told.notify_one());
    }

    fn counts(&self) -> (u32, usize) {
        let queue = self.queue();
        (queue.open(), queue.waiting())
    }

    fn queue(&self) -> MutexGuard<'_, Queue<Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(crate) fn is_in(&self, room: &Arc<Room>) -> bool {
        Arc::ptr_eq(&self.0, room)
    }
}

impl Wait {
    pub(crate) fn is_for(&self, room: &Arc<Room>) -> bool {
        Arc::ptr_eq(&self.room, room)
    }

    /// The place that it has become, if it has; then there is nothing more to wait for.
    pub(crate) fn place(&self) -> Option<Place> {
        self.room.queue().claim(self.ticket).then(|| Place(Arc::clone(&self.room)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let told = self.0.queue().leave();
        told.into_iter().for_each(|told| told.notify_one());
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let told = self.room.queue().withdraw(self.ticket);
        told.into_iter().for_each(|told| told.notify_one());
    }
}
