//! One path of the admin API: what answers it, what it asks of callers, and what programs may know of it.

use std::fmt;

use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::auth::Asks;

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One path and what answers it.
#[derive(Clone, Copy)]
pub struct Endpoint {
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// What it asks of whoever calls it.
    pub asks: Asks,
    /// Whether it changes something although its method says that it does not: then all is asked that is asked of changes.
    pub changes: bool,
    pub(crate) handler: fn() -> MethodRouter,
    /// What the API's description says of it; `None` for another product's paths, which are described there.
    pub operation: Option<Operation>,
}

/// What the API's description says of a path.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// What generated clients call it.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The parameters of its query: an object of them.
    pub query: Option<SchemaOf>,
    /// The body that it takes.
    pub takes: Option<SchemaOf>,
    /// The body of its answer when all goes well.
    pub gives: Option<SchemaOf>,
    /// In which forms that body comes.
    pub forms: &'static [Form],
    /// The status of that answer.
    pub status: u16,
    /// Statuses of problems that it may be answered with, beside those that follow from the rest.
    pub fails: &'static [u16],
    /// Whether a change names the revision that it is made to.
    pub if_match: bool,
}

/// A form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One value.
    Json,
    /// A value a line, as spreadsheets take them.
    Csv,
    /// A value an event, as long as both sides like.
    Events,
}

impl Endpoint {
    /// A path that is not described.
    pub(crate) const fn new(
        method: &'static str,
        path: &'static str,
        asks: Asks,
        handler: fn() -> MethodRouter,
    ) -> Self {
        Self { method, path, asks, changes: false, handler, operation: None }
    }

    /// The same, which changes something whatever its method says.
    pub(crate) const fn changes(self) -> Self {
        Self { changes: true, ..self }
    }

    /// The same, described.
    pub(crate) const fn says(self, operation: Operation) -> Self {
        Self { operation: Some(operation), ..self }
    }
}

impl Operation {
    /// One that takes and gives nothing.
    pub const fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            query: None,
            takes: None,
            gives: None,
            forms: &[Form::Json],
            status: 204,
            fails: &[],
            if_match: false,
        }
    }

    /// The same, with parameters in its query.
    #[must_use]
    pub const fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(T::json_schema), ..self }
    }

    /// The same, with a body in.
    #[must_use]
    pub const fn takes<T: JsonSchema>(self) -> Self {
        Self { takes: Some(schema_of::<T>), ..self }
    }

    /// The same, with a body out.
    #[must_use]
    pub const fn gives<T: JsonSchema>(self) -> Self {
        Self { gives: Some(schema_of::<T>), status: 200, ..self }
    }

    /// The same, whose body comes in these forms.
    #[must_use]
    pub const fn as_forms(self, forms: &'static [Form]) -> Self {
        Self { forms, ..self }
    }

    /// The same, answered with this status.
    #[must_use]
    pub const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same, which may fail with these statuses too.
    #[must_use]
    pub const fn fails(self, fails: &'static [u16]) -> Self {
        Self { fails, ..self }
    }

    /// The same, for changes that name the revision that they are made to.
    #[must_use]
    pub const fn if_match(self) -> Self {
        Self { if_match: true, ..self }
    }
}

impl Form {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Events => "text/event-stream",
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
