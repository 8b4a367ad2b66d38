//! How a request is to be handled: what Chat Completions and Responses say in the same words.

use super::super::ids;
use crate::fields::Fields;
use crate::ir::{Extra, Handling, Request, ServiceTier};
use crate::write::Object;
use crate::{Capabilities, WireError};

/// Longest `user` and `safety_identifier` that OpenAI takes, in bytes.
const USER_BYTES_MAX: usize = 64;

/// Where a stream's options stand.
pub(in crate::dialects) const STREAM_OPTIONS: &str = "stream_options";

/// Reads what both dialects name alike.
///
/// # Errors
/// When one has the wrong type.
pub(in crate::dialects) fn read(fields: &mut Fields<'_>) -> Result<Handling, WireError> {
    let tier: Option<String> = fields.optional("service_tier", "a string")?;
    Ok(Handling {
        tier: tier.as_deref().map(ServiceTier::from_name),
        metadata: fields.take("metadata").map(ToOwned::to_owned),
        safety_identifier: fields.optional("safety_identifier", "a string")?,
        moderation: fields.take("moderation").map(ToOwned::to_owned),
        cache_options: fields.take("prompt_cache_options").map(ToOwned::to_owned),
        top_logprobs: fields.optional("top_logprobs", "an integer of 0 or more")?,
        ..Handling::default()
    })
}

/// Reads of `stream_options` whether a stream hides the length of its pieces; what nobody took of it stays extras.
///
/// # Errors
/// When it is no boolean.
pub(in crate::dialects) fn read_stream_options(
    options: Option<Fields<'_>>,
    extras: &mut Vec<Extra>,
) -> Result<Option<bool>, WireError> {
    let Some(mut options) = options else { return Ok(None) };
    let obfuscation = options.optional("include_obfuscation", "a boolean")?;
    let rest = options.rest().into_iter();
    extras.extend(rest.map(|extra| Extra { name: format!("{STREAM_OPTIONS}.{}", extra.name), raw: extra.raw }));
    Ok(obfuscation)
}

/// Writes what both dialects name alike, and takes it out of `unsaid`. `own` says whether the request came in the
/// dialect that is written: then its client is taken at its word.
pub(in crate::dialects) fn write(
    object: &mut Object<'_>,
    request: &Request,
    unsaid: &mut Handling,
    own: bool,
    to: &Capabilities,
) {
    object.put_some("top_logprobs", unsaid.top_logprobs.take());
    if !own && !to.openai_options {
        return write_old_user(object, request, unsaid);
    }
    put_user(object, "user", request.user.as_deref(), own);
    put_user(object, "safety_identifier", unsaid.safety_identifier.take().as_deref(), own);
    object.put_some("service_tier", unsaid.tier.take().as_ref().map(ServiceTier::as_str));
    for (name, raw) in [
        ("metadata", unsaid.metadata.take()),
        ("moderation", unsaid.moderation.take()),
        ("prompt_cache_options", unsaid.cache_options.take()),
    ] {
        object.put_some(name, raw);
    }
}

/// Writes who asks for servers that know no `safety_identifier`, OpenAI's newer name for `user`.
pub(in crate::dialects) fn write_old_user(object: &mut Object<'_>, request: &Request, unsaid: &mut Handling) {
    match &request.user {
        Some(user) => put_user(object, "user", Some(user), false),
        None => put_user(object, "user", unsaid.safety_identifier.take().as_deref(), false),
    }
}

/// Another dialect's may be longer than OpenAI takes, as Claude Code's is; what matters is that the same user keeps the
/// same name.
fn put_user(object: &mut Object<'_>, name: &str, user: Option<&str>, own: bool) {
    match user {
        Some(user) if !own && user.len() > USER_BYTES_MAX => {
            object.put(name, &format!("user_{:016x}", ids::hash([user])));
        }
        user => object.put_some(name, user),
    }
}

/// Writes `stream_options`, where there is something to say.
pub(in crate::dialects) fn write_stream_options(
    object: &mut Object<'_>,
    include_usage: Option<bool>,
    obfuscation: Option<bool>,
    extras: &[Extra],
) {
    let rest = || extras.iter().filter_map(|extra| Some((of_stream_options(extra)?, &extra.raw)));
    if include_usage.is_none() && obfuscation.is_none() && rest().next().is_none() {
        return;
    }
    object.object(STREAM_OPTIONS, |options| {
        options.put_some("include_usage", include_usage);
        options.put_some("include_obfuscation", obfuscation);
        rest().for_each(|(name, raw)| options.raw(name, raw));
    });
}

/// The name of an extra within `stream_options`, when it stood there.
pub(in crate::dialects) fn of_stream_options(extra: &Extra) -> Option<&str> {
    extra.name.strip_prefix(STREAM_OPTIONS)?.strip_prefix('.')
}
