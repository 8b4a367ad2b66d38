//! The API's own description, OpenAPI 3.1: made from the list of paths and from the types of what they take and give.
//!
//! It is committed as `openapi.json`, from which the UI's client is made; a test makes it anew.

mod schemas;

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value, json};

use self::schemas::Schemas;
use crate::auth::{Asks, CSRF, SESSION_COOKIE};
use crate::endpoint::{Endpoint, Form, Operation};
use crate::problem;
use crate::routes::all;

/// What is served. Making it for each who asks would give the same.
pub(crate) const DESCRIPTION: &str = include_str!("../openapi.json");

/// Where the API's own paths begin; others are those of other products.
const OWN: &str = "/api/v1/";

/// Where whoever describes this API says what a path asks of its callers.
const ROLE: &str = "x-trunkline-role";

/// The description, written anew, with a line feed at its end.
///
/// # Panics
/// When a path cannot be described, which only a change of the program can bring about.
pub fn openapi() -> String {
    let mut schemas = Schemas::default();
    let changed: BTreeSet<&str> = described().filter(|(_, is)| is.if_match).map(|(at, _)| at.path).collect();
    let mut paths = Map::new();
    for (at, operation) in described() {
        let has_revision = operation.if_match || at.method == "GET" && changed.contains(at.path);
        let said = operation_of(at, operation, has_revision, &mut schemas);
        let of_path = paths.entry(at.path).or_insert_with(|| json!({}));
        if let Some(methods) = of_path.as_object_mut() {
            methods.insert(at.method.to_lowercase(), said);
        }
    }
    let problem = schemas.gives(problem::schema);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline admin API",
            "version": "1",
            "description": "For those who run a Trunkline. Lists come in pages; problems are told as RFC 9457 has it.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "session": [] }, { "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "responses": { "Problem": problem_response(&problem) },
        },
    });
    schemas.put_into(&mut document);
    format!("{document:#}\n")
}

fn described() -> impl Iterator<Item = (&'static Endpoint, &'static Operation)> {
    all().filter_map(|at| Some((at, at.operation.as_ref()?)))
}

fn operation_of(at: &Endpoint, operation: &Operation, has_revision: bool, schemas: &mut Schemas) -> Value {
    let parameters = parameters(at, operation, schemas);
    let body = operation.takes.map(|takes| {
        let schema = schemas.takes(takes);
        json!({ "required": true, "content": { "application/json": { "schema": schema } } })
    });
    let problem = |status: u16| (status.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
    let done = (operation.status.to_string(), answer(operation, has_revision, schemas));
    let responses = std::iter::once(done).chain(problems(at, operation).into_iter().map(problem));
    object([
        ("operationId", Some(Value::from(operation.id))),
        ("summary", Some(Value::from(operation.summary))),
        ("tags", Some(json!([subject(at.path)]))),
        (ROLE, Some(role(at.asks))),
        ("security", security(at)),
        ("parameters", (!parameters.is_empty()).then_some(Value::Array(parameters))),
        ("requestBody", body),
        ("responses", Some(responses.collect())),
    ])
}

/// An object of the fields that there are.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What a path is about: its first part behind the version.
fn subject(path: &str) -> &str {
    let own = path.strip_prefix(OWN).unwrap_or(path);
    own.split(['/', '.']).next().unwrap_or(own)
}

fn role(asks: Asks) -> Value {
    match asks {
        Asks::Open => Value::Null,
        Asks::Viewer => Value::from("viewer"),
        Asks::Admin => Value::from("admin"),
    }
}

/// What differs from the security of all: nothing is asked, or pages show with a change who they are.
fn security(at: &Endpoint) -> Option<Value> {
    match (at.asks, at.method) {
        (Asks::Open, _) => Some(json!([])),
        (Asks::Viewer | Asks::Admin, "GET") => None,
        (Asks::Viewer | Asks::Admin, _) => Some(json!([{ "session": [], "csrf": [] }, { "token": [] }])),
    }
}

fn security_schemes() -> Value {
    json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
            "description": "A session that began with `POST /api/v1/session`.",
        },
        "csrf": {
            "type": "apiKey", "in": "header", "name": CSRF,
            "description": "What `GET /api/v1/session` calls `csrf`: asked of whatever comes with the cookie and is no `GET`.",
        },
        "token": {
            "type": "http", "scheme": "bearer",
            "description": "A token of `[admin]` in the configuration document.",
        },
    })
}

fn parameters(at: &Endpoint, operation: &Operation, schemas: &mut Schemas) -> Vec<Value> {
    let named = at.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = |name: &str| json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } });
    let mut parameters: Vec<Value> = named.map(in_path).collect();
    if let Some(query) = operation.query {
        parameters.extend(schemas.parameters(query));
    }
    if operation.if_match {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": true,
            "description": "The revision that the change is made to, as `ETag` said it.",
            "schema": { "type": "string" },
        }));
    }
    parameters
}

fn answer(operation: &Operation, has_revision: bool, schemas: &mut Schemas) -> Value {
    let content = operation.gives.map(|gives| {
        let schema = schemas.gives(gives);
        let in_form = |form: &Form| {
            let schema = if *form == Form::Csv { json!({ "type": "string" }) } else { schema.clone() };
            (form.media_type().to_owned(), json!({ "schema": schema }))
        };
        operation.forms.iter().map(in_form).collect()
    });
    let revision =
        json!({ "ETag": { "description": "The revision, for `If-Match`.", "schema": { "type": "string" } } });
    object([
        ("description", Some(Value::from(reason(operation.status)))),
        ("headers", has_revision.then_some(revision)),
        ("content", content),
    ])
}

fn problem_response(schema: &Value) -> Value {
    json!({ "description": "A problem.", "content": { "application/problem+json": { "schema": schema } } })
}

fn reason(status: u16) -> &'static str {
    let known = StatusCode::from_u16(status).ok();
    known.and_then(|status| status.canonical_reason()).unwrap_or("Done")
}

/// The statuses of problems that a path may be answered with.
fn problems(at: &Endpoint, operation: &Operation) -> BTreeSet<u16> {
    let asks = at.asks != Asks::Open;
    let applies = [
        // The host, the origin, or the API is off, whoever asks.
        (true, &[403_u16, 503][..]),
        (asks, &[401]),
        (operation.query.is_some(), &[400]),
        (operation.takes.is_some(), &[400, 413, 415]),
        (at.path.contains('{'), &[404]),
        (operation.if_match, &[412, 422, 428]),
        (true, operation.fails),
    ];
    applies.iter().filter(|(applies, _)| *applies).flat_map(|(_, statuses)| statuses.iter().copied()).collect()
}
