use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tokio::task::AbortHandle;
use trunkline_config::Secret;
use trunkline_config::file::BudgetPeriod;
use trunkline_providers::Usd;
use trunkline_route::budget::{Spent, begins};
use trunkline_route::purse::{Counted, Reckoned, Refused, Took};
use trunkline_route::{Accounts, Moment, Purse as _};
use trunkline_store::{Exchanged, LeaseTable, Want};
use trunkline_testkit::postgres::Postgres;

use super::LeasedPurse;
use crate::conformance::{Step, TIGHT, allowance, cases, outcomes, step};
use crate::here::now;
use crate::past::{Past, Untold};
use crate::timings::Timings;

/// Nobody waits for so long but a failing test.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of a machine that builds something else beside the test.
const SLOW: Timings =
    Timings { deadline: PATIENCE, beat: Duration::from_millis(20), silence: Duration::from_secs(600) };
/// Nothing is told or given back by itself.
const QUIET: Timings = Timings { beat: Duration::from_secs(1 << 20), silence: Duration::from_secs(1 << 32), ..SLOW };

const KEY: &str = "key";
/// Pays for twenty requests of a hundred.
const TWENTY: &str = r#"{"budgets":[{"usd":"0.000002"}]}"#;

/// So much was spent with every key before.
#[derive(Clone, Copy, Debug)]
struct Before(i64);

impl Past for Before {
    fn spent(&self, _key: &Arc<str>, now: Moment) -> Untold {
        let usd = Usd::from_nano(self.0);
        let spent = BudgetPeriod::ALL.map(|period| Spent { period, from: begins(period, now), usd });
        Box::pin(std::future::ready(Ok(spent.to_vec())))
    }
}

/// A replica that is kept until it is dropped, as one that crashes is.
struct Replica {
    purse: LeasedPurse,
    keeper: AbortHandle,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl std::ops::Deref for Replica {
    type Target = LeasedPurse;

    fn deref(&self) -> &LeasedPurse {
        &self.purse
    }
}

async fn replica(url: &str, timings: Timings, before: i64) -> Replica {
    let past = Box::new(Before(before));
    let purse = LeasedPurse::new(&Secret::new(url.to_owned()), timings, past, Arc::default());
    let purse = purse.expect("a URL").expect("a server");
    purse.connect().await;
    let keeper = tokio::spawn(purse.clone().keep()).abort_handle();
    Replica { purse, keeper }
}

async fn pair(url: &str) -> [Replica; 2] {
    let replicas = [replica(url, SLOW, 0).await, replica(url, SLOW, 0).await];
    until("each sees the other", || replicas.iter().all(|replica| replica.replicas() == 2)).await;
    replicas
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_late| panic!("{what}"));
}

async fn admit(purse: &LeasedPurse, json: &str, nano: i64) -> Result<Counted, Refused> {
    let reckoned = Reckoned { tokens: 1, cost: Some(Usd::from_nano(nano)) };
    let admitted = purse.admit(&Arc::from(KEY), &allowance(json), reckoned, now()).answer().await;
    admitted.map(|admitted| admitted.counted)
}

fn settle(purse: &LeasedPurse, counted: &Counted, nano: i64) {
    purse.settle(&Arc::from(KEY), counted, Took { tokens: 1, cost: Some(Usd::from_nano(nano)) }, now());
}

/// What the database knows to be spent and leased.
async fn known(table: &mut LeaseTable) -> (i64, i64) {
    let look = Want { period: 4, before_nusd: Some(0), ..Want::default() };
    match table.exchange(KEY, &[look], 1).await.expect("an answer") {
        Exchanged::Done(found) => found[0].map_or((0, 0), |found| (found.spent_nusd, found.others_nusd)),
        Exchanged::Unknown => (0, 0),
    }
}

async fn until_known(url: &str, expected: (i64, i64)) {
    let mut table = LeaseTable::at(url, "looks only".to_owned(), 1 << 40).expect("a URL");
    let waited = async {
        while known(&mut table).await != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, waited).await.is_err() {
        panic!("{expected:?} is never so, but {:?}", known(&mut table).await);
    }
}

#[tokio::test]
async fn limits_and_budgets_are_those_of_one_process() {
    let server = Postgres::start().expect("a PostgreSQL server");
    let one = replica(&server.database("cases").expect("a database"), QUIET, 0).await;
    // The steps have a time of their own.
    one.0.holdings().ahead_ms = 0;
    for (name, allowance, steps) in cases() {
        let own = outcomes(&Accounts::default(), name, allowance, &steps).await;
        assert_eq!(outcomes(&one.purse, name, allowance, &steps).await, own, "{name}");
    }
    let (steps, mut runner) = (proptest::collection::vec(step(), 0..60), TestRunner::default());
    for run in 0..40 {
        let steps: Vec<Step> = steps.new_tree(&mut runner).expect("steps").current();
        let own = outcomes(&Accounts::default(), "own", TIGHT, &steps).await;
        let leased = outcomes(&one.purse, &format!("run-{run}"), TIGHT, &steps).await;
        for (number, (leased, own)) in leased.iter().zip(&own).enumerate() {
            assert_eq!(leased, own, "outcome {number} of {steps:?}");
        }
    }
    assert_eq!(one.problem(), None);
}

