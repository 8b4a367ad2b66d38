//! FunctionGemma and Gemma 4: `call:f{...}` with quotes of its own.

use super::{Anywhere, Family, Given, Head, Opening, Raw, Stop, Trust, xml};

const CALL: &str = "call:";
const CLOSERS: &[&str] = &["<end_function_call>", "<tool_call|>"];

pub(crate) static FAMILY: Family = Family {
    name: "gemma",
    markers: &[("<start_function_call>", Anywhere), ("<|tool_call>", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    opening.cursor.expect(CALL)?;
    let name = opening.cursor.name()?;
    opening.tool(name)?;
    opening.cursor.expect("{")?;
    Ok(Head::Collect(xml::until(CLOSERS, &["<start_function_call>", "<|tool_call>"])))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let (_, call) = text.split_once(CALL)?;
    let (name, body) = call.split_once('{')?;
    let quote = if text.starts_with("<|") { "<|\"|>" } else { "<escape>" };
    let mut json = String::from("{");
    // Every second part stands between quotes.
    for (part, number) in CLOSERS.iter().fold(body, |body, closer| body.trim_end_matches(closer)).split(quote).zip(0..)
    {
        if number % 2 == 0 {
            json.push_str(part);
        } else {
            json.push_str(&serde_json::Value::String(part.to_owned()).to_string());
        }
    }
    Some(vec![Raw { name: name.to_owned(), given: Given::Json(json) }])
}
