//! Which part of a dialect an adapter takes.

use trunkline_wire::{Fault, FaultKind, ir};

/// What may be asked of an adapter: the fields in [`FIELDS`], messages of text, and these roles.
#[derive(Debug)]
pub struct Subset {
    /// Roles that may speak.
    pub roles: &'static [ir::Role],
}

/// The request's fields that every adapter takes, for the sentence that refuses another one. `stream_options` is among
/// them because OpenAI's clients ask for usage with it.
pub const FIELDS: &str = "model, messages, stream, stream_options, temperature, top_p, max_tokens, \
                          max_completion_tokens, stop and user";

impl Subset {
    /// Refuses whatever the adapter does not take.
    ///
    /// # Errors
    /// An `InvalidRequest` fault whose `param` is the path of the first field that is not taken, such as `tools`,
    /// `messages[0].role` or `messages[1].content[0]`.
    pub fn check(&self, request: &ir::Request) -> Result<(), Fault> {
        if let Some(field) = other_field(request) {
            let why = format!("is not supported by this provider, which takes {FIELDS}");
            return Err(refuse(field, &why));
        }
        check_sampling(request)?;
        if request.messages.is_empty() {
            return Err(refuse("messages", "must hold at least one message"));
        }
        request.messages.iter().enumerate().try_for_each(|(index, message)| self.check_message(index, message))
    }

    fn check_message(&self, index: usize, message: &ir::Message) -> Result<(), Fault> {
        if !self.roles.contains(&message.role) {
            let roles: Vec<&str> = self.roles.iter().map(ir::Role::as_str).collect();
            let why = format!("is {:?}, but this provider takes {}", message.role.as_str(), roles.join(", "));
            return Err(refuse(&format!("messages[{index}].role"), &why));
        }
        if let Some(extra) = message.extras.iter().find(|extra| !extra.is_form()) {
            let why = "is not supported by this provider, whose messages have role and content";
            return Err(refuse(&format!("messages[{index}].{}", extra.name), why));
        }
        for (place, block) in message.blocks.iter().enumerate() {
            if let Some(kind) = not_text(block) {
                let why = format!("is a part of type {kind:?}, but this provider takes text");
                return Err(refuse(&format!("messages[{index}].content[{place}]"), &why));
            }
        }
        Ok(())
    }
}

/// The first field that is set beside those in [`FIELDS`], by its name in Chat Completions.
fn other_field(request: &ir::Request) -> Option<&str> {
    let ir::Sampling {
        temperature: _,
        top_p: _,
        output_tokens_max: _,
        top_k,
        min_p,
        seed,
        presence_penalty,
        frequency_penalty,
        repetition_penalty,
    } = &request.sampling;
    let thinking = request.thinking != ir::Thinking::default();
    let caching = &request.caching;
    [
        ("tools", !request.tools.is_empty()),
        ("tool_choice", request.tool_choice.is_some()),
        ("parallel_tool_calls", request.parallel_tool_calls.is_some()),
        ("response_format", request.output_format.is_some()),
        ("reasoning_effort", thinking),
        ("top_k", top_k.is_some()),
        ("min_p", min_p.is_some()),
        ("seed", seed.is_some()),
        ("presence_penalty", presence_penalty.is_some()),
        ("frequency_penalty", frequency_penalty.is_some()),
        ("repetition_penalty", repetition_penalty.is_some()),
        ("prompt_cache_key", caching.key.is_some()),
        ("prompt_cache_retention", caching.retention.is_some()),
        ("cache_control", caching.mark.is_some()),
    ]
    .into_iter()
    .find_map(|(name, set)| set.then_some(name))
    .or_else(|| request.handling.asked().next().map(ir::Field::usual))
    .or_else(|| request.extras.iter().find(|extra| !extra.is_form()).map(|extra| extra.name.as_str()))
}

fn check_sampling(request: &ir::Request) -> Result<(), Fault> {
    let outside = |value: Option<f64>, max: f64| value.is_some_and(|value| !(0.0..=max).contains(&value));
    if outside(request.sampling.temperature, 2.0) {
        return Err(refuse("temperature", "must be a number from 0 to 2"));
    }
    if outside(request.sampling.top_p, 1.0) {
        return Err(refuse("top_p", "must be a number from 0 to 1"));
    }
    if request.sampling.output_tokens_max == Some(0) {
        return Err(refuse("max_tokens", "must be at least 1"));
    }
    Ok(())
}

