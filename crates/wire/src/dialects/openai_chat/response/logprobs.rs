//! How likely each token was.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::write::Object;

/// `logprobs` of an alternative. Those of a refusal say nothing more.
#[derive(Deserialize)]
struct Logprobs<'a> {
    /// The tokens of the text.
    #[serde(borrow, default)]
    content: Option<Vec<&'a RawValue>>,
}

/// Reads `logprobs` of an alternative; nothing of those in another form, as the legacy Completions and Together have.
pub(in crate::dialects::openai_chat) fn read_logprobs(raw: Option<&RawValue>) -> Vec<Box<RawValue>> {
    let read: Option<Logprobs<'_>> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    read.and_then(|read| read.content).into_iter().flatten().map(ToOwned::to_owned).collect()
}

/// Writes `logprobs` of an alternative, null where there are none.
pub(in crate::dialects::openai_chat) fn write_logprobs<'a>(
    choice: &mut Object<'_>,
    tokens: impl IntoIterator<Item = &'a Box<RawValue>>,
) {
    let mut tokens = tokens.into_iter().peekable();
    if tokens.peek().is_none() {
        return choice.put("logprobs", &None::<&str>);
    }
    choice.object("logprobs", |logprobs| {
        logprobs.array("content", |list| tokens.for_each(|token| list.raw(token)));
        logprobs.put("refusal", &None::<&str>);
    });
}
