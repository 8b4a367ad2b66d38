use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tokio::task::AbortHandle;
use trunkline_config::Secret;
use trunkline_config::file::BudgetPeriod;
use trunkline_providers::Usd;
use trunkline_route::budget::{Spent, begins, ends};
use trunkline_route::live::{Cause, Rest};
use trunkline_route::purse::{Account, Counted, Reckoned, Refused, Took};
use trunkline_route::{Accounts, Live, Moment, Purse as _, RestRow};
use trunkline_testkit::redis::Redis;
use trunkline_wire::FaultKind;

use super::SharedPurse;
use super::script::{ASKERS_CLOCK, CLOCK};
use crate::conformance::{Step, TIGHT, allowance, cases, outcomes, step};
use crate::here::now;
use crate::past::{Past, Untold};
use crate::timings::Timings;

/// Nobody waits for so long but a failing test.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of a machine that builds something else beside the test.
const SLOW: Timings =
    Timings { deadline: PATIENCE, beat: Duration::from_millis(20), silence: Duration::from_secs(600) };

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
    purse: SharedPurse,
    keeper: AbortHandle,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl std::ops::Deref for Replica {
    type Target = SharedPurse;

    fn deref(&self) -> &SharedPurse {
        &self.purse
    }
}

async fn replica_with(redis: &Redis, clock: &str, timings: Timings, before: i64) -> Replica {
    let (url, past) = (Secret::new(redis.url()), Box::new(Before(before)));
    let purse = SharedPurse::with_clock(clock, (&url, "test"), timings, past, Arc::default()).expect("a URL");
    purse.connect().await;
    let keeper = tokio::spawn(purse.clone().keep()).abort_handle();
    Replica { purse, keeper }
}

async fn replica(redis: &Redis) -> Replica {
    replica_with(redis, CLOCK, SLOW, 0).await
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_late| panic!("{what}"));
}

const KEY: &str = "key";

async fn admit(purse: &SharedPurse, json: &str, nano: i64) -> Result<Counted, Refused> {
    let reckoned = Reckoned { tokens: 1, cost: Some(Usd::from_nano(nano)) };
    let admitted = purse.admit(&Arc::from(KEY), &allowance(json), reckoned, now()).answer().await;
    admitted.map(|admitted| admitted.counted)
}

fn settle(purse: &SharedPurse, counted: &Counted, nano: i64) {
    purse.settle(&Arc::from(KEY), counted, Took { tokens: 1, cost: Some(Usd::from_nano(nano)) }, now());
}

