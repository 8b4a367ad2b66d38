//! An explanation for a person, or for a program.

use std::io::{self, Write};

use trunkline_route::Explanation;
use trunkline_route::explain::{CacheUse, Candidate, Estimate, NotAsked, Recipe};
use trunkline_wire::filter::family_names;

/// One line of JSON, as the admin API answers it.
pub(super) fn json(explanation: &Explanation, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string(explanation).map_err(io::Error::other)?)
}

/// Who is asked, in order; then who is not, and why.
pub(super) fn text(said: &Explanation, out: &mut impl Write) -> io::Result<()> {
    match &said.strategy {
        Some(strategy) => writeln!(out, "{}, strategy {strategy}", said.model)?,
        None => writeln!(out, "{}", said.model)?,
    }
    for (candidate, number) in said.attempts.iter().zip(1..) {
        writeln!(out, "{number:>3}. {}", line(candidate))?;
        if let Some(recipe) = &candidate.repair {
            writeln!(out, "     {}", read(recipe))?;
        }
        if let Some(losses) = candidate.losses.as_ref().filter(|losses| !losses.is_empty()) {
            writeln!(out, "     is not told: {}", losses.join(", "))?;
        }
        if let Some(refusal) = &candidate.refused {
            writeln!(out, "     fails before anything is sent: {}", refusal.message)?;
        }
    }
    if said.attempts_beyond > 0 {
        writeln!(out, "     and {} more, which are too many for one request", said.attempts_beyond)?;
    }
    for NotAsked { who, detail, until_ms, .. } in &said.left_out {
        let wait = until_ms.map(|until| format!(" for {} s more", seconds(until.saturating_sub(said.at_ms))));
        writeln!(out, "  -  {}: {detail}{}", line(who), wait.unwrap_or_default())?;
    }
    if said.regardless {
        writeln!(out, "they are asked although they rest: there is nobody else")?;
    }
    if let Some(wait) = &said.waits {
        writeln!(out, "everybody rests; the request would wait for {} s", seconds(wait.for_ms))?;
    }
    if let Some(refusal) = &said.refused {
        writeln!(out, "no plan: {}", refusal.message)?;
    }
    if let Some(used) = &said.cache {
        writeln!(out, "{}", kept_answers(used))?;
    }
    estimate(&said.estimate, out)
}

fn kept_answers(CacheUse { looked_up, kept, why }: &CacheUse) -> String {
    let said = match (looked_up, kept) {
        (true, true) => "a kept answer is given if there is one, and a new one kept",
        (true, false) => "a kept answer is given if there is one",
        (false, true) => "no kept answer is looked for; the new one is kept",
        (false, false) => "no kept answer is looked for, and none is kept",
    };
    why.as_ref().map_or_else(|| said.to_owned(), |why| format!("{said}: {why}"))
}

fn estimate(estimate: &Estimate, out: &mut impl Write) -> io::Result<()> {
    let cost = |usd: &Option<String>| usd.as_ref().map(|usd| format!(", {usd} USD")).unwrap_or_default();
    if let Some(tokens) = estimate.prompt_tokens {
        writeln!(out, "prompt: about {tokens} tokens{}", cost(&estimate.prompt_usd))?;
    }
    if let Some(tokens) = estimate.answer_tokens_max {
        writeln!(out, "answer: at most {tokens} tokens{}", cost(&estimate.answer_usd_max))?;
    }
    Ok(())
}

fn line(candidate: &Candidate) -> String {
    let Candidate { provider, upstream_model, key, lane, dialect, priority, weight, .. } = candidate;
    let key = key.as_ref().map(|key| format!("  key {key}")).unwrap_or_default();
    let lane = lane.as_ref().map(|lane| format!("  {lane}")).unwrap_or_default();
    let to = dialect.as_ref().map(|dialect| format!(" to {dialect}")).unwrap_or_default();
    format!("{provider}/{upstream_model}{key}{lane}{to}  priority {priority}, weight {weight}")
}