#[tokio::test]
async fn five_hundred_at_once_on_two_replicas_spend_what_there_is_and_no_more() {
    let server = Postgres::start().expect("a PostgreSQL server");
    let url = server.database("pair").expect("a database");
    let replicas = pair(&url).await;
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..500 {
        let purse = replicas[number % 2].purse.clone();
        asked.spawn(async move { admit(&purse, TWENTY, 100).await.map(|counted| (purse, counted)) });
    }
    let let_in: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
    assert!((1..=20).contains(&let_in.len()), "{}", let_in.len());
    let_in.iter().for_each(|(purse, counted)| settle(purse, counted, 90));
    let spent = let_in.len() as i64 * 90;
    until_known(&url, (spent, 0)).await;
    // Whatever one had leased and did not need, the other can have.
    let left = 2_000 - spent;
    let rest = async {
        loop {
            if let Ok(rest) = admit(&replicas[1], TWENTY, left).await {
                return rest;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let rest = tokio::time::timeout(PATIENCE, rest).await.expect("reservations return to 0");
    admit(&replicas[0], TWENTY, 1).await.expect_err("there is no more");
    settle(&replicas[1], &rest, left);
    until_known(&url, (2_000, 0)).await;
    assert!(replicas.iter().all(|replica| replica.problem().is_none()));
}

#[tokio::test]
async fn what_a_replica_leased_is_free_once_it_has_left_or_was_silent_for_long() {
    let server = Postgres::start().expect("a PostgreSQL server");
    let url = server.database("gone").expect("a database");
    let soon = Timings { silence: Duration::from_millis(500), ..SLOW };
    let one = replica(&url, soon, 300).await;
    admit(&one, TWENTY, 1_700).await.expect("all that the ledger leaves");
    let other = replica(&url, soon, 300).await;
    admit(&other, TWENTY, 1).await.expect_err("one alone has leased all of it");
    drop(one);
    until("it is seen to be gone", || other.replicas() == 1).await;
    let held = admit(&other, TWENTY, 1_700).await.expect("it is there again");
    settle(&other, &held, 100);
    other.keeper.abort();
    other.leave().await;
    let third = replica(&url, soon, 400).await;
    assert_eq!(third.replicas(), 1);
    admit(&third, TWENTY, 1_601).await.expect_err("the ledger knows what was spent");
    admit(&third, TWENTY, 1_600).await.expect("the rest of it");
}

#[tokio::test]
async fn without_the_database_each_replica_spends_its_lease_and_its_part_of_the_rest() {
    let server = Postgres::start().expect("a PostgreSQL server");
    let url = server.database("down").expect("a database");
    let replicas = pair(&url).await;
    let first = admit(&replicas[0], TWENTY, 100).await.expect("there is money");
    settle(&replicas[0], &first, 100);
    until_known(&url, (100, 0)).await;
    server.stop().expect("it runs");
    until("both see that it is down", || replicas.iter().all(|replica| replica.problem().is_some())).await;
    let mut spent = 100;
    for replica in &replicas {
        while let Ok(counted) = admit(replica, TWENTY, 100).await {
            settle(replica, &counted, 100);
            spent += 100;
        }
    }
    // The first has half of what was left when it looked last; the second never asked about this key, so it has half of all.
    assert_eq!(spent, 100 + 900 + 1_000);
    server.resume().expect("it starts");
    until("both are back", || replicas.iter().all(|replica| replica.problem().is_none())).await;
    until_known(&url, (spent, 0)).await;
    admit(&replicas[0], TWENTY, 1).await.expect_err("there is no more");
}

#[tokio::test]
async fn rates_are_shared_evenly_and_are_whole_for_one_alone() {
    let server = Postgres::start().expect("a PostgreSQL server");
    let url = server.database("rates").expect("a database");
    let rates = r#"{"requests_per_minute":10,"parallel_requests":10}"#;
    let one = replica(&url, SLOW, 0).await;
    let mut open = Vec::new();
    while let Ok(counted) = admit(&one, rates, 0).await {
        open.push(counted);
    }
    assert_eq!(open.len(), 10);
    let other = replica(&url, SLOW, 0).await;
    until("each sees the other", || one.replicas() == 2 && other.replicas() == 2).await;
    let mut let_in = 0;
    while admit(&other, rates, 0).await.is_ok() {
        let_in += 1;
    }
    assert_eq!(let_in, 5);
}
