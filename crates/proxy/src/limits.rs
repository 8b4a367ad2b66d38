//! What a client key may ask for and spend: a request is let in once it is planned, and settled by its report.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Response};
use trunkline_config::file::BudgetPeriod;
use trunkline_config::{Allowance, Budget, ClientKey, Target};
use trunkline_providers::Usd;
use trunkline_providers::price::Extent;
use trunkline_route::budget::Short;
use trunkline_route::limits::Over;
use trunkline_route::purse::{Admitted, Asked, Counted, Reckoned, Refused, Took};
use trunkline_route::{Moment, Plan, Purse};
use trunkline_wire::counting::{self, Answers};
use trunkline_wire::limits::Remaining;
use trunkline_wire::{DialectId, Fault, FaultKind, Operation};

use crate::continuation::CONTINUATIONS_MAX;
use crate::enforce;
use crate::h1::write_response::Lines;
use crate::head;
use crate::lane::Tried;
use crate::planning::Planning;
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;

/// How long to wait for what other requests of the same key hold.
const SOON: Duration = Duration::from_secs(1);

/// Says that a budget is spent which only warns, or that nobody knows what the request costs.
const BUDGET_WARNING: HeaderName = HeaderName::from_static("x-trunkline-budget-warning");

/// A request of a key whose use is counted. Dropped without having been settled, it took nothing.
#[derive(Debug)]
pub(crate) struct Tab {
    purse: Arc<dyn Purse>,
    key: Arc<ClientKey>,
    /// `None` where it was not let in, and once it is settled.
    counted: Mutex<Option<Counted>>,
    /// What is left to the key, as its client is told.
    remaining: Remaining,
    /// When it was let in, or not.
    at: Moment,
    warning: Option<HeaderValue>,
}

impl Tab {
    /// The request is over now.
    pub(crate) fn settle(&self, took: Took, now: Moment) {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(counted) = counted {
            self.purse.settle(&self.key.id, &counted, took, now);
        }
    }

    fn counted(&self) -> Option<Counted> {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, counted: Counted) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.settle(Took::default(), self.at);
    }
}

/// Lets a request in that is to be carried out by this plan; one that was let in by another plan may now cost more.
///
/// # Errors
/// `LimitReached` or `BudgetSpent`.
pub(crate) async fn admit(
    planning: &Planning<'_>,
    (plan, now): (&Plan, Moment),
    guard: &mut ReportGuard,
) -> Result<(), Fault> {
    let Some(key) = guard.client_key.as_ref().filter(|key| allowance(key).is_some()).map(Arc::clone) else {
        return Ok(());
    };
    let Some(allowance) = allowance(&key) else { return Ok(()) };
    let reckoned = reckon(planning.taken, plan, allowance, now);
    let purse = &planning.shared.purse();
    if let Some((tab, counted)) = guard.tab.as_ref().and_then(|tab| Some((Arc::clone(tab), tab.counted()?))) {
        let raised = match purse.raise(&key.id, allowance, &counted, reckoned.cost, now) {
            Asked::Now(raised) => raised,
            Asked::Later(raised) => raised.await,
        };
        tab.count(raised.map_err(|refused| fault(&refused, &key))?);
        return Ok(());
    }
    let admitted = match purse.admit(&key.id, allowance, reckoned, now) {
        Asked::Now(admitted) => admitted,
        Asked::Later(admitted) => admitted.await,
    };
    let is_unpriced = reckoned.cost.is_none() && !allowance.budgets.is_empty();
    let open = |counted, remaining, warning| {
        let (purse, key, counted) = (Arc::clone(purse), Arc::clone(&key), Mutex::new(counted));
        Some(Arc::new(Tab { purse, key, counted, remaining, at: now, warning }))
    };
    match admitted {
        Ok(Admitted { counted, remaining, overrun }) => {
            guard.tab = open(Some(counted), remaining, warning(overrun, is_unpriced));
            Ok(())
        }
        Err(refused) => {
            if let Refused::Over(_, remaining) = refused {
                guard.tab = open(None, remaining, None);
            }
            Err(fault(&refused, &key))
        }
    }
}

/// What the key may do, when anything of its use is counted.
fn allowance(key: &ClientKey) -> Option<&Arc<Allowance>> {
    key.allowance.as_ref().filter(|allowance| allowance.is_counted())
}

/// The answer with what its client is told of its limits.
pub(crate) fn with_told(tried: Tried, tab: Option<&Tab>, dialect: DialectId) -> Tried {
    let mut response = tried?;
    tell(&mut response, tab, dialect);
    Ok(response)
}

