//! What would become of a request: the plan it would run, in words that people and programs read.
//!
//! These types are the body and the answer of `POST /api/v1/explain`, and what `trunkline explain` prints.

mod recipe;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trunkline_config::file::DialectName;
use trunkline_config::{Snapshot, Strategy, Target};
use trunkline_providers::Price;
use trunkline_providers::price::Extent;
use trunkline_wire::Fault;
use trunkline_wire::ir::Usage;

use crate::lane::Lane;
use crate::live::Moment;
use crate::plan::{Attempt, LeftOut, NoPlan, Plan, Unable, Unplanned};

pub use recipe::Recipe;

/// The request that is to be explained: all of it that a plan depends on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The name a client would ask for, in the place of the one in `request`; one of the two must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the client speaks; `openai_chat` when neither this nor `path` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<DialectName>,
    /// The path it would be posted to, with its query; where `dialect` alone does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name of the client key it would come with. A key in `headers` says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<String>,
    /// Its headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Its body, word for word. Without one nothing is said of losses and cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub request: Option<Box<RawValue>>,
}

/// What would become of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The name that was asked for.
    pub model: String,
    /// The order of targets of the same priority; `null` for a name that is not declared.
    pub strategy: Option<String>,
    /// When the plan was made, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who is asked, in this order, until one of them answers.
    pub attempts: Vec<Candidate>,
    /// Tries that would come behind these, but are too many.
    pub attempts_beyond: usize,
    /// Whether they are asked although they rest: there is nobody else.
    pub regardless: bool,
    /// Who could serve it, or was meant to, and is not asked.
    pub left_out: Vec<NotAsked>,
    /// Set when the request would wait for the first of those who rest.
    pub waits: Option<Wait>,
    /// Set when nobody would be asked, and the client told so.
    pub refused: Option<Refusal>,
    /// What the kept answers would have to do with it; `null` for a model whose answers are not kept, and without the
    /// request.
    #[serde(default)]
    pub cache: Option<CacheUse>,
    /// How large it is and what it costs, as far as that is known.
    pub estimate: Estimate,
}

/// One who could serve it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The provider's name.
    pub provider: String,
    /// The provider's own name for the model.
    pub upstream_model: String,
    /// The key's label; `null` when none is sent.
    pub key: Option<String>,
    /// `native`, `bridged`, `adapter`, `counted` or `estimated`; `null` for one who cannot serve it in any.
    pub lane: Option<String>,
    /// The dialect that it would be carried over into.
    pub dialect: Option<String>,
    /// 0 comes first.
    pub priority: u32,
    /// Its share among those of the same priority.
    pub weight: u32,
    /// What is done to its answers; `null`: nothing.
    pub repair: Option<Recipe>,
    /// The fields that it would not be told; `null` when that is not known.
    pub losses: Option<Vec<String>>,
    /// Set when the try would fail before anything is sent.
    pub refused: Option<Refusal>,
}

/// One who is not asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotAsked {
    /// Who.
    #[serde(flatten)]
    pub who: Candidate,
    /// The word that `x-trunkline-attempts` has for it, or `cannot`.
    pub reason: String,
    /// The same in a sentence.
    pub detail: String,
    /// Until when, in milliseconds since the Unix epoch; `null` when time does not help.
    pub until_ms: Option<u64>,
}

/// What the kept answers would have to do with a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CacheUse {
    /// Whether one of them would be looked for.
    pub looked_up: bool,
    /// Whether the answer may be kept.
    pub kept: bool,
    /// Why not, where one of the two is not so.
    pub why: Option<String>,
}

/// A wait before anybody is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    /// When it is over, in milliseconds since the Unix epoch.
    pub until_ms: u64,
    /// How long it is from when the plan was made.
    pub for_ms: u64,
}

/// What a client would be told in place of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The kind of fault.
    pub kind: String,
    /// The sentence.
    pub message: String,
    /// How long it would be asked to stay away.
    pub retry_after_ms: Option<u64>,
}

/// Estimates; `null` is what is not known. Money is in US dollars, as decimal text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Tokens of the prompt, made from its length.
    pub prompt_tokens: Option<u64>,
    /// The most tokens of an answer that the request allows.
    pub answer_tokens_max: Option<u64>,
    /// What the prompt costs, were nothing of it cached.
    pub prompt_usd: Option<String>,
    /// What the longest answer costs.
    pub answer_usd_max: Option<String>,
}

impl Explanation {
    /// A plan for the request that asks for `model`, or why there is none, in words.
    pub fn of(snapshot: &Snapshot, model: &str, planned: &Result<Plan, Box<Unplanned>>, at: Moment) -> Self {
        let strategy = snapshot.models.get(model).map(|model| Strategy::as_str(model.strategy).to_owned());
        let blank = Self { model: model.to_owned(), strategy, at_ms: at.0, ..Self::default() };
        match planned {
            Ok(plan) => Self {
                attempts: plan.attempts.iter().map(Candidate::of).collect(),
                attempts_beyond: plan.beyond,
                regardless: plan.regardless,
                left_out: not_asked(&plan.left_out, &plan.unable),
                ..blank
            },
            Err(unplanned) => {
                let left_out = not_asked(&unplanned.left_out, &unplanned.unable);
                match &unplanned.why {
                    NoPlan::Wait(until) => Self { left_out, waits: Some(Wait::between(at, *until)), ..blank },
                    NoPlan::Fault(fault) => Self { left_out, refused: Some(fault.into()), ..blank },
                }
            }
        }
    }

