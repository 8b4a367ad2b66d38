//! Writes a request.

use bytes::Bytes;

use super::super::form;
use super::messages::{Places, instructions, put_items, split_instructions};
use super::tools::{self, Reader};
use crate::capabilities::ThinkingMode;
use crate::dialect::Encoded;
use crate::dialects::openai_chat::request::handling;
use crate::ir::{Effort, Extra, Field, Handling, Lost, OutputFormat, Request, Thinking, Tool};
use crate::write::{Object, object};
use crate::{Capabilities, DialectId};

/// Writes a request for a model that takes what `to` says.
pub(in super::super) fn encode(request: &Request, to: &Capabilities) -> Encoded {
    let mut lost = Lost::of(request);
    let bytes = object(|body| {
        body.put("model", &request.model);
        let (operator, messages) = split_instructions(request);
        if let Some(text) = operator.and_then(|message| instructions(message, request, &mut lost)) {
            body.put("instructions", &text);
        }
        let mut places = Places::new(request, to, &mut lost);
        match messages {
            [only] if form::has(&only.extras, form::INPUT) && only.blocks.len() == 1 => {
                body.put("input", only.blocks.first().and_then(|block| block.as_text()).unwrap_or_default());
            }
            messages => body.array("input", |items| put_items(items, request, messages, &mut places)),
        }
        put_tools(body, request, to, &mut lost);
        put_sampling(body, request, to, &mut lost);
        let thinking = thinking(request, to, &mut lost);
        put_reasoning(body, &thinking, own_extras(request));
        let mut unsaid = request.handling.clone();
        let own = is_own(request);
        let verbosity = unsaid.verbosity.take_if(|_| own || to.openai_options);
        put_text(body, output_format(request, to, &mut lost), verbosity.as_deref(), own_extras(request));
        if request.stream {
            body.put("stream", &true);
        }
        handling::write(body, request, &mut unsaid, own, to);
        handling::write_stream_options(body, None, unsaid.obfuscation.take(), own_extras(request));
        body.put_some("prompt_cache_key", request.caching.key.as_deref());
        body.put_some("prompt_cache_retention", request.caching.retention.as_deref());
        if let Some(mark) = &request.caching.mark {
            lost.mark(mark);
        }
        put_extras(body, request, &thinking, &mut unsaid, &mut lost);
        lost.handling(&unsaid);
    });
    Encoded { bytes: Bytes::from(bytes), losses: lost.into_losses() }
}

fn is_own(request: &Request) -> bool {
    request.origin == DialectId::OpenaiResponses
}

/// Extras in the words of this dialect.
fn own_extras(request: &Request) -> &[Extra] {
    if is_own(request) { &request.extras } else { &[] }
}

fn put_tools(body: &mut Object<'_>, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    if !to.tools {
        lost.tools();
        if request.tool_choice.is_some() {
            lost.field(Field::ToolChoice);
        }
        return;
    }
    let sayable = |tool: &Tool| tools::is_sayable(tool) && !form::has(&tool.extras, form::ADDITIONAL);
    if request.tools.iter().any(sayable) {
        body.array("tools", |list| tools::put_tools(list, request, Reader::Provider, lost));
    } else {
        // An empty list is refused by some.
        request.tools.iter().filter(|tool| !tools::is_sayable(tool)).for_each(|tool| lost.tool(tool));
    }
    match &request.tool_choice {
        Some(choice) if is_own(request) || request.tools.iter().any(tools::is_sayable) => {
            tools::put_tool_choice(body, choice, &request.tools);
        }
        Some(_) => lost.field(Field::ToolChoice),
        None => {}
    }
    match request.parallel_tool_calls {
        Some(false) if !to.parallel_tools => lost.field(Field::ParallelToolCalls),
        parallel => body.put_some("parallel_tool_calls", parallel),
    }
}

fn put_sampling(body: &mut Object<'_>, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    let sampling = &request.sampling;
    let asked = sampling.output_tokens_max;
    body.put_some("max_output_tokens", asked.map(|asked| asked.min(to.output_tokens_max.unwrap_or(asked))));
    let temperature = sampling.temperature.filter(|_| to.sampling);
    let together = to.temperature_with_top_p || temperature.is_none();
    let top_p = sampling.top_p.filter(|_| to.sampling && together);
    body.put_some("temperature", temperature);
    body.put_some("top_p", top_p);
    let unsaid = [
        (Field::Temperature, temperature.is_none() && sampling.temperature.is_some()),
        (Field::TopP, top_p.is_none() && sampling.top_p.is_some()),
        (Field::TopK, sampling.top_k.is_some()),
        (Field::MinP, sampling.min_p.is_some()),
        (Field::Seed, sampling.seed.is_some()),
        (Field::PresencePenalty, sampling.presence_penalty.is_some()),
        (Field::FrequencyPenalty, sampling.frequency_penalty.is_some()),
        (Field::RepetitionPenalty, sampling.repetition_penalty.is_some()),
        (Field::Stop, !request.stop.is_empty()),
    ];
    unsaid.into_iter().filter(|(_, unsaid)| *unsaid).for_each(|(field, _)| lost.field(field));
}