/// The account as the server has it now.
async fn account(purse: &SharedPurse) -> (u32, i64, i64) {
    let free = admit(purse, r#"{"budgets":[{"usd":"9000","hard":false}]}"#, 0).await.expect("nothing keeps it out");
    let Account { open, reserved, spent } = purse.account(KEY, now());
    settle(purse, &free, 0);
    let total = spent.iter().find(|spent| spent.period == BudgetPeriod::Total).expect("there is one");
    (open - 1, reserved.nano(), total.usd.nano())
}

/// Waits until the server has it so: what another replica has to tell is on its way.
async fn until_account(purse: &SharedPurse, expected: (u32, i64, i64)) {
    let waited = async {
        while account(purse).await != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, waited).await.is_err() {
        assert_eq!(account(purse).await, expected);
    }
}

/// Pays for twenty requests of a hundred.
const TWENTY: &str = r#"{"budgets":[{"usd":"0.000002"}]}"#;

#[tokio::test]
async fn limits_and_budgets_are_those_of_one_process() {
    let redis = Redis::start().expect("a Redis server");
    let forever = Timings { silence: Duration::from_secs(1 << 32), beat: Duration::from_secs(1 << 20), ..SLOW };
    let shared = replica_with(&redis, ASKERS_CLOCK, forever, 0).await;
    for (name, allowance, steps) in cases() {
        let own = outcomes(&Accounts::default(), name, allowance, &steps).await;
        assert_eq!(outcomes(&shared.purse, name, allowance, &steps).await, own, "{name}");
    }
    assert_eq!(shared.problem(), None);
}

#[tokio::test]
async fn any_steps_come_out_as_in_one_process() {
    let redis = Redis::start().expect("a Redis server");
    let forever = Timings { silence: Duration::from_secs(1 << 32), beat: Duration::from_secs(1 << 20), ..SLOW };
    let shared = replica_with(&redis, ASKERS_CLOCK, forever, 0).await;
    let (steps, mut runner) = (proptest::collection::vec(step(), 0..60), TestRunner::default());
    for run in 0..40 {
        let steps: Vec<Step> = steps.new_tree(&mut runner).expect("steps").current();
        let own = outcomes(&Accounts::default(), "own", TIGHT, &steps).await;
        assert_eq!(outcomes(&shared.purse, &format!("run-{run}"), TIGHT, &steps).await, own, "{steps:?}");
    }
    assert_eq!(shared.problem(), None);
}

#[tokio::test]
async fn periods_begin_and_end_at_the_server_as_they_do_here() {
    let redis = Redis::start().expect("a Redis server");
    let client = redis::Client::open(redis.url()).expect("a URL");
    let mut conn = client.get_multiplexed_async_connection().await.expect("a connection");
    let text = format!(
        "{}local flat = {{}} for _, period in ipairs(periods(tonumber(ARGV[1]))) do \
         flat[#flat + 1] = period[1] flat[#flat + 1] = period[2] end return flat",
        include_str!("lua/calendar.lua")
    );
    // Four days and a bit, over a hundred years.
    for step in 0..8_000_u64 {
        let now = Moment(step * 394_567_891);
        let found: Vec<u64> =
            redis::cmd("EVAL").arg(&text).arg(0).arg(now.0).query_async(&mut conn).await.expect("periods");
        let never = (1_u64 << 53) - 1;
        let own = BudgetPeriod::ALL.map(|period| [begins(period, now).0, ends(period, now).0.min(never)]);
        assert_eq!(found, own.as_flattened(), "{now:?}");
    }
}

#[tokio::test]
async fn five_hundred_at_once_on_two_replicas_spend_what_there_is_and_no_more() {
    let redis = Redis::start().expect("a Redis server");
    let replicas = [replica(&redis).await, replica(&redis).await];
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..500 {
        let purse = replicas[number % 2].purse.clone();
        asked.spawn(async move { admit(&purse, TWENTY, 100).await.map(|counted| (purse, counted)) });
    }
    let let_in: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
    assert_eq!(let_in.len(), 20);
    assert_eq!(account(&replicas[0]).await, (20, 2_000, 0));
    for (purse, counted) in &let_in {
        settle(purse, counted, 90);
    }
    until("all is told", || replicas.iter().all(|replica| replica.0.book().next(1).is_empty())).await;
    assert_eq!(account(&replicas[1]).await, (0, 0, 1_800), "what was set aside is free again");
    assert!(replicas.iter().all(|replica| replica.problem().is_none()));
}

#[tokio::test]
async fn what_a_replica_held_is_free_once_it_is_gone() {
    let redis = Redis::start().expect("a Redis server");
    let soon = Timings { silence: Duration::from_millis(400), ..SLOW };
    let (one, other) = (replica_with(&redis, CLOCK, soon, 0).await, replica_with(&redis, CLOCK, soon, 0).await);
    let held = admit(&one, TWENTY, 2_000).await.expect("all of it");
    admit(&other, TWENTY, 1).await.expect_err("nothing is left");
    until("both are seen", || one.replicas() == 2 && other.replicas() == 2).await;
    let left_over = one.purse.clone();
    drop(one);
    until("one is seen to be gone", || other.replicas() == 1).await;
    assert_eq!(account(&other).await, (0, 0, 0));
    let all = admit(&other, TWENTY, 2_000).await.expect("all of it is there again");
    // It was only cut off: what it spent counts when it is back, and what it holds no more is not taken from others.
    settle(&left_over, &held, 500);
    left_over.connect().await;
    assert_eq!(account(&other).await, (1, 2_000, 500));
    settle(&other, &all, 0);
}

#[tokio::test]
async fn who_leaves_without_the_answer_leaves_nothing_behind() {
    let redis = Redis::start().expect("a Redis server");
    let one = replica(&redis).await;
    for _ in 0..50 {
        let asked = admit(&one, TWENTY, 100);
        // Asked, and hardly waited for: whoever is answered all the same has a request to end.
        if let Ok(Ok(counted)) = tokio::time::timeout(Duration::ZERO, asked).await {
            settle(&one, &counted, 0);
        }
    }
    until_account(&one, (0, 0, 0)).await;
}

#[tokio::test]
async fn a_server_that_lost_what_it_had_learns_it_from_the_ledger_once() {
    let mut redis = Redis::start().expect("a Redis server");
    let replicas = [replica_with(&redis, CLOCK, SLOW, 300).await, replica_with(&redis, CLOCK, SLOW, 300).await];
    until_account(&replicas[0], (0, 0, 300)).await;
    let open = admit(&replicas[0], TWENTY, 100).await.expect("there is money");
    let closed = admit(&replicas[1], TWENTY, 200).await.expect("there is money");
    settle(&replicas[1], &closed, 200);
    until_account(&replicas[1], (1, 100, 500)).await;
    redis.kill().expect("it runs");
    redis.resume_empty().expect("it starts");
    let is_back = |replica: &Replica| replica.0.is_linked() && replica.0.book().name.ends_with(".2");
    until("all are back", || replicas.iter().all(is_back)).await;
    until_account(&replicas[1], (1, 100, 500)).await;
    settle(&replicas[0], &open, 100);
    until_account(&replicas[0], (0, 0, 600)).await;
}

#[tokio::test]
async fn without_the_server_each_replica_spends_its_part_and_catches_up() {
    let mut redis = Redis::start().expect("a Redis server");
    let replicas = [replica(&redis).await, replica(&redis).await];
    until("both are seen", || replicas.iter().all(|replica| replica.replicas() == 2)).await;
    let before = admit(&replicas[0], TWENTY, 200).await.expect("there is money");
    for replica in &replicas {
        account(replica).await;
    }
    redis.kill().expect("it runs");
    let mut alone = Vec::new();
    for replica in &replicas {
        for _ in 0..20 {
            alone.extend(admit(replica, TWENTY, 100).await.map(|counted| (replica, counted)));
        }
        assert!(replica.problem().is_some());
    }
    assert_eq!(alone.len(), 18, "half of what was left, each");
    let (open, over) = alone.split_at(3);
    over.iter().for_each(|(replica, counted)| settle(replica, counted, 100));
    settle(&replicas[0], &before, 200);
    redis.resume().expect("it starts");
    until("all are back", || replicas.iter().all(|replica| replica.0.is_linked())).await;
    until_account(&replicas[1], (3, 300, 1_700)).await;
    admit(&replicas[1], TWENTY, 1).await.expect_err("it was all spent or is held");
    open.iter().for_each(|(replica, counted)| settle(replica, counted, 40));
    until_account(&replicas[0], (0, 0, 1_820)).await;
}

#[tokio::test]
async fn a_server_that_hangs_holds_no_request_longer_than_its_deadline_and_only_the_first() {
    let redis = Redis::start().expect("a Redis server");
    let quick = Timings { deadline: Duration::from_millis(100), ..SLOW };
    let one = replica_with(&redis, CLOCK, quick, 0).await;
    account(&one).await;
    redis.pause().expect("it runs");
    let late = admit(&one, TWENTY, 100).await.expect("it goes on alone");
    assert!(one.problem().is_some_and(|problem| problem.contains("no answer within 100ms")), "{:?}", one.problem());
    let asked = one.admit(&Arc::from(KEY), &allowance(TWENTY), Reckoned::default(), now());
    assert!(matches!(asked, trunkline_route::purse::Asked::Now(Ok(_))), "nobody waits any more");
    redis.go_on().expect("it runs");
    until("it is back", || one.0.is_linked()).await;
    settle(&one, &late, 100);
    let (open, reserved, spent) = account(&one).await;
    assert_eq!(
        (open, reserved, spent),
        (1, 0, 100),
        "what was asked in vain is not held; one is open that nobody ended"
    );
}

/// What one replica knows of providers.
#[derive(Default)]
struct Known(Live);

impl AsRef<Live> for Known {
    fn as_ref(&self) -> &Live {
        &self.0
    }
}

fn rest(seconds: u64) -> RestRow {
    let cause = Cause { kind: FaultKind::RateLimited, status: Some(429) };
    let rest = Rest { since: now(), until: now() + Duration::from_secs(seconds), cause };
    RestRow { provider: "p".into(), key: Some("p#1".into()), model: None, rest }
}

impl Known {
    /// In how many tens of seconds each rest ends, about.
    fn tens(&self) -> Vec<u64> {
        let at = now();
        self.0.rests(at).iter().map(|row| (row.rest.until.since(at).as_secs() + 5) / 10).collect()
    }
}

#[tokio::test]
async fn a_rest_reaches_all_replicas_and_so_does_its_early_end() {
    let mut redis = Redis::start().expect("a Redis server");
    let (one, other) = (replica(&redis).await, replica(&redis).await);
    let (here, there) = (Arc::new(Known::default()), Arc::new(Known::default()));
    here.0.restore(vec![rest(100)], now());
    let mut sharing = tokio::task::JoinSet::new();
    sharing.spawn(one.purse.clone().share_rests(Arc::clone(&here)));
    sharing.spawn(other.purse.clone().share_rests(Arc::clone(&there)));
    until("it is known there", || there.tens() == [10]).await;
    there.0.restore(vec![rest(200)], now());
    until("the longer one wins", || here.tens() == [20]).await;
    here.0.lift(&rest(300), now());
    until("it is over there, too", || there.tens().is_empty()).await;
    here.0.restore(vec![rest(300)], now());
    until("another begins", || there.tens() == [30]).await;
    // Whoever comes later reads what there is; whoever was cut off tells what it has learnt.
    let late = Arc::new(Known::default());
    let third = replica(&redis).await;
    sharing.spawn(third.purse.clone().share_rests(Arc::clone(&late)));
    until("it is known to who comes later", || late.tens() == [30]).await;
    redis.kill().expect("it runs");
    here.0.lift(&rest(400), now());
    there.0.restore(vec![RestRow { provider: "q".into(), ..rest(500) }], now());
    redis.resume_empty().expect("it starts");
    until("what was learnt in between is told", || late.tens().contains(&50) && here.tens().contains(&50)).await;
}
