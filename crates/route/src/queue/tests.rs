use std::collections::BTreeMap;

use super::*;

type Key = (usize, u64);

fn key(name: u64) -> Arc<str> {
    format!("k{name}").into()
}

/// Lets everybody in who is next, one after the other, and says who that was.
fn in_order(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| queue.leave()).collect()
}

fn wait(queue: &mut Queue<&'static str>, key: &Arc<str>, class: Priority, name: &'static str) -> Ticket {
    match queue.enter(Some(key), class, 100, || name) {
        Entered::Waits(ticket) => ticket,
        other @ (Entered::Place | Entered::Full) => panic!("{name} does not wait: {other:?}"),
    }
}

fn full() -> Queue<&'static str> {
    let mut queue = Queue::new(1);
    assert_eq!(queue.enter(None, Priority::Low, 0, || "first"), Entered::Place);
    queue
}

#[test]
fn holders_of_client_keys_take_turns() {
    let mut queue = full();
    for name in ["a1", "a2", "a3"] {
        wait(&mut queue, &key(1), Priority::Normal, name);
    }
    wait(&mut queue, &key(2), Priority::Normal, "b1");
    wait(&mut queue, &key(3), Priority::Normal, "c1");
    wait(&mut queue, &key(2), Priority::Normal, "b2");
    assert_eq!(in_order(&mut queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
}

#[test]
fn higher_classes_go_first_and_lower_ones_go_too() {
    let mut queue = full();
    for _ in 0..20 {
        wait(&mut queue, &key(1), Priority::High, "h");
    }
    wait(&mut queue, &key(2), Priority::Low, "l");
    wait(&mut queue, &key(3), Priority::Normal, "n");
    let order = in_order(&mut queue).concat();
    assert_eq!(order, "hhhhhhhhlnhhhhhhhhhhhh");
}

#[test]
fn no_more_wait_than_may() {
    let mut queue = full();
    assert!(matches!(queue.enter(None, Priority::High, 1, || "second"), Entered::Waits(_)));
    assert_eq!(queue.enter(None, Priority::High, 1, || "third"), Entered::Full);
}

#[test]
fn who_gives_up_gives_its_place_to_the_next() {
    let mut queue = full();
    let tickets = ["a", "b", "c"].map(|name| wait(&mut queue, &key(1), Priority::Normal, name));
    assert_eq!(queue.withdraw(tickets[1]), None);
    assert_eq!(queue.leave(), Some("a"));
    assert_eq!(queue.withdraw(tickets[0]), Some("c"), "what it was given and did not take goes on");
    assert!(queue.claim(tickets[2]) && !queue.claim(tickets[2]));
    assert_eq!((queue.leave(), queue.open(), queue.waiting()), (None, 0, 0));
}

#[test]
fn other_limits_hold_from_then_on() {
    let mut queue = full();
    for name in ["a", "b", "c"] {
        wait(&mut queue, &key(1), Priority::Normal, name);
    }
    assert_eq!(queue.resize(3), ["a", "b"]);
    assert_eq!(queue.resize(1), Vec::<&str>::new());
    assert_eq!([queue.leave(), queue.leave(), queue.leave()], [None, None, Some("c")]);
}

/// What the queue should be, kept as simply as can be.
#[derive(Default)]
struct Model {
    held: u64,
    /// Waiting and granted tickets, with what their waker says.
    waiting: BTreeMap<Ticket, (Key, u64)>,
    granted: Vec<Ticket>,
    /// Places that went to others of the class while this holder waited.
    skipped: BTreeMap<Key, usize>,
    /// Places that went to higher classes while this one waited.
    passed: [u32; 3],
}

impl Model {
    fn granted(&mut self, number: u64, holders: usize, seed: u64) {
        let (ticket, (class, holder)) =
            self.waiting.iter().find(|(_, (_, other))| *other == number).map(|(t, (k, _))| (*t, *k)).unwrap();
        let first_of_holder = self.waiting.values().filter(|(k, _)| *k == (class, holder)).map(|(_, n)| *n).min();
        assert_eq!(first_of_holder, Some(number), "seed {seed}: a holder's own requests keep their order");
        let waits = |class| self.waiting.values().any(|((other, _), _)| *other == class);
        for higher in 0..class {
            assert!(!waits(higher) || self.passed[class] >= PASSED_OVER_MAX, "seed {seed}: {class} before {higher}");
        }
        for lower in (class + 1..3).filter(|lower| waits(*lower)) {
            self.passed[lower] += 1;
            assert!(self.passed[lower] <= PASSED_OVER_MAX, "seed {seed}: class {lower} starves");
        }
        self.passed[class] = 0;
        for (waiting, _) in self.waiting.values() {
            if waiting.0 == class && waiting.1 != holder {
                self.skipped.entry(*waiting).or_default();
            }
        }
        for (waiting, skipped) in &mut self.skipped {
            *skipped = if *waiting == (class, holder) { 0 } else { *skipped + usize::from(waiting.0 == class) };
            assert!(*skipped <= holders, "seed {seed}: {waiting:?} waits for its turn");
        }
        self.waiting.remove(&ticket);
        self.granted.push(ticket);
        self.forget_who_is_gone();
    }

    fn forget_who_is_gone(&mut self) {
        for class in 0..3 {
            if !self.waiting.values().any(|((other, _), _)| *other == class) {
                self.passed[class] = 0;
            }
        }
        self.skipped.retain(|waiting, _| self.waiting.values().any(|(k, _)| k == waiting));
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn whatever_happens_no_place_is_lost_doubled_or_unfair() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let holders = 1 + dice.roll(5);
        let waiting_max = 1 + dice.roll(60) as u32;
        let mut queue: Queue<u64> = Queue::new(1 + dice.roll(4) as u32);
        let mut model = Model::default();
        for number in 0..600 {
            let mut told = Vec::new();
            match dice.roll(10) {
                0..=4 => {
                    let (holder, class) = (dice.roll(holders), dice.roll(3) as usize);
                    let full = model.waiting.len() >= waiting_max as usize;
                    match queue.enter(Some(&key(holder)), CLASSES[class], waiting_max, || number) {
                        Entered::Place => {
                            assert!(model.waiting.is_empty() && queue.open() <= queue.open_max());
                            model.held += 1;
                        }
                        Entered::Waits(ticket) => assert!(
                            model.waiting.insert(ticket, ((class, holder), number)).is_none() && !full,
                            "seed {seed}"
                        ),
                        Entered::Full => assert!(full, "seed {seed}"),
                    }
                }
                5..=6 if model.held > 0 => {
                    model.held -= 1;
                    told.extend(queue.leave());
                }
                7 => {
                    let all: Vec<Ticket> = model.waiting.keys().chain(&model.granted).copied().collect();
                    let mut all = all;
                    all.sort();
                    if let Some(ticket) = all.get(dice.roll(1 + all.len() as u64) as usize).copied() {
                        told.extend(queue.withdraw(ticket));
                        model.waiting.remove(&ticket);
                        model.granted.retain(|granted| *granted != ticket);
                        model.forget_who_is_gone();
                    }
                }
                8 => told.extend(queue.resize(1 + dice.roll(6) as u32)),
                _ => {
                    for ticket in std::mem::take(&mut model.granted) {
                        assert!(queue.claim(ticket), "seed {seed}: a place that was granted is there");
                        model.held += 1;
                    }
                }
            }
            assert!(told.is_empty() || queue.open() <= queue.open_max(), "seed {seed}: more than there is room for");
            for number in told {
                model.granted(number, holders as usize, seed);
            }
            assert_eq!(u64::from(queue.open()), model.held + model.granted.len() as u64, "seed {seed}");
            assert_eq!(queue.waiting(), model.waiting.len(), "seed {seed}");
            assert!(queue.waiting() == 0 || queue.open() >= queue.open_max(), "seed {seed}: a place lies idle");
        }
    }
}