/// Says what is left of the limits of a key, instead of what its provider says.
pub(crate) fn tell(response: &mut Response<ReplyBody>, tab: Option<&Tab>, dialect: DialectId) {
    let Some(tab) = tab else { return };
    response.headers_mut().extend(tab.warning.clone().map(|warning| (BUDGET_WARNING, warning)));
    if tab.remaining != Remaining::default() {
        head::leave_out_limits(response.headers_mut());
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(tab.at.0);
        let mut lines = Lines::default();
        tab.remaining.tell(dialect, now, |name, value| lines.push(name, value));
        response.extensions_mut().insert(lines);
    }
}

/// What a request takes at most. Only asked where something depends on it.
fn reckon(taken: &Taken<'_>, plan: &Plan, allowance: &Allowance, now: Moment) -> Reckoned {
    if allowance.budgets.is_empty() && allowance.tokens_per_minute.is_none() {
        return Reckoned::default();
    }
    let (tokens, answers, longest) = match taken.surface.operation {
        Operation::CountTokens => return Reckoned { tokens: 0, cost: Some(Usd::ZERO) },
        Operation::Embedding | Operation::Other => (counting::by_size(&taken.body), 0, None),
        Operation::Chat | Operation::Completion => {
            let answers = taken.peek.answers.unwrap_or_else(|| Answers::of(&taken.body));
            (counting::by_size(&taken.body), answers.count(), answers.tokens_max)
        }
    };
    let once =
        plan.attempts.iter().filter_map(|attempt| cost_max(&attempt.target, tokens, longest, answers, now)).max();
    Reckoned { tokens, cost: once.map(|once| (1..paid_tries_max(taken, plan)).fold(once, |sum, _| sum.plus(once))) }
}

/// How many tries may have to be paid for: those that race, that go on with another's answer, that are asked again because
/// an answer would not do.
fn paid_tries_max(taken: &Taken<'_>, plan: &Plan) -> u32 {
    let raced = u32::from(plan.hedge_after.is_some());
    let continued = if plan.continuation { CONTINUATIONS_MAX } else { 0 };
    let repeated = enforce::of(taken, plan).map_or(0, |enforcement| enforcement.retries);
    1 + raced + continued + repeated
}

/// What this target takes for a prompt of so many tokens and the longest of answers. `None` when nobody knows.
fn cost_max(target: &Target, tokens: u64, stated: Option<u64>, answers: u64, now: Moment) -> Option<Usd> {
    let price = target.price.as_deref()?;
    let capabilities = &target.capabilities;
    let usual = capabilities.output_tokens_max.unwrap_or(capabilities.output_tokens_default);
    let longest = stated.map_or(usual, |stated| capabilities.output_tokens_max.map_or(stated, |most| stated.min(most)));
    let took_us = u64::try_from(target.timeouts.total.as_micros()).unwrap_or(u64::MAX);
    let extent = Extent { at_ms: now.0, took_us };
    let output = longest.saturating_mul(answers);
    price.cost_max(tokens, output, extent)
}

fn warning(overrun: Option<Budget>, is_unpriced: bool) -> Option<HeaderValue> {
    let text = match overrun {
        Some(budget) => format!("the budget of {} is spent", of(budget)),
        None if is_unpriced => "nobody knows what this costs: it does not count toward the budget".to_owned(),
        None => return None,
    };
    HeaderValue::from_str(&text).ok()
}

/// A budget in words.
fn of(Budget { limit, period, .. }: Budget) -> String {
    match period {
        BudgetPeriod::Total => format!("{limit} USD"),
        BudgetPeriod::Hour | BudgetPeriod::Day | BudgetPeriod::Week | BudgetPeriod::Month => {
            format!("{limit} USD a {}", period.as_str())
        }
    }
}

/// What is told to a client whose key has no room for its request.
fn fault(refused: &Refused, key: &ClientKey) -> Fault {
    let name = &key.name;
    let (kind, message, retry_after) = match refused {
        Refused::Over(Over::Requests(most, wait), _) => {
            (FaultKind::LimitReached, format!("client key {name:?} may make {most} requests a minute"), Some(*wait))
        }
        Refused::Over(Over::Tokens(most, wait), _) => {
            (FaultKind::LimitReached, format!("client key {name:?} may use {most} tokens a minute"), Some(*wait))
        }
        Refused::Over(Over::Parallel(most), _) => {
            (FaultKind::LimitReached, format!("client key {name:?} may have {most} requests open at once"), Some(SOON))
        }
        Refused::Short(Short { budget, may_return: true, left, .. }) => (
            FaultKind::LimitReached,
            format!(
                "of the budget of {} of client key {name:?}, {left} USD is not held by its other requests",
                of(*budget)
            ),
            Some(SOON),
        ),
        Refused::Short(Short { budget, left, until, .. }) => (
            FaultKind::BudgetSpent,
            format!(
                "of the budget of {} of client key {name:?}, {left} USD is left, and the request may cost more",
                of(*budget)
            ),
            *until,
        ),
    };
    Fault { retry_after, ..Fault::new(kind, message) }
}
