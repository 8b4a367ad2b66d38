//! An upstream that speaks every dialect and fails on order: the path below which it is asked says how.

mod answers;
mod refusal;
mod waits;

use trunkline_wire::DialectId;

use crate::upstream::{Received, Say, Upstream};
use answers::{Answer, answer};

pub use answers::{FIRST_TEXT, TEXT};
pub use refusal::Refusal;
pub use waits::Wait;

/// Bytes of a line that is given up on: more than anybody holds while nothing of an answer has begun.
const ENDLESS_BYTES: usize = 6 << 20;
/// One piece of it.
const PIECE_BYTES: usize = 64 << 10;

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Not at all.
    None,
    /// Nobody listens.
    Unreachable,
    /// The connection is closed before the head.
    Closed,
    /// The connection is reset before the head.
    Reset,
    /// A status that is an error.
    Refused(Refusal),
    /// 429, saying in one of the known ways how long to wait.
    Limited(Wait),
    /// 200, and the body is an error.
    ErrorBody,
    /// 200, and no body.
    EmptyBody,
    /// The head never comes.
    SlowHead,
    /// 200 and what stands before the first content, then the connection is closed.
    CutBefore,
    /// The same with a reset.
    ResetBefore,
    /// The connection is closed behind the first content.
    CutAfter,
    /// A stream whose framing ends in order behind the first content, and whose answer does not.
    EndedAfter,
    /// 200 and the right type, and the body is no answer.
    Garbage,
    /// A line that does not end.
    EndlessLine,
    /// 200 and a page for people.
    WebPage,
    /// An answer under another type than its own.
    WrongType,
    /// A stream whose first event is an error.
    ErrorFirst,
    /// A stream that begins, and fails before the first content.
    ErrorBefore,
    /// A stream that fails behind the first content.
    ErrorAfter,
}

impl Trouble {
    /// Every way, each way to ask for patience included.
    pub fn all() -> Vec<Self> {
        let refused = Refusal::ALL.into_iter().map(Self::Refused);
        let limited = Wait::ALL.into_iter().map(Self::Limited);
        let first = [Self::None, Self::Unreachable, Self::Closed, Self::Reset];
        let last = [
            Self::ErrorBody,
            Self::EmptyBody,
            Self::SlowHead,
            Self::CutBefore,
            Self::ResetBefore,
            Self::CutAfter,
            Self::EndedAfter,
            Self::Garbage,
            Self::EndlessLine,
            Self::WebPage,
            Self::WrongType,
            Self::ErrorFirst,
            Self::ErrorBefore,
            Self::ErrorAfter,
        ];
        first.into_iter().chain(refused).chain(limited).chain(last).collect()
    }

