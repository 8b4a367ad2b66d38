//! One request of the matrix.

use std::fmt;
use std::net::SocketAddr;

use trunkline_testkit::faulty::{self, FIRST_TEXT, Trouble};
use trunkline_testkit::{Upstream, ask, ask_until};
use trunkline_wire::DialectId;

use crate::client::{CLIENTS, Seen, read, request};
use crate::expected::{Meaning, meaning};

/// Who asks whom for what, and what goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    number: usize,
    pub(crate) client: DialectId,
    /// What the provider speaks.
    provider: DialectId,
    pub(crate) trouble: Trouble,
    pub(crate) streamed: bool,
    /// Whether a healthy target stands behind the one in trouble.
    pub(crate) another: bool,
}

impl Cell {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for client in CLIENTS {
            for provider in CLIENTS {
                for trouble in Trouble::all() {
                    for (streamed, another) in [(false, false), (false, true), (true, false), (true, true)] {
                        if streamed || !trouble.needs_stream() {
                            let number = cells.len();
                            cells.push(Self { number, client, provider, trouble, streamed, another });
                        }
                    }
                }
            }
        }
        cells
    }

    /// The name of its model, which no other cell asks for.
    pub(crate) fn model(self) -> String {
        format!("m{}", self.number)
    }

    pub(crate) fn meaning(self) -> Meaning {
        let alone = meaning(self.trouble, self.streamed);
        if self.another { alone.with_another() } else { alone }
    }

    pub(crate) fn expected(self) -> Seen {
        self.meaning().seen((self.client, self.provider), self.trouble, self.streamed)
    }

    /// Asks, and reads the answer.
    pub(crate) async fn ask(self, gateway: SocketAddr, upstream: &Upstream) -> Result<Seen, String> {
        let (line, body) = request(self.client, &self.model(), self.streamed);
        let reply = if self.streamed && self.trouble.waits() {
            ask_until(gateway, &line, &body, FIRST_TEXT, || upstream.open(&self.model())).await
        } else {
            ask(gateway, &line, &[], &body).await
        };
        if reply.body.contains("sk-upstream-key") {
            return Err("the key is told".to_owned());
        }
        read(self.client, self.streamed, &reply)
    }

    /// Its own provider and model in the document: none shares its cooldowns.
    fn tables(self, upstream: &Upstream) -> String {
        let number = self.number;
        let provider = provider(
            &format!("p{number}"),
            self.provider,
            &faulty::url(upstream, self.trouble, &self.model()),
            self.trouble,
        );
        let healthy = format!(r#", {{ provider = "{}", model = "real", priority = 1 }}"#, self.provider.as_str());
        let healthy = if self.another { healthy.as_str() } else { "" };
        let targets = format!(r#"[{{ provider = "p{number}", model = "real" }}{healthy}]"#);
        format!("{provider}[models.m{number}]\ntargets = {targets}\n")
    }
}

/// The document of all.
pub(crate) fn document(cells: &[Cell], upstream: &Upstream) -> String {
    let url = faulty::url(upstream, Trouble::None, "all");
    let healthy = CLIENTS.map(|dialect| provider(dialect.as_str(), dialect, &url, Trouble::None)).concat();
    let cells: String = cells.iter().map(|cell| cell.tables(upstream)).collect();
    // What is tried again is tried soon: that it waits is tested elsewhere.
    format!("[discovery]\nprobe = false\n[failover]\nbackoff = \"1ms\"\n{healthy}{cells}")
}

fn provider(name: &str, dialect: DialectId, url: &str, trouble: Trouble) -> String {
    let vendor = match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => "openai",
        DialectId::Anthropic => "anthropic",
        DialectId::Ollama => "ollama",
        DialectId::Gemini => "gemini",
    };
    let dialect = dialect.as_str();
    // Only what never answers is worth no wait: nothing else is to be cut short on a busy machine.
    let first_byte = if trouble == Trouble::SlowHead { "50ms" } else { "20s" };
    format!(
        "[providers.{name}]\ntype = \"{vendor}\"\ndialects = [\"{dialect}\"]\nbase_url = \"{url}\"\n\
         key = \"sk-upstream-key\"\nfirst_byte_timeout = \"{first_byte}\"\n"
    )
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.streamed { "stream" } else { "whole" };
        let (client, provider, trouble) = (self.client.as_str(), self.provider.as_str(), self.trouble.name());
        write!(f, "{trouble} ({way}) of {provider} for {client}{}", if self.another { ", with another" } else { "" })
    }
}
