//! `trunkline explain`: the plan that a request would run, and who is left out of it. Nobody is asked.

use std::collections::HashMap;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};
use trunkline_config::{Loaded, Strategy};
use trunkline_route::live::Rest;
use trunkline_route::{
    Ask, Attempt, Catalog, Held, Lane, LeftOut, Live, Lot, Moment, Now, Plan, Session, Unplanned, Wants, plan,
};
use trunkline_store::Rests;
use trunkline_wire::{Fault, Operation};

use crate::cli::ExplainOptions;
use crate::rests::now;

/// Nobody in particular asks.
#[derive(Debug)]
struct Anybody;

impl Session for Anybody {
    fn id(&self) -> Option<u64> {
        None
    }
}

/// Prints the plan; fails when there is none.
pub(crate) fn explain(
    options: &ExplainOptions,
    loaded: &Loaded,
    (live, at): (&Live, Moment),
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let snapshot = &loaded.snapshot;
    let ask = Ask {
        model: &options.model,
        dialect: options.dialect.id(),
        operation: Operation::Chat,
        wants: Wants::default(),
    };
    let lot = Lot { turn: 0, chance: 0 };
    let catalog = Catalog::new(snapshot, HashMap::new());
    let planned = plan(snapshot, &catalog, ask, Now { live, at, began: at, lot, session: &Anybody });
    let strategy = snapshot.models.get(&options.model).map(|model| model.strategy);
    match (planned, options.json) {
        (Ok(plan), false) => print(&plan, strategy, at, out)?,
        (Ok(plan), true) => writeln!(out, "{}", value(&plan, strategy))?,
        (Err(Unplanned::Wait(until)), _) => {
            writeln!(out, "everybody rests; the request would wait for {} s", until.since(at).as_secs_f64().ceil())?;
        }
        (Err(Unplanned::Fault(fault) | Unplanned::TooLong(fault, _)), as_json) => {
            refused(&fault, as_json, out)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What an earlier or a running process keeps of who rests; nothing when it cannot be read.
pub(crate) async fn live(loaded: &Loaded) -> Live {
    let live = Live::default();
    live.follow(&loaded.snapshot);
    if let Ok(rests) = Rests::at(loaded.settings.store_url.expose())
        && rests.is_there()
        && let Ok(rows) = rests.all().await
    {
        live.restore(rows, now());
    }
    live
}

fn print(plan: &Plan, strategy: Option<Strategy>, at: Moment, out: &mut impl Write) -> io::Result<()> {
    if let Some(strategy) = strategy {
        writeln!(
            out,
            "{}, strategy {}; those of one priority may also come in another order",
            plan.model,
            strategy.as_str()
        )?;
    } else {
        writeln!(out, "{}", plan.model)?;
    }
    for (attempt, number) in plan.attempts.iter().zip(1..) {
        writeln!(out, "{number:>3}. {}", line(attempt))?;
    }
    for LeftOut { attempt, held } in &plan.left_out {
        let wait = held.until().map(|until| format!(" for {} s more", until.since(at).as_secs_f64().ceil()));
        writeln!(out, "  -  {}: {}{}", line(attempt), why(held), wait.unwrap_or_default())?;
    }
    Ok(())
}

fn line(attempt: &Attempt) -> String {
    let Attempt { target, key, lane } = attempt;
    let key = key.as_ref().map(|key| format!("  key {}", key.label)).unwrap_or_default();
    let (provider, model, priority) = (&target.provider.name, &target.model.name, target.priority);
    format!("{provider}/{model}{key}  {}  priority {priority}, weight {}", way(*lane), target.weight)
}

fn way(lane: Lane) -> String {
    match lane {
        Lane::Native => "native".to_owned(),
        Lane::Bridged(to) => format!("bridged to {}", to.as_str()),
        Lane::Adapter(_) => "adapter".to_owned(),
        Lane::Counted => "counted".to_owned(),
        Lane::Estimated => "estimated".to_owned(),
    }
}

fn why(held: &Held) -> String {
    match held {
        Held::Resting { whose, rest: Rest { cause, .. } } => {
            let status = cause.status.map(|status| format!(" ({status})")).unwrap_or_default();
            format!("the {} rests after {}{status}", whose.as_str(), cause.kind.as_str())
        }
        Held::Open { .. } => "its circuit is open".to_owned(),
        Held::Unhealthy { .. } => "the provider is not well".to_owned(),
        Held::Draining => "it is draining".to_owned(),
        Held::TooLong { tokens, window } => {
            format!("the prompt is at least {tokens} tokens, and it takes {window} at most")
        }
        Held::Unwanted => "the request does not want it".to_owned(),
        Held::KeyRate { .. } => "the key has used up its minute".to_owned(),
    }
}

fn value(plan: &Plan, strategy: Option<Strategy>) -> Value {
    let attempts: Vec<Value> = plan.attempts.iter().map(attempt_value).collect();
    let left_out = plan.left_out.iter().map(|LeftOut { attempt, held }| {
        json!({ "attempt": attempt_value(attempt), "reason": why(held), "until_ms": held.until().map(|until| until.0) })
    });
    json!({
        "model": &*plan.model,
        "strategy": strategy.map(Strategy::as_str),
        "attempts": attempts,
        "left_out": left_out.collect::<Vec<_>>(),
    })
}

fn attempt_value(attempt: &Attempt) -> Value {
    let Attempt { target, key, lane } = attempt;
    json!({
        "provider": &*target.provider.name,
        "upstream_model": &*target.model.name,
        "key": key.as_ref().map(|key| &*key.label),
        "lane": way(*lane),
        "priority": target.priority,
        "weight": target.weight,
    })
}

fn refused(fault: &Fault, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", json!({ "error": { "kind": fault.kind.as_str(), "message": fault.message } }));
    }
    writeln!(out, "no plan: {}", fault.message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use trunkline_config::{Env, Overrides, load};
    use trunkline_route::live::{Cause, Penalty, Tells, Whose};
    use trunkline_wire::FaultKind;

    use super::*;
    use crate::cli::ExplainDialect;

    const DOCUMENT: &str = r#"
        [providers.groq]
        keys = ["k1", "k2"]
        [providers.local]
        type = "anthropic"
        base_url = "http://127.0.0.1:1"
        key = "k"
        [models.turbo]
        strategy = "backup"
        targets = [
          { provider = "groq", model = "llama" },
          { provider = "local", model = "claude", priority = 1 },
        ]
    "#;

    fn check(model: &str, rests: bool, json: bool, expected: &Expect) {
        let loaded = load(Some(("t.toml", DOCUMENT)), &Env::default(), &Overrides::default(), &[]).unwrap();
        let live = Live::default();
        if rests {
            let target = &loaded.snapshot.models["turbo"].targets[0];
            let cause = Cause { kind: FaultKind::RateLimited, status: Some(429) };
            let rest = Duration::from_secs(3_600);
            let penalty = Penalty { whose: Some(Whose::Key), rest, cause, tells: Tells::Life };
            let limits = &loaded.snapshot.failover.circuit;
            live.failed(target, target.provider.keys.first(), penalty, limits, Moment(0));
        }
        let options = ExplainOptions {
            model: model.to_owned(),
            dialect: ExplainDialect::Chat,
            json,
            ..ExplainOptions::default()
        };
        let mut out = Vec::new();
        explain(&options, &loaded, (&live, Moment(0)), &mut out).unwrap();
        expected.assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn the_plan_is_told_in_its_order() {
        check(
            "turbo",
            false,
            false,
            &expect![[r#"
            turbo, strategy backup; those of one priority may also come in another order
              1. groq/llama  key groq#1  native  priority 0, weight 1
              2. groq/llama  key groq#2  native  priority 0, weight 1
              3. local/claude  key local#1  bridged to anthropic  priority 1, weight 1
        "#]],
        );
    }

    #[test]
    fn who_rests_is_told_with_the_reason() {
        check(
            "turbo",
            true,
            false,
            &expect![[r#"
            turbo, strategy backup; those of one priority may also come in another order
              1. groq/llama  key groq#2  native  priority 0, weight 1
              2. local/claude  key local#1  bridged to anthropic  priority 1, weight 1
              -  groq/llama  key groq#1  native  priority 0, weight 1: the key rests after rate_limited (429) for 3600 s more
        "#]],
        );
    }

    #[test]
    fn programs_read_it_as_json() {
        check(
            "local/claude",
            false,
            true,
            &expect![[r#"
            {"model":"local/claude","strategy":null,"attempts":[{"provider":"local","upstream_model":"claude","key":"local#1","lane":"bridged to anthropic","priority":0,"weight":1}],"left_out":[]}
        "#]],
        );
        check(
            "turbos",
            false,
            true,
            &expect![[r#"
            {"error":{"kind":"model_not_found","message":"model \"turbos\" is not configured; did you mean \"turbo\"?"}}
        "#]],
        );
    }
}