    /// Adds those who were left out before the plan was made: their model has others for prompts that do not fit.
    pub fn pass_by(&mut self, left_out: &[LeftOut]) {
        self.left_out.splice(..0, left_out.iter().map(NotAsked::resting));
    }

    /// A request that is refused before there is anything to plan.
    pub fn refused(model: &str, fault: &Fault, at: Moment) -> Self {
        Self { model: model.to_owned(), at_ms: at.0, refused: Some(fault.into()), ..Self::default() }
    }
}

fn not_asked(left_out: &[LeftOut], unable: &[Unable]) -> Vec<NotAsked> {
    left_out.iter().map(NotAsked::resting).chain(unable.iter().map(NotAsked::unable)).collect()
}

impl Candidate {
    fn of(attempt: &Attempt) -> Self {
        let Attempt { target, key, lane } = attempt;
        let dialect = match lane {
            Lane::Bridged(to) => Some(to.as_str().to_owned()),
            Lane::Native | Lane::Adapter(_) | Lane::Counted | Lane::Estimated => None,
        };
        Self {
            key: key.as_ref().map(|key| key.label.to_string()),
            lane: Some(lane.as_str().to_owned()),
            dialect,
            ..Self::target(target)
        }
    }

    fn target(target: &Target) -> Self {
        Self {
            provider: target.provider.name.to_string(),
            upstream_model: target.model.name.to_string(),
            priority: target.priority,
            weight: target.weight,
            repair: target.repair.as_deref().map(Recipe::of),
            ..Self::default()
        }
    }
}

impl NotAsked {
    fn resting(LeftOut { attempt, held }: &LeftOut) -> Self {
        Self {
            who: Candidate::of(attempt),
            reason: held.as_str().to_owned(),
            detail: held.why(),
            until_ms: held.until().map(|until| until.0),
        }
    }

    fn unable(Unable { target, fault }: &Unable) -> Self {
        let (reason, detail) = ("cannot".to_owned(), fault.message.clone());
        Self { who: Candidate::target(target), reason, detail, until_ms: None }
    }
}

impl Wait {
    fn between(at: Moment, until: Moment) -> Self {
        Self { until_ms: until.0, for_ms: until.0.saturating_sub(at.0) }
    }
}

impl From<&Fault> for Refusal {
    fn from(fault: &Fault) -> Self {
        let ms = |wait: std::time::Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self {
            kind: fault.kind.as_str().to_owned(),
            message: fault.message.clone(),
            retry_after_ms: fault.retry_after.map(ms),
        }
    }
}

impl Estimate {
    /// What so many tokens cost at that time.
    pub fn new(prompt_tokens: u64, answer_tokens_max: Option<u64>, price: Option<&Price>, at: Moment) -> Self {
        let usd = |output| {
            let usage = Usage { input: prompt_tokens, output, ..Usage::default() };
            price?.cost(&usage, Extent { at_ms: at.0, took_us: 0 })
        };
        let prompt = usd(0);
        let answer = answer_tokens_max.and_then(usd).zip(prompt).map(|(both, prompt)| both.minus(prompt));
        Self {
            prompt_tokens: Some(prompt_tokens),
            answer_tokens_max,
            prompt_usd: prompt.map(|usd| usd.to_string()),
            answer_usd_max: answer.map(|usd| usd.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use trunkline_providers::price::{Tariff, TokenPrices, UnitPrice};

    use super::*;

    #[test]
    fn money_is_decimal_text() {
        let per_mtok = |text| UnitPrice::usd_per_mtok(text).expect("a price");
        let tokens = TokenPrices { input: per_mtok("0.59"), output: per_mtok("0.79"), ..TokenPrices::default() };
        let dear = Price::always(Tariff { tokens, ..Tariff::default() });
        let new = |prompt, answer, price| Estimate::new(prompt, answer, price, Moment(0));
        let estimate = new(1_000, Some(3), Some(&dear));
        assert_eq!(estimate.prompt_usd.as_deref(), Some("0.00059"));
        assert_eq!(estimate.answer_usd_max.as_deref(), Some("0.00000237"));
        assert_eq!(new(1_000, None, Some(&dear)).answer_usd_max, None);
        assert_eq!(new(0, Some(9), None).answer_usd_max, None, "what is not known is not free");
    }

    #[test]
    fn what_is_asked_and_answered_reads_as_it_was_written() {
        let text = r#"{"model":"m","headers":{"a":"b"},"request":{"x": [1,  2]}}"#;
        let question: Question = serde_json::from_str(text).expect("a question");
        assert_eq!(serde_json::to_string(&question).expect("it can be written"), text);
        let answer = Explanation { model: "m".to_owned(), ..Explanation::default() };
        let written = serde_json::to_string(&answer).expect("it can be written");
        assert_eq!(serde_json::from_str::<Explanation>(&written).expect("it can be read"), answer);
    }
}