/// What is done to the answers.
fn read(recipe: &Recipe) -> String {
    let Recipe { mode, tool_format, patterns, show_reasoning, reads } = recipe;
    let all = tool_format.len() == family_names().len();
    let formats = if all { "all".to_owned() } else { tool_format.join(" ") };
    let patterns = if patterns.is_empty() { String::new() } else { format!(", patterns: {}", patterns.join(" ")) };
    let thoughts = match show_reasoning {
        Some(true) => ", thoughts shown",
        Some(false) => ", thoughts hidden",
        None => "",
    };
    let reads = match reads {
        Some(true) => ", this one is read",
        Some(false) => ", this one passes unread",
        None => "",
    };
    format!("repair: {mode}, formats: {formats}{patterns}{thoughts}{reads}")
}

fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use trunkline_config::{Env, Overrides, load};
    use trunkline_proxy::{DataPlane, Shared};
    use trunkline_route::Question;
    use trunkline_route::live::{Cause, Penalty, Tells, Whose};
    use trunkline_wire::FaultKind;

    use super::*;
    use crate::rests::now;
    use crate::state::{Discard, State};

    const DOCUMENT: &str = r#"
        [providers.groq]
        keys = ["k1", "k2"]
        [providers.local]
        type = "anthropic"
        base_url = "http://127.0.0.1:1"
        key = "k"
        [models.turbo]
        strategy = "backup"
        price = { input = 0.5, output = 2.0 }
        targets = [
          { provider = "groq", model = "llama" },
          { provider = "local", model = "claude", priority = 1 },
        ]
        [providers.own]
        type = "vllm"
        base_url = "http://127.0.0.1:2"
        [models.kept]
        cache = { ttl = "1h" }
        targets = [{ provider = "groq", model = "llama" }]
        [models.coder]
        targets = [{ provider = "own", model = "Qwen3-Coder" }, { provider = "own", model = "any" }]
        strategy = "backup"
        repair = "strict"
        [[patterns]]
        name = "run"
        regex = '<run>(.*?)</run>'
        tool_name = "bash"
    "#;

    async fn explained(question: &str, rests: bool) -> Explanation {
        let loaded = load(Some(("t.toml", DOCUMENT)), &Env::default(), &Overrides::default(), &[]).unwrap();
        let target = loaded.snapshot.models["turbo"].targets[0].clone();
        let limits = loaded.snapshot.failover.circuit;
        let shared =
            Shared::new(loaded.snapshot, std::sync::Arc::new(Discard), Box::new(State::default()), Box::new(Discard));
        if rests {
            let cause = Cause { kind: FaultKind::RateLimited, status: Some(429) };
            let penalty =
                Penalty { whose: Some(Whose::Key), rest: Duration::from_secs(3_600), cause, tells: Tells::Nothing };
            shared.live.failed(&target, target.provider.keys.first().map(AsRef::as_ref), penalty, &limits, now());
        }
        let question: Question = serde_json::from_str(question).unwrap();
        DataPlane::at_rest(shared).explain(&question).await.unwrap()
    }

    async fn check(question: &str, rests: bool, expected: &Expect) {
        let mut said = explained(question, rests).await;
        // However long ago it was: as if no time had passed.
        said.at_ms = said.left_out.first().and_then(|left| left.until_ms).map_or(0, |until| until - 3_600_000);
        let mut out = Vec::new();
        text(&said, &mut out).unwrap();
        expected.assert_eq(&String::from_utf8(out).unwrap());
    }

    #[tokio::test]
    async fn the_plan_is_told_in_its_order() {
        check(
            r#"{"model":"turbo"}"#,
            false,
            &expect![[r#"
            turbo, strategy backup
              1. groq/llama  key groq#1  native  priority 0, weight 1
              2. groq/llama  key groq#2  native  priority 0, weight 1
              3. local/claude  key local#1  bridged to anthropic  priority 1, weight 1
        "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn who_rests_is_told_with_the_reason() {
        check(r#"{"model":"turbo"}"#, true, &expect![[r#"
            turbo, strategy backup
              1. groq/llama  key groq#2  native  priority 0, weight 1
              2. local/claude  key local#1  bridged to anthropic  priority 1, weight 1
              -  groq/llama  key groq#1  native  priority 0, weight 1: the key rests after rate_limited (429) for 3600 s more
        "#]]).await;
    }

    #[tokio::test]
    async fn a_request_is_told_its_losses_and_its_cost() {
        let request = r#"{"model":"?","seed":7,"max_tokens":100,"messages":[{"role":"user","content":"hi there"}]}"#;
        check(
            &format!(r#"{{"model":"turbo","request":{request}}}"#),
            false,
            &expect![[r#"
                turbo, strategy backup
                  1. groq/llama  key groq#1  native  priority 0, weight 1
                  2. groq/llama  key groq#2  native  priority 0, weight 1
                  3. local/claude  key local#1  bridged to anthropic  priority 1, weight 1
                     is not told: seed
                prompt: about 6 tokens, 0.000003 USD
                answer: at most 100 tokens, 0.0002 USD
            "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn what_kept_answers_have_to_do_with_a_request_is_told() {
        let request = |more: &str| {
            format!(r#"{{"model":"kept","request":{{"messages":[{{"role":"user","content":"hi"}}]{more}}}}}"#)
        };
        check(
            &request(""),
            false,
            &expect![[r#"
                kept, strategy weighted
                  1. groq/llama  key groq#1  native  priority 0, weight 1
                  2. groq/llama  key groq#2  native  priority 0, weight 1
                a kept answer is given if there is one, and a new one kept
                prompt: about 5 tokens
            "#]],
        )
        .await;
        check(
            &request(r#","n":2"#),
            false,
            &expect![[r#"
            kept, strategy weighted
              1. groq/llama  key groq#1  native  priority 0, weight 1
              2. groq/llama  key groq#2  native  priority 0, weight 1
            no kept answer is looked for, and none is kept: `n` asks for more than a text, or for an answer of its own
            prompt: about 5 tokens
        "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn what_is_done_to_answers_is_told() {
        check(
            r#"{"model":"coder"}"#,
            false,
            &expect![[r#"
            coder, strategy backup
              1. own/Qwen3-Coder  native  priority 0, weight 1
                 repair: strict, formats: hermes qwen invoke bracket qwen_agent fenced bare, patterns: run
              2. own/any  native  priority 0, weight 1
                 repair: strict, formats: all, patterns: run
        "#]],
        )
        .await;
        let request = |more: &str| {
            format!(r#"{{"model":"coder","request":{{"messages":[{{"role":"user","content":"hi"}}]{more}}}}}"#)
        };
        check(&request(""), false, &expect![[r#"
            coder, strategy backup
              1. own/Qwen3-Coder  native  priority 0, weight 1
                 repair: strict, formats: hermes qwen invoke bracket qwen_agent fenced bare, patterns: run, this one passes unread
              2. own/any  native  priority 0, weight 1
                 repair: strict, formats: all, patterns: run, this one passes unread
            prompt: about 5 tokens
        "#]]).await;
        check(&request(r#","tools":[{"type":"function","function":{"name":"f"}}]"#), false, &expect![[r#"
            coder, strategy backup
              1. own/Qwen3-Coder  native  priority 0, weight 1
                 repair: strict, formats: hermes qwen invoke bracket qwen_agent fenced bare, patterns: run, this one is read
              2. own/any  native  priority 0, weight 1
                 repair: strict, formats: all, patterns: run, this one is read
            prompt: about 6 tokens
        "#]]).await;
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_is_refused() {
        check(
            r#"{"model":"turbos"}"#,
            false,
            &expect![[r#"
            turbos
            no plan: model "turbos" is not configured; did you mean "turbo"?
        "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn programs_read_it_as_json() {
        let explanation = Explanation { at_ms: 0, ..explained(r#"{"model":"local/claude"}"#, false).await };
        let mut out = Vec::new();
        json(&explanation, &mut out).unwrap();
        expect![[r#"
            {"model":"local/claude","strategy":null,"at_ms":0,"attempts":[{"provider":"local","upstream_model":"claude","key":"local#1","lane":"bridged","dialect":"anthropic","priority":0,"weight":1,"repair":null,"losses":null,"refused":null}],"attempts_beyond":0,"regardless":false,"left_out":[],"waits":null,"refused":null,"cache":null,"estimate":{"prompt_tokens":null,"answer_tokens_max":null,"prompt_usd":null,"answer_usd_max":null}}
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }
}
