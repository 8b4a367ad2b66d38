//! Two gateways on one budget: what a client sees of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use trunkline_config::Secret;
use trunkline_config::file::BudgetPeriod;
use trunkline_providers::Usd;
use trunkline_replicas::{Past, SharedPurse, Timings, Untold};
use trunkline_route::purse::Account;
use trunkline_route::{Moment, Purse as _};
use trunkline_testkit::redis::Redis;
use trunkline_testkit::{Gateway, Say, Upstream, ask};

const CHAT: &str = "POST /v1/chat/completions";
const BEARER: &str = "authorization: Bearer one-key";
const ASKING: &str = r#"{"model":"nice","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}"#;
/// Ten tokens, of which each costs a thousandth of a USD.
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":10,"total_tokens":19}}"#;
/// What twenty of them cost, to the last.
const BUDGET: i64 = 200_000_000;
const ASKED: usize = 500;

/// Nobody waits for so long but a failing test.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Nothing;

impl Past for Nothing {
    fn spent(&self, _key: &Arc<str>, _now: Moment) -> Untold {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

fn document(upstream: &Upstream) -> String {
    format!(
        r#"
[discovery]
probe = false
[failover]
retries = 0
[providers.up]
type = "vllm"
dialects = ["openai_chat"]
base_url = "{}"
[models.nice]
price = {{ input = 0, output = 1000 }}
targets = [{{ provider = "up", model = "real" }}]
[[client_keys]]
name = "one"
key = "one-key"
budgets = [{{ usd = "0.2" }}]
"#,
        upstream.url()
    )
}

struct Pair {
    gateways: [Gateway; 2],
    purses: Vec<SharedPurse>,
    /// Ends the links when it is dropped.
    _keeping: JoinSet<()>,
}

async fn pair(redis: &Redis, upstream: &Upstream) -> Pair {
    let toml = document(upstream);
    let gateways = [Gateway::start(&toml), Gateway::start(&toml)];
    let (mut purses, mut keeping) = (Vec::new(), JoinSet::new());
    for gateway in &gateways {
        // Of a machine that builds something else beside the test.
        let timings = Timings { beat: Duration::from_millis(50), ..Timings::with_deadline(PATIENCE) };
        let (url, known) = (Secret::new(redis.url()), Arc::clone(&gateway.shared().accounts));
        let purse = SharedPurse::new(&url, "pair", timings, Box::new(Nothing), known).expect("a URL");
        purse.connect().await;
        gateway.shared().set_purse(Arc::new(purse.clone()));
        keeping.spawn(purse.clone().keep());
        purses.push(purse);
    }
    until("each sees the other", || purses.iter().all(|purse| purse.replicas() == 2)).await;
    Pair { gateways, purses, _keeping: keeping }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.expect(what);
}

impl Pair {
    /// Asks for so many answers at once, of both in turns; the statuses.
    fn ask(&self, count: usize) -> JoinSet<u16> {
        let mut asked = JoinSet::new();
        for address in self.gateways.iter().map(Gateway::address).cycle().take(count) {
            asked.spawn(async move { ask(address, CHAT, &[BEARER], ASKING).await.status });
        }
        asked
    }

    fn accounts(&self) -> Vec<Account> {
        let at =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is past 1970").as_millis();
        self.purses.iter().map(|purse| purse.account("one", Moment(at as u64))).collect()
    }

    /// Waits until both see nothing open and nothing set aside, and the same spent; how much.
    async fn spent_when_over(&self) -> Usd {
        let total = |account: &Account| {
            let total = account.spent.iter().find(|spent| spent.period == BudgetPeriod::Total);
            total.map_or(Usd::ZERO, |total| total.usd)
        };
        let is_over = |account: &Account| (account.open, account.reserved) == (0, Usd::ZERO);
        until("all of it is over", || {
            let accounts = self.accounts();
            accounts.iter().all(is_over)
                && accounts.iter().all(|account| Some(total(account)) == accounts.first().map(total))
        })
        .await;
        self.accounts().first().map(total).expect("there are two")
    }
}

fn served(statuses: &[u16]) -> usize {
    assert!(statuses.iter().all(|status| [200, 402, 429].contains(status)), "{statuses:?}");
    statuses.iter().filter(|status| **status == 200).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_requests_at_two_gateways_spend_a_budget_of_twenty_to_the_last_and_no_further() {
    let redis = Redis::start().expect("a Redis server");
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let pair = pair(&redis, &upstream).await;
    let served = served(&pair.ask(ASKED).join_all().await);
    assert!((1..=20).contains(&served), "{served}");
    assert_eq!(
        pair.spent_when_over().await.nano(),
        served as i64 * BUDGET / 20,
        "overshoot 0, and nothing stays reserved"
    );
    // What was set aside at the time and free again can be had still.
    let mut more = 0;
    while pair.ask(1).join_all().await == [200] {
        more += 1;
    }
    assert_eq!(served + more, 20);
    assert_eq!(pair.spent_when_over().await.nano(), BUDGET);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_server_killed_among_five_hundred_no_more_is_spent_than_the_guide_says() {
    let mut redis = Redis::start().expect("a Redis server");
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let pair = pair(&redis, &upstream).await;
    let mut asked = pair.ask(ASKED);
    let mut statuses = Vec::new();
    // Once somebody was served, others are under way.
    while let Some(status) = asked.join_next().await {
        statuses.push(status.expect("an answer"));
        if statuses.last() == Some(&200) {
            break;
        }
    }
    redis.kill().expect("it runs");
    statuses.extend(asked.join_all().await);
    let served = served(&statuses);
    // Each works on half of what was left when it last looked, and what both had asked for together was never more than the
    // budget: so each spends no more than half of it beyond what it should.
    assert!(served <= 30, "{served} of twenty");
    assert!(pair.purses.iter().all(|purse| purse.problem().is_some()));
    redis.resume().expect("it starts");
    until("both are back", || pair.purses.iter().all(|purse| purse.problem().is_none())).await;
    let spent = pair.spent_when_over().await.nano();
    assert_eq!(spent, served as i64 * BUDGET / 20, "all that was spent meanwhile counts, once");
}
