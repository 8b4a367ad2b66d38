//! Changes of single parts of the document, each to the revision that was looked at and through the same check as the
//! whole.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use trunkline_config::edit::{self, Edit, EditError};
use trunkline_config::{Path, mask};

use crate::auth::Caller;
use crate::documents::{CurrentDocument, Documents, NewDocument};
use crate::problem::{Kind, Problem};

/// What `If-Match` says: which revision a change is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// `*`: whatever there is.
    Anything,
    /// One of these.
    One(Vec<String>),
}

/// The document as it is while a request is answered.
pub(crate) struct Editing {
    documents: Arc<dyn Documents>,
    current: CurrentDocument,
}

/// An answer that says which revision it was taken from.
pub(crate) struct Tagged<T>(pub(crate) String, pub(crate) T);

impl IfMatch {
    /// What a request says; `None` when it says nothing.
    pub(crate) fn stated(headers: &HeaderMap) -> Option<Self> {
        let stated: Vec<_> = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
        // Proxies that compress an answer make its tag a weak one.
        let tag = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
        let tags: Vec<String> = stated.iter().flat_map(|tags| tags.split(',')).map(tag).collect();
        if tags.iter().all(String::is_empty) {
            return None;
        }
        Some(if tags == ["*"] { Self::Anything } else { Self::One(tags) })
    }

    /// The revision that is changed: this one, if it was meant.
    pub(crate) fn check(&self, current: &str) -> Result<(), Problem> {
        match self {
            Self::Anything => Ok(()),
            Self::One(tags) if tags.iter().any(|tag| tag == current) => Ok(()),
            Self::One(_) => {
                let what = format!("somebody else was faster: the document is at revision {current} now");
                Err(Problem::new(Kind::PreconditionFailed, what))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::stated(&parts.headers).ok_or_else(|| {
            let how = "say in `If-Match` which revision this is a change of: the `ETag` that came with it";
            Problem::new(Kind::PreconditionRequired, how)
        })
    }
}

impl Editing {
    /// To look only.
    pub(crate) async fn look(documents: Arc<dyn Documents>) -> Result<Self, Problem> {
        let current = documents.current().await?;
        Ok(Self { documents, current })
    }

    /// To change the revision that was meant.
    pub(crate) async fn begin(documents: Arc<dyn Documents>, if_match: &IfMatch) -> Result<Self, Problem> {
        let editing = Self::look(documents).await?;
        if_match.check(&editing.current.revision)?;
        Ok(editing)
    }

    /// What an answer that was taken from it has for an `ETag`.
    pub(crate) fn revision(&self) -> &str {
        &self.current.revision
    }

    /// The document.
    pub(crate) fn current(&self) -> &CurrentDocument {
        &self.current
    }

    /// What the document says there, secrets and all; `None` when it says nothing.
    pub(crate) fn said(&self, path: &Path) -> Result<Option<Value>, Problem> {
        Ok(edit::value_at(&self.current.text, path)?)
    }

    /// The same as everybody may see it.
    pub(crate) fn shown(&self, path: &Path) -> Result<Option<Value>, Problem> {
        let mut said = self.said(path)?;
        if let Some(value) = &mut said {
            mask::mask_value(path, value);
        }
        Ok(said)
    }

    /// The edits that give a section these fields: each is replaced whole, `null` takes one back, and a mask is what it
    /// stands for. Fields that are not named stay as they are.
    pub(crate) fn changes(&self, section: &Path, mut fields: Map<String, Value>) -> Result<Vec<Edit>, Problem> {
        let before = self.said(section)?.unwrap_or_default();
        let taken_back: Vec<String> =
            fields.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect();
        fields.retain(|_, value| !value.is_null());
        let mut wanted = Value::Object(fields);
        mask::unmask_value(section, &mut wanted, &before).map_err(|at| not_a_secret(&at).at(within(section, &at)))?;
        let gone = taken_back.iter().filter(|name| before.get(name.as_str()).is_some());
        let removals = gone.map(|name| Edit::Remove(section.key(name)));
        let Value::Object(wanted) = wanted else { return Ok(removals.collect()) };
        let sets = wanted.into_iter().map(|(name, value)| Edit::Set(section.key(&name), value));
        Ok(removals.chain(sets).collect())
    }

    /// Makes edits of a section. Answers once they are in force, with the new revision.
    pub(crate) async fn make(
        &self,
        caller: &Caller,
        section: &Path,
        edits: &[Edit],
        note: impl Into<String>,
    ) -> Result<String, Problem> {
        let before = self.current.text.clone();
        let text = edits.iter().try_fold(before, |text, edit| edit::apply(&text, edit));
        let new = NewDocument {
            text: text.map_err(|error| of_edit(error, section))?,
            base: self.current.revision.clone(),
            who: caller.user.clone(),
            note: note.into(),
        };
        self.documents.apply(new).await.map_err(|problem| Problem::of_document(&problem, section))
    }
}

/// Where a request names what the document has there: without what leads to its section.
pub(crate) fn within(section: &Path, at: &Path) -> String {
    below(section, &at.to_string()).unwrap_or_default()
}

/// What a path has beyond that of its section; `None` when it is elsewhere.
pub(crate) fn below(section: &Path, path: &str) -> Option<String> {
    let section = section.to_string();
    if section.is_empty() {
        return Some(path.to_owned());
    }
    let rest = path.strip_prefix(&section)?;
    match rest.strip_prefix('.') {
        Some(rest) => Some(rest.to_owned()),
        None => (rest.is_empty() || rest.starts_with('[')).then(|| rest.to_owned()),
    }
}

/// A mask that nothing stands behind.
pub(crate) fn not_a_secret(at: &Path) -> Problem {
    let what = format!("`{at}` is a mask, and it is not clear of which secret; write the secret itself");
    Problem::new(Kind::Unprocessable, what)
}

fn of_edit(error: EditError, section: &Path) -> Problem {
    let at = match &error {
        EditError::NotFound(at)
        | EditError::Taken(at)
        | EditError::NoTable(at)
        | EditError::Unsayable(at)
        | EditError::ByHand(at) => Some(within(section, at)),
        EditError::Unreadable(_) | EditError::Problems(_) => None,
    };
    let problem = Problem::from(error);
    match at.filter(|at| !at.is_empty()) {
        Some(at) => problem.at(at),
        None => problem,
    }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let kind = match &error {
            EditError::NotFound(_) => Kind::NotFound,
            // It was put there by hand, and what was before is in force.
            EditError::Taken(_) | EditError::Unreadable(_) => Kind::Conflict,
            EditError::NoTable(_) | EditError::Unsayable(_) | EditError::ByHand(_) | EditError::Problems(_) => {
                Kind::Unprocessable
            }
        };
        Self::new(kind, error.to_string())
    }
}

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Self(revision, answer) = self;
        let mut response = answer.into_response();
        if let Ok(tag) = HeaderValue::try_from(format!("\"{revision}\"")) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
