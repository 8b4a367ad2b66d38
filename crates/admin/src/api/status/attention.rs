//! What needs the operator, in words, and where to go with it.

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_config::file::Amount;
use trunkline_config::{ClientKeys, Provider, Snapshot};
use trunkline_route::RestRow;
use trunkline_wire::FaultKind;

use crate::clock::now;
use crate::keys::KeyRow;
use crate::plane::Plane;
use crate::standing::{HealthState, Sight, at};
use crate::usage::{UsageBy, UsageQuestion};
use crate::watch::Process;

/// Models without a price that are named; one line each is enough.
const UNPRICED_MAX: usize = 5;
/// Characters of what quotes a document or an error.
const QUOTE_CHARS_MAX: usize = 600;
/// From this part of a budget on its end is near, in hundredths.
const NEAR_ITS_END: i128 = 80;

/// Something that needs the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Attention {
    pub(crate) severity: Severity,
    /// Which, for programs.
    pub(crate) code: &'static str,
    /// What, for people.
    pub(crate) message: String,
    /// The page of the UI to go to, such as `/providers/groq`.
    pub(crate) link: Option<String>,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Severity {
    Error,
    Warning,
    Info,
}

use Severity::{Error, Info, Warning};

fn item(severity: Severity, code: &'static str, message: String, link: impl Into<String>) -> Attention {
    Attention { severity, code, message, link: Some(link.into()) }
}

/// All that is known, the worst first. What cannot be asked now is not told: that the store is away is.
pub(super) async fn gather(plane: &dyn Plane, process: &Process) -> Vec<Attention> {
    let (snapshot, catalog) = (plane.snapshot(), plane.catalog());
    let sight = Sight { catalog: &catalog, live: plane.live(), now: now() };
    let keys = plane.keys().list().await.ok();
    let mut all = of_process(process);
    all.extend(of_providers(&snapshot, &sight));
    all.extend(refused_keys(plane.live().rests(sight.now)));
    all.extend(open_to_all(&snapshot, process, keys.as_deref()));
    all.extend(keys.iter().flatten().filter_map(budget));
    all.extend(unpriced(plane).await);
    all.sort_by_key(|item| item.severity);
    all
}

fn of_process(process: &Process) -> Vec<Attention> {
    let quote = |text: &str| text.chars().take(QUOTE_CHARS_MAX).collect::<String>();
    let ledger = &process.ledger;
    let document =
        process.refused_document.as_deref().map(|why| item(Error, "document_refused", quote(why), "/config"));
    let failing = ledger.failing.as_deref().map(|why| {
        let waiting = match ledger.spooled {
            0 => String::new(),
            count => format!("; {count} wait in a file"),
        };
        item(Error, "ledger_failing", format!("requests are not recorded: {}{waiting}", quote(why)), "/settings")
    });
    let spooled = (ledger.spooled > 0 && ledger.failing.is_none()).then(|| {
        let message = format!("{} records of requests wait in a file for the store", ledger.spooled);
        item(Info, "ledger_catching_up", message, "/settings")
    });
    let dropped = (ledger.dropped > 0).then(|| {
        let message = format!("{} requests since the start were not recorded: there was no room", ledger.dropped);
        item(Warning, "reports_dropped", message, "/settings")
    });
    let alone = process.replicas.as_ref().and_then(|replicas| replicas.degraded.as_deref());
    let alone = alone.map(|why| item(Warning, "replicas_degraded", quote(why), "/settings"));
    let others = process.problems.iter().map(|problem| item(Warning, "degraded", quote(problem), "/settings"));
    document.into_iter().chain(failing).chain(spooled).chain(dropped).chain(alone).chain(others).collect()
}

fn of_providers(snapshot: &Snapshot, sight: &Sight<'_>) -> Vec<Attention> {
    let is_upstream = |provider: &&Provider| provider.vendor.adapter.is_none();
    let providers: Vec<&Provider> =
        snapshot.providers.values().map(|provider| &**provider).filter(is_upstream).collect();
    if providers.is_empty() {
        let message = "there is no provider yet: add one, or start with a key such as OPENAI_API_KEY".to_owned();
        return vec![item(Info, "no_provider", message, "/welcome")];
    }
    providers.into_iter().filter_map(|provider| of_provider(provider, sight)).collect()
}

