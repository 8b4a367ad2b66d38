//! `countTokens`, both ways. Who counts is not decided here.

use bytes::Bytes;

use super::request;
use crate::fields::Fields;
use crate::ir::{Lost, Request};
use crate::write::object;
use crate::{Capabilities, Encoded, WireError};

/// Reads the request of a count: `contents` alone, or everything in a `generateContentRequest`, whose model is taken
/// without its `models/`; else the model is empty, for it stands in the path.
///
/// # Errors
/// As for a request that wants an answer.
pub fn decode_request(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let snake = "generate_content_request";
    let name = if fields.has(snake) { snake } else { "generateContentRequest" };
    let Some(mut inner) = fields.object(name)? else { return request::decode_fields(fields) };
    let model: Option<String> = inner.optional("model", "a string")?;
    let mut request = request::decode_fields(inner)?;
    if let Some(model) = model {
        request.model = model.strip_prefix("models/").unwrap_or(&model).to_owned();
    }
    request.extras.extend(fields.rest());
    Ok(request)
}

/// Asks for a count of everything that `request` says.
///
/// # Errors
/// As for a request that wants an answer.
pub fn encode_request(request: &Request, to: &Capabilities) -> Result<Encoded, WireError> {
    let mut lost = Lost::of(request);
    let plan = request::Plan::new(request, to, &mut lost)?;
    let bytes = object(|body| {
        body.object("generateContentRequest", |inner| {
            inner.put("model", &format!("models/{}", request.model));
            plan.write(inner);
        });
    });
    Ok(Encoded { bytes: Bytes::from(bytes), losses: lost.into_losses() })
}

/// Reads how many tokens were counted.
///
/// # Errors
/// When the body does not say.
pub fn decode_count(body: &[u8]) -> Result<u64, WireError> {
    // No count is written as no member.
    Ok(Fields::of_body(body)?.optional("totalTokens", "a whole number of 0 or more")?.unwrap_or(0))
}

/// Says how many tokens were counted.
pub fn encode_count(tokens: u64) -> Bytes {
    Bytes::from(object(|body| body.put("totalTokens", &tokens)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_stands_in_either_place() {
        let check = |body: &str, model: &str| {
            let request = decode_request(body.as_bytes()).expect("a request");
            assert_eq!((request.model.as_str(), request.messages.len()), (model, 1), "{body}");
        };
        let contents = r#""contents":[{"role":"user","parts":[{"text":"a"}]}]"#;
        check(&format!("{{{contents}}}"), "");
        check(&format!(r#"{{"generateContentRequest":{{"model":"models/m",{contents}}}}}"#), "m");
        check(&format!(r#"{{"generate_content_request":{{{contents}}}}}"#), "");
        let error = decode_request(br#"{"generateContentRequest":{"contents":[{"parts":1}]}}"#).expect_err("no list");
        assert_eq!(error.path(), Some("generateContentRequest.contents[0].parts"));
    }

    #[test]
    fn the_request_and_the_count_are_written() {
        let mut request = Request::new(crate::DialectId::OpenaiChat, "g");
        request.messages.push(crate::ir::Message::new(crate::ir::Role::User, vec![crate::ir::Block::text("a")]));
        let encoded = encode_request(&request, &Capabilities::default()).expect("a request");
        assert_eq!(
            std::str::from_utf8(&encoded.bytes).expect("text"),
            r#"{"generateContentRequest":{"model":"models/g","contents":[{"role":"user","parts":[{"text":"a"}]}]}}"#
        );
        assert_eq!(decode_count(&encode_count(7)), Ok(7));
        assert_eq!(decode_count(b"{}"), Ok(0));
        assert!(decode_count(b"[]").is_err());
    }
}
