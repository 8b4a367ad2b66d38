//! The tries of each thread that are under way: for whoever wants to know how many a provider has, or to end them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;

use trunkline_config::Target;

/// Those of all threads.
#[derive(Debug, Default)]
pub(crate) struct AllUnderWay(Mutex<Vec<Weak<UnderWay>>>);

/// Those of one thread, which is alone with them but for whoever counts or cuts.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    tries: Mutex<Tries>,
    /// How many are to be cut; zero nearly always, and then nobody looks for itself among them.
    cut: AtomicUsize,
}

#[derive(Debug, Default)]
struct Tries {
    places: Vec<Option<Try>>,
    free: Vec<usize>,
}

/// One try: whose it is, and what drives it.
#[derive(Debug)]
struct Try {
    target: Arc<Target>,
    driver: Waker,
    is_cut: bool,
}

/// Finds a try among those of its thread.
#[derive(Debug)]
pub(crate) struct TryNumber(usize);

impl AllUnderWay {
    /// Those of one more thread.
    pub(crate) fn one_more(&self) -> Arc<UnderWay> {
        let one = Arc::new(UnderWay::default());
        self.all().push(Arc::downgrade(&one));
        one
    }

    /// How many a provider has, or one model of it.
    pub(crate) fn count(&self, provider: &str, model: Option<&str>) -> usize {
        let count = |one: Arc<UnderWay>| one.tries().of(provider, model).count();
        self.all().iter().filter_map(Weak::upgrade).map(count).sum()
    }

    /// Ends the answers of a provider, or of one model of it. Gives how many that are.
    pub(crate) fn cut(&self, provider: &str, model: Option<&str>) -> usize {
        self.all().iter().filter_map(Weak::upgrade).map(|one| one.cut(provider, model)).sum()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<UnderWay>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// A try begins.
    pub(crate) fn begin(&self, target: &Arc<Target>, driver: Waker) -> TryNumber {
        let begun = Some(Try { target: Arc::clone(target), driver, is_cut: false });
        let mut tries = self.tries();
        let number = tries.free.pop().unwrap_or(tries.places.len());
        match tries.places.get_mut(number) {
            Some(place) => *place = begun,
            None => tries.places.push(begun),
        }
        TryNumber(number)
    }

    /// A try is over.
    pub(crate) fn end(&self, TryNumber(number): TryNumber) {
        let mut tries = self.tries();
        let ended = tries.places.get_mut(number).and_then(Option::take);
        tries.free.push(number);
        if ended.is_some_and(|ended| ended.is_cut) {
            self.cut.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether a try is to end.
    pub(crate) fn is_cut(&self, TryNumber(number): &TryNumber) -> bool {
        self.cut.load(Ordering::Relaxed) > 0
            && self.tries().places.get(*number).and_then(Option::as_ref).is_some_and(|found| found.is_cut)
    }

    fn cut(&self, provider: &str, model: Option<&str>) -> usize {
        let mut tries = self.tries();
        let mut drivers = Vec::new();
        for found in tries.of_mut(provider, model).filter(|found| !found.is_cut) {
            found.is_cut = true;
            drivers.push(found.driver.clone());
        }
        self.cut.fetch_add(drivers.len(), Ordering::Relaxed);
        drop(tries);
        let count = drivers.len();
        drivers.into_iter().for_each(Waker::wake);
        count
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tries {
    fn of(&self, provider: &str, model: Option<&str>) -> impl Iterator<Item = &Try> {
        self.places.iter().flatten().filter(move |found| found.is_of(provider, model))
    }

    fn of_mut(&mut self, provider: &str, model: Option<&str>) -> impl Iterator<Item = &mut Try> {
        self.places.iter_mut().flatten().filter(move |found| found.is_of(provider, model))
    }
}

impl Try {
    fn is_of(&self, provider: &str, model: Option<&str>) -> bool {
        *self.target.provider.name == *provider && model.is_none_or(|model| *self.target.model.name == *model)
    }
}
