//! What an answer to the question "are you well?" says.

use serde_json::{Map, Value};

/// What a provider that is well answers.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Its statuses; none: any 2xx.
    pub statuses: &'a [u16],
    /// A text in its answer.
    pub contains: Option<&'a str>,
    /// Whether a serverless one without a running worker counts as well: it would start one.
    pub cold_is_well: bool,
}

/// Words for a status that is not well.
const BAD_STATUS: [&str; 3] = ["down", "error", "unhealthy"];

/// Judges an answer: its status, the text it must have, and what its JSON says of itself, such as `"healthy": false`,
/// `"status": "down"`, or the workers of a serverless endpoint.
///
/// # Errors
/// What is wrong, for the operator.
pub fn judge(expected: Expected<'_>, status: u16, body: &[u8]) -> Result<(), String> {
    let known =
        if expected.statuses.is_empty() { (200..300).contains(&status) } else { expected.statuses.contains(&status) };
    if !known {
        return Err(format!("answered with status {status}"));
    }
    if let Some(text) = expected.contains
        && !body.windows(text.len().max(1)).any(|window| window == text.as_bytes())
        && !text.is_empty()
    {
        return Err(format!("{text:?} is not in its answer"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(said)) => of_itself(&said, expected.cold_is_well),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn of_itself(said: &Map<String, Value>, cold_is_well: bool) -> Result<(), String> {
    if said.get("healthy") == Some(&Value::Bool(false)) {
        return Err("says that it is not healthy".to_owned());
    }
    let status = said.get("status").and_then(Value::as_str).map(str::to_ascii_lowercase);
    if let Some(status) = status.filter(|status| BAD_STATUS.contains(&&**status)) {
        return Err(format!("says that its status is {status:?}"));
    }
    match said.get("workers") {
        Some(Value::Object(workers)) => of_workers(workers, cold_is_well),
        Some(_) | None => Ok(()),
    }
}

/// RunPod's `GET /v2/{ID}/health`, as seen in its documentation on 2026-08-20.
fn of_workers(workers: &Map<String, Value>, cold_is_well: bool) -> Result<(), String> {
    let count = |names: &[&str]| -> u64 {
        names.iter().filter_map(|name| workers.get(*name)?.as_u64()).fold(0, u64::saturating_add)
    };
    if count(&["idle", "running", "ready"]) > 0 {
        return Ok(());
    }
    let coming = count(&["initializing", "throttled"]) > 0;
    if !coming && count(&["unhealthy"]) > 0 {
        return Err("has no worker that is well".to_owned());
    }
    if cold_is_well { Ok(()) } else { Err("has no worker running".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Expected<'_> = Expected { statuses: &[], contains: None, cold_is_well: true };

    #[test]
    fn the_status_and_the_text_must_be_those_of_a_well_one() {
        assert_eq!(judge(ANY, 204, b""), Ok(()));
        assert_eq!(judge(ANY, 503, b"").unwrap_err(), "answered with status 503");
        let strict = Expected { statuses: &[200, 429], contains: Some("pong"), ..ANY };
        assert_eq!(judge(strict, 429, b"ping pong"), Ok(()));
        assert_eq!(judge(strict, 204, b"pong").unwrap_err(), "answered with status 204");
        assert_eq!(judge(strict, 200, b"pon").unwrap_err(), "\"pong\" is not in its answer");
        assert_eq!(judge(Expected { contains: Some(""), ..ANY }, 200, b""), Ok(()));
    }

    #[test]
    fn what_an_answer_says_of_itself_counts() {
        for (body, well) in [
            (r#"{"healthy":true,"status":"ok"}"#, true),
            (r#"{"healthy":false}"#, false),
            (r#"{"status":"DOWN"}"#, false),
            (r#"{"status":"error"}"#, false),
            (r#"{"status":"unhealthy","healthy":true}"#, false),
            (r#"{"status":"degraded"}"#, true),
            (r#"{"healthy":"false","status":503}"#, true),
            (r#"[{"healthy":false}]"#, true),
            ("not JSON: status down", true),
        ] {
            assert_eq!(judge(ANY, 200, body.as_bytes()).is_ok(), well, "{body}");
        }
    }

    #[test]
    fn a_serverless_endpoint_is_as_well_as_its_workers() {
        let cold_is_bad = Expected { cold_is_well: false, ..ANY };
        for (workers, well, warm) in [
            (r#"{"idle":1,"running":0,"unhealthy":2}"#, true, true),
            (r#"{"running":3}"#, true, true),
            (r#"{"ready":1}"#, true, true),
            (r#"{"idle":0,"running":0,"initializing":1}"#, true, false),
            (r#"{"idle":0,"running":0,"throttled":2,"unhealthy":1}"#, true, false),
            (r#"{"idle":0,"running":0,"unhealthy":1}"#, false, false),
            (r#"{"idle":0,"running":0}"#, true, false),
        ] {
            let body = format!(r#"{{"jobs":{{"inQueue":0}},"workers":{workers}}}"#);
            assert_eq!(judge(ANY, 200, body.as_bytes()).is_ok(), well, "{workers}");
            assert_eq!(judge(cold_is_bad, 200, body.as_bytes()).is_ok(), warm, "{workers}");
        }
    }
}