    /// Its name; also the path below which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "healthy",
            Self::Unreachable => "unreachable",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Refused(refusal) => refusal.name(),
            Self::Limited(wait) => wait.name(),
            Self::ErrorBody => "error_body",
            Self::EmptyBody => "empty_body",
            Self::SlowHead => "slow_head",
            Self::CutBefore => "cut_before_content",
            Self::ResetBefore => "reset_before_content",
            Self::CutAfter => "cut_after_content",
            Self::EndedAfter => "ended_after_content",
            Self::Garbage => "garbage",
            Self::EndlessLine => "endless_line",
            Self::WebPage => "web_page",
            Self::WrongType => "wrong_type",
            Self::ErrorFirst => "error_first",
            Self::ErrorBefore => "error_before_content",
            Self::ErrorAfter => "error_after_content",
        }
    }

    /// Whether a stream fails so behind its first content, once the gate is open.
    pub fn waits(self) -> bool {
        matches!(self, Self::CutAfter | Self::EndedAfter | Self::ErrorAfter)
    }

    /// Whether only streams can fail so.
    pub fn needs_stream(self) -> bool {
        match self {
            Self::EndedAfter | Self::EndlessLine | Self::ErrorFirst | Self::ErrorBefore | Self::ErrorAfter => true,
            Self::None
            | Self::Unreachable
            | Self::Closed
            | Self::Reset
            | Self::Refused(_)
            | Self::Limited(_)
            | Self::ErrorBody
            | Self::EmptyBody
            | Self::SlowHead
            | Self::CutBefore
            | Self::ResetBefore
            | Self::CutAfter
            | Self::Garbage
            | Self::WebPage
            | Self::WrongType => false,
        }
    }

    /// What is said to this request, in the dialect of its path. Nothing in it may wait.
    pub fn said_to(self, request: &Received) -> Vec<Say> {
        let path = request.head.split(' ').nth(1).unwrap_or_default();
        self.script(dialect_of(path), is_streamed(path, request), "")
    }

    /// What is said to one request.
    fn script(self, dialect: DialectId, streamed: bool, gate: &str) -> Vec<Say> {
        let answer = answer(dialect, streamed);
        let behind_content = |end: Vec<Say>| {
            let wait = streamed.then(|| Say::WaitAt(gate.to_owned()));
            [answer.begun(&[answer.start, answer.content]), wait.into_iter().collect(), end].concat()
        };
        match self {
            Self::None => answer.said(answer.kind),
            Self::Unreachable | Self::Closed => vec![Say::Close],
            Self::Reset => vec![Say::Reset],
            Self::Refused(refusal) => vec![Say::json(refusal.status(), &refusal.body(dialect))],
            Self::Limited(wait) => vec![said(429, "application/json", wait.headers(), &wait.body(dialect))],
            Self::ErrorBody => vec![Say::json(200, &Refusal::Overloaded.body(dialect))],
            Self::EmptyBody => vec![said(200, answer.kind, "", "")],
            Self::SlowHead => vec![Say::Wait],
            Self::CutBefore => [answer.begun(&[answer.start]), vec![Say::Close]].concat(),
            Self::ResetBefore => [answer.begun(&[answer.start]), vec![Say::Reset]].concat(),
            Self::CutAfter => behind_content(vec![Say::Close]),
            Self::EndedAfter => behind_content(vec![Say::last_chunk()]),
            Self::Garbage => vec![said(200, answer.kind, "", "\u{0}\u{1}}{ out of memory at 0x7f00\n\n")],
            Self::EndlessLine => endless(&answer),
            Self::WebPage => vec![said(200, "text/html", "", "<html><title>Sign in</title>Sign in first</html>")],
            Self::WrongType => answer.said("text/plain"),
            Self::ErrorFirst => [answer.begun(&[answer.error]), vec![Say::last_chunk()]].concat(),
            Self::ErrorBefore => [answer.begun(&[answer.start, answer.error]), vec![Say::last_chunk()]].concat(),
            Self::ErrorAfter => behind_content(vec![Say::chunk(answer.error_late), Say::last_chunk()]),
        }
    }
}

/// Starts it; [`url`] says where it fails how, in any dialect.
pub async fn upstream() -> Upstream {
    let troubles = Trouble::all();
    Upstream::answering(move |_, request| {
        let path = request.head.split(' ').nth(1).unwrap_or_default();
        let mut segments = path.split('/').skip(1);
        let (name, gate) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        let trouble = troubles.iter().find(|trouble| trouble.name() == name);
        let trouble = trouble.unwrap_or_else(|| unreachable!("{path} names no trouble"));
        trouble.script(dialect_of(path), is_streamed(path, request), gate)
    })
    .await
}

/// The base URL below which it fails so. What breaks behind a stream's first content waits for [`Upstream::open`] with
/// `gate`: until then the client may read what came.
pub fn url(upstream: &Upstream, trouble: Trouble, gate: &str) -> String {
    if trouble == Trouble::Unreachable {
        // Nobody may listen there without being root.
        return "http://127.0.0.1:1/v1".to_owned();
    }
    upstream.url_below(&format!("/{}/{gate}", trouble.name()))
}

fn dialect_of(path: &str) -> DialectId {
    let ends = [
        ("/chat/completions", DialectId::OpenaiChat),
        ("/responses", DialectId::OpenaiResponses),
        ("/messages", DialectId::Anthropic),
        ("/api/chat", DialectId::Ollama),
    ];
    let found = ends.into_iter().find(|(end, _)| path.ends_with(end));
    found.map_or(DialectId::Gemini, |(_, dialect)| dialect)
}

fn is_streamed(path: &str, request: &Received) -> bool {
    path.contains(":streamGenerateContent") || request.body.contains("\"stream\":true")
}

/// An answer that states its length; each header with its line end.
fn said(status: u16, kind: &str, headers: &str, body: &str) -> Say {
    let length = body.len();
    Say::text(format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{headers}\r\n{body}"))
}

fn endless(answer: &Answer) -> Vec<Say> {
    let piece = Say::chunk(&"x".repeat(PIECE_BYTES));
    let pieces = std::iter::repeat_n(piece, ENDLESS_BYTES / PIECE_BYTES);
    [answer.head(), Say::chunk("data: ")].into_iter().chain(pieces).chain([Say::Close]).collect()
}