/// What a block is, when it is not plain text.
fn not_text(block: &ir::Block) -> Option<&str> {
    match &block.content {
        ir::Content::Text(_) => None,
        ir::Content::Refusal(_) => Some("refusal"),
        ir::Content::Media(media) => Some(match media.kind {
            ir::MediaKind::Image => "image_url",
            ir::MediaKind::Document => "file",
            ir::MediaKind::Audio => "input_audio",
            ir::MediaKind::Video => "video",
        }),
        ir::Content::Reasoning(_) => Some("reasoning"),
        ir::Content::ToolCall(_) => Some("tool_call"),
        ir::Content::ToolResult(_) => Some("tool_result"),
        ir::Content::Opaque { kind, .. } => Some(kind),
    }
}

fn refuse(param: &str, why: &str) -> Fault {
    Fault::new(FaultKind::InvalidRequest, format!("`{param}` {why}")).with_param(param)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use trunkline_wire::DialectId;

    use super::*;

    const SUBSET: Subset = Subset { roles: &[ir::Role::System, ir::Role::User, ir::Role::Assistant] };

    fn request() -> ir::Request {
        ir::Request {
            messages: vec![message(ir::Role::System), message(ir::Role::User)],
            stream: true,
            include_usage: true,
            sampling: ir::Sampling {
                temperature: Some(2.0),
                top_p: Some(0.0),
                output_tokens_max: Some(1),
                ..ir::Sampling::default()
            },
            stop: vec!["x".to_owned()],
            user: Some("me".to_owned()),
            ..ir::Request::new(DialectId::OpenaiChat, "dummy/echo-1")
        }
    }

    fn message(role: ir::Role) -> ir::Message {
        ir::Message::new(role, vec![ir::Block::text("hello")])
    }

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    /// What `change` makes of a good request: the blamed field and the sentence.
    fn check(change: impl FnOnce(&mut ir::Request)) -> Option<(String, String)> {
        let mut request = request();
        change(&mut request);
        let fault = SUBSET.check(&request).err()?;
        assert_eq!(fault.kind, FaultKind::InvalidRequest);
        Some((fault.param.expect("a field is blamed"), fault.message))
    }

    fn blamed(param: &str, message: &str) -> Option<(String, String)> {
        Some((param.to_owned(), message.to_owned()))
    }

    #[test]
    fn what_the_subset_holds_is_taken() {
        assert_eq!(check(|_| {}), None);
        assert_eq!(check(|request| request.sampling = ir::Sampling::default()), None);
        assert_eq!(check(|request| request.messages = vec![message(ir::Role::Assistant)]), None);
    }

    #[test]
    fn an_unknown_field_is_named_with_those_that_are_taken() {
        let field = |request: &mut ir::Request| {
            request.extras.push(ir::Extra { name: "tools".to_owned(), raw: raw("[]") });
            request.extras.push(ir::Extra { name: "n".to_owned(), raw: raw("2") });
        };
        let sentence = "`tools` is not supported by this provider, which takes model, messages, stream, \
                        stream_options, temperature, top_p, max_tokens, max_completion_tokens, stop and user";
        assert_eq!(check(field), blamed("tools", sentence));
    }

    #[test]
    fn a_message_outside_the_subset_is_named_by_its_path() {
        assert_eq!(
            check(|request| request.messages.push(message(ir::Role::Tool))),
            blamed(
                "messages[2].role",
                "`messages[2].role` is \"tool\", but this provider takes system, user, assistant"
            )
        );
        assert_eq!(
            check(|request| {
                request.messages[1].extras.push(ir::Extra { name: "name".to_owned(), raw: raw("\"me\"") });
            }),
            blamed(
                "messages[1].name",
                "`messages[1].name` is not supported by this provider, whose messages have role and content"
            )
        );
        assert_eq!(
            check(|request| {
                let (origin, kind) = (DialectId::OpenaiChat, "image_url".to_owned());
                request.messages[0].blocks.push(ir::Content::Opaque { origin, kind, raw: raw("{}") }.into());
            }),
            blamed(
                "messages[0].content[1]",
                "`messages[0].content[1]` is a part of type \"image_url\", but this provider takes text"
            )
        );
        assert_eq!(
            check(|request| request.messages.clear()),
            blamed("messages", "`messages` must hold at least one message")
        );
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert_eq!(
            check(|request| request.sampling.temperature = Some(2.1)),
            blamed("temperature", "`temperature` must be a number from 0 to 2")
        );
        assert_eq!(
            check(|request| request.sampling.top_p = Some(-0.1)),
            blamed("top_p", "`top_p` must be a number from 0 to 1")
        );
        assert_eq!(
            check(|request| request.sampling.output_tokens_max = Some(0)),
            blamed("max_tokens", "`max_tokens` must be at least 1")
        );
    }
}