fn of_provider(provider: &Provider, sight: &Sight<'_>) -> Option<Attention> {
    let health = sight.health(provider);
    let (severity, code, what) = match health.state {
        HealthState::Up => return None,
        HealthState::Down => (Error, "provider_down", "is down"),
        HealthState::Cooling => (Warning, "provider_cooling", "is left alone for a while"),
        HealthState::Draining => (Info, "provider_draining", "is drained"),
        // One that has not been asked yet will be; one that cannot list its models may serve them.
        HealthState::Unknown => match sight.catalog.listing(&provider.name) {
            Some(_) => (Info, "provider_unlisted", "does not say which models it has"),
            None => return None,
        },
    };
    let why = health.reason.map(|why| format!(": {why}")).unwrap_or_default();
    let since = health.since.map(|since| format!(", since {since}")).unwrap_or_default();
    let name = &provider.name;
    Some(item(
        severity,
        code,
        format!("provider \"{name}\" {what}{why}{since}"),
        format!("/providers/{}", in_url(name)),
    ))
}

/// Keys that their providers do not know.
fn refused_keys(rests: Vec<RestRow>) -> Vec<Attention> {
    let of_key = |row: RestRow| {
        let key = row.key.filter(|_| row.rest.cause.kind == FaultKind::UpstreamAuth)?;
        let status = row.rest.cause.status.map(|status| format!(" ({status})")).unwrap_or_default();
        let (provider, until) = (&row.provider, at(row.rest.until));
        let message = format!("provider \"{provider}\" refuses key \"{key}\"{status}; it is not used until {until}");
        Some(item(Error, "key_refused", message, format!("/providers/{}", in_url(provider))))
    };
    rests.into_iter().filter_map(of_key).collect()
}

/// Whether anybody who reaches the listener may call, though others than this machine can.
fn open_to_all(snapshot: &Snapshot, process: &Process, keys: Option<&[KeyRow]>) -> Option<Attention> {
    if process.listen.ip().is_loopback() {
        return None;
    }
    let listen = process.listen;
    let message = format!("anybody who reaches {listen} may use every model: nobody is asked for a client key");
    match snapshot.client_keys {
        ClientKeys::Open => Some(item(Info, "open_to_all", message, "/keys")),
        ClientKeys::Unclaimed if keys.is_some_and(<[_]>::is_empty) => {
            Some(item(Warning, "open_to_all", format!("{message}; make one"), "/keys"))
        }
        ClientKeys::Unclaimed | ClientKeys::Required(_) => None,
    }
}

/// A budget that is used up, or soon will be.
fn budget(row: &KeyRow) -> Option<Attention> {
    if row.revoked.is_some() || !row.allowance.enabled {
        return None;
    }
    let used = row.allowance.budgets.iter().filter_map(|budget| {
        let period = budget.period.as_str();
        let spent = row.spent.iter().find(|spent| spent.period == period)?;
        let (spent, limit) = (Amount::parse(&spent.usd)?.0.nano(), budget.usd.0.nano());
        let hundredths = i128::from(spent) * 100 / i128::from(limit.max(1));
        (hundredths >= NEAR_ITS_END).then_some((hundredths, budget))
    });
    let (hundredths, budget) = used.max_by_key(|(hundredths, _)| *hundredths)?;
    let of = format!("its budget of {} USD ({})", budget.usd, budget.period.as_str());
    let name = &row.name;
    Some(match (hundredths >= 100, budget.hard) {
        (true, true) => {
            let message = format!("client key \"{name}\" has used up {of}: its requests are refused");
            item(Warning, "budget_used_up", message, "/keys")
        }
        (true, false) => item(Warning, "budget_used_up", format!("client key \"{name}\" is over {of}"), "/keys"),
        (false, _) => {
            item(Info, "budget_near_its_end", format!("client key \"{name}\" has used {hundredths} % of {of}"), "/keys")
        }
    })
}

/// Models of the last day that nobody knows the price of.
async fn unpriced(plane: &dyn Plane) -> Vec<Attention> {
    let question = UsageQuestion { by: Some(UsageBy::UpstreamModel), ..UsageQuestion::default() };
    let Ok(usage) = plane.sums().usage(question).await else { return Vec::new() };
    let named = usage.groups.into_iter().filter(|group| group.unknown_cost > 0);
    let item = |group: crate::usage::UsageGroup| {
        let (name, count) = (group.name.unwrap_or_else(|| "?".to_owned()), group.unknown_cost);
        let message = format!("nobody knows what \"{name}\" costs: {count} requests of the last day count nothing");
        item(Info, "unknown_price", message, "/models")
    };
    named.take(UNPRICED_MAX).map(item).collect()
}

/// A name as a part of a path.
fn in_url(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}