/// What of the thinking that is asked for can be said: an effort, and whether it is shown.
fn thinking(request: &Request, to: &Capabilities, lost: &mut Lost<'_>) -> Thinking {
    let Thinking { enabled, effort, budget_tokens, shown } = request.thinking.clone();
    let from_budget = budget_tokens.filter(|_| effort.is_none() && enabled != Some(false)).map(effort_of_budget);
    if budget_tokens.is_some() {
        lost.field(Field::ThinkingBudget);
    }
    let off = (enabled == Some(false)).then_some(Effort::None);
    let effort_said = effort.is_some();
    // Who asks for thoughts and says no more wants to see them.
    let shown = shown.or((enabled == Some(true) && effort.is_none() && !is_own(request)).then_some(true));
    let mut thinking = Thinking { effort: off.or(effort).or(from_budget), shown, ..Thinking::default() };
    let refused = match (to.thinking, &thinking.effort) {
        // Nothing to refuse, or nothing but what it does anyway.
        (_, None) | (ThinkingMode::Never, Some(Effort::None)) => to.thinking == ThinkingMode::Never,
        (ThinkingMode::Never, Some(_)) | (ThinkingMode::Always, Some(Effort::None)) => {
            lost.field(if effort_said { Field::Effort } else { Field::Thinking });
            true
        }
        (ThinkingMode::Any | ThinkingMode::Budget | ThinkingMode::Adaptive | ThinkingMode::Always, Some(_)) => false,
    };
    if refused {
        thinking.effort = None;
    }
    if to.thinking == ThinkingMode::Never {
        thinking.shown = None;
    }
    // That thoughts are not to be shown is what goes without saying.
    if !is_own(request) && thinking.shown == Some(false) {
        thinking.shown = None;
    }
    thinking
}

/// The thresholds are policy, not fact: no vendor says what an effort is worth in tokens.
fn effort_of_budget(tokens: u64) -> Effort {
    match tokens {
        0..=1024 => Effort::Low,
        1025..=8192 => Effort::Medium,
        _ => Effort::High,
    }
}

/// Writes `reasoning`, where there is something to say; with what of it rides along.
pub(in super::super) fn put_reasoning(body: &mut Object<'_>, thinking: &Thinking, extras: &[Extra]) {
    let effort = thinking.effort.as_ref().map(Effort::as_str);
    let kept = form::has(extras, "reasoning.summary");
    let summary = thinking.shown.filter(|_| !kept).map(|shown| if shown { "auto" } else { "none" });
    if effort.is_none() && summary.is_none() && within(extras, "reasoning.").next().is_none() {
        return;
    }
    body.object("reasoning", |reasoning| {
        reasoning.put_some("effort", effort);
        reasoning.put_some("summary", summary);
        within(extras, "reasoning.").for_each(|(name, extra)| reasoning.raw(name, &extra.raw));
    });
}

/// The extras under a path, each with the rest of its name.
fn within<'a>(extras: &'a [Extra], path: &str) -> impl Iterator<Item = (&'a str, &'a Extra)> {
    extras.iter().filter_map(move |extra| Some((extra.name.strip_prefix(path)?, extra)))
}

fn output_format<'a>(request: &'a Request, to: &Capabilities, lost: &mut Lost<'_>) -> Option<&'a OutputFormat> {
    match &request.output_format {
        Some(OutputFormat::JsonSchema { .. }) if !to.json_schema => {
            lost.field(Field::OutputFormat);
            None
        }
        format => format.as_ref(),
    }
}

/// Writes `text`, where there is something to say.
pub(in super::super) fn put_text(
    body: &mut Object<'_>,
    format: Option<&OutputFormat>,
    verbosity: Option<&str>,
    extras: &[Extra],
) {
    let mark = form::find(extras, form::TEXT_FORMAT);
    if format.is_none() && mark.is_none() && verbosity.is_none() && within(extras, "text.").next().is_none() {
        return;
    }
    body.object("text", |text| {
        match format {
            None => {
                if let Some(raw) = mark {
                    text.raw("format", raw);
                }
            }
            Some(OutputFormat::JsonObject) => text.object("format", |format| format.put("type", "json_object")),
            Some(OutputFormat::JsonSchema { name, description, schema, strict }) => text.object("format", |format| {
                format.put("type", "json_schema");
                format.put("name", name.as_deref().unwrap_or("answer"));
                format.put_some("description", description.as_deref());
                format.raw("schema", schema);
                format.put_some("strict", *strict);
                within(extras, "text.format.").for_each(|(name, extra)| format.raw(name, &extra.raw));
            }),
        }
        text.put_some("verbosity", verbosity);
        let direct = within(extras, "text.").filter(|(name, _)| !name.starts_with("format."));
        direct.for_each(|(name, extra)| text.raw(name, &extra.raw));
    });
}

/// The client's own extras, or what a client of another dialect takes for granted.
fn put_extras(
    body: &mut Object<'_>,
    request: &Request,
    thinking: &Thinking,
    unsaid: &mut Handling,
    lost: &mut Lost<'_>,
) {
    let likely = unsaid.logprobs.take() == Some(true) || request.handling.top_logprobs > Some(0);
    if is_own(request) {
        let nested = |name: &str| ["reasoning.", "text.", "stream_options."].iter().any(|path| name.starts_with(path));
        let said = |extra: &&Extra| !extra.is_form() && !nested(&extra.name);
        request.extras.iter().filter(said).for_each(|extra| body.raw(&extra.name, &extra.raw));
        return;
    }
    request.extras.iter().for_each(|extra| lost.extra(extra));
    // Only this dialect keeps answers unless told not to.
    body.put("store", &unsaid.store.take().unwrap_or(false));
    // Thoughts that nobody stores must come back sealed, or the next turn begins without them.
    let thinks = thinking.effort.as_ref().is_some_and(|effort| *effort != Effort::None) || thinking.shown == Some(true);
    let include: Vec<&str> = [(thinks, "reasoning.encrypted_content"), (likely, form::INCLUDED_LOGPROBS)]
        .into_iter()
        .filter_map(|(wanted, name)| wanted.then_some(name))
        .collect();
    if !include.is_empty() {
        body.put("include", &include);
    }
}
