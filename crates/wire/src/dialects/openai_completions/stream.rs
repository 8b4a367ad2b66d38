//! The streamed answer: `text_completion` chunks and `[DONE]`.

use super::openai_chat::error;
use super::openai_chat::stream::BROKE_OFF;
use super::openai_chat::usage::UsageBody;
use super::response::{Answers, finish_reason};
use crate::dialect::{StreamEncoder, StreamHead};
use crate::ir::{self, Delta, Event};
use crate::write::Object;
use crate::{Fault, FaultKind, Usd};

/// Writes one stream: the text of the answer. Usage comes as in Chat Completions.
#[derive(Debug)]
pub(super) struct Encoder {
    head: StreamHead,
    /// What is before the choice of every chunk.
    before: Vec<u8>,
    /// Numbers of the open blocks that hold text.
    texts: Vec<u32>,
    usage: Option<ir::Usage>,
    over: bool,
    unsaid: ir::Unsaid,
    grammar: ir::Grammar,
}

impl Encoder {
    pub(super) fn new(head: StreamHead) -> Self {
        let (unsaid, grammar) = (ir::Unsaid::new(&Answers), ir::Grammar::new());
        let head = head.without_request();
        Self { head, before: Vec::new(), texts: Vec::new(), usage: None, over: false, unsaid, grammar }
    }

    fn start(&mut self, id: &str) {
        let mut before = b"data: ".to_vec();
        // Each chunk goes on where this object stops.
        let mut object = Object::begin(&mut before);
        if id.is_empty() {
            object.put("id", &format!("cmpl-{}", self.head.request_id));
        } else {
            object.put("id", id);
        }
        object.put("object", "text_completion");
        object.put("created", &self.head.created);
        object.put("model", &self.head.model);
        before.extend_from_slice(b",\"choices\":[");
        self.before = before;
    }

    /// A chunk up to the end of its choices.
    fn choice(&self, text: &str, stop: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        let mut choice = Object::begin(out);
        choice.put("text", text);
        choice.put("index", &0);
        choice.put("logprobs", &None::<&str>);
        choice.put("finish_reason", &stop);
        choice.end();
        out.push(b']');
    }

    /// The end of a chunk that does not hold the usage.
    fn without_usage(&self) -> &'static [u8] {
        if self.head.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" }
    }

    fn stop(&mut self, reason: &ir::StopReason, out: &mut Vec<u8>) {
        self.over = true;
        self.choice("", Some(finish_reason(reason)), out);
        let usage = self.usage.map(|usage| UsageBody::from(usage).with_cost(self.head.cost));
        if self.head.include_usage || usage.is_none() {
            out.extend_from_slice(self.without_usage());
        }
        if let Some(usage) = usage {
            if self.head.include_usage {
                out.extend_from_slice(&self.before);
                out.push(b']');
            }
            out.extend_from_slice(b",\"usage\":");
            serde_json::to_writer(&mut *out, &usage).expect("numbers always serialise into memory");
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(&error::encode_frame(fault));
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        debug_assert_eq!(self.grammar.step(event), Ok(()), "{event:?} breaks the grammar of streams");
        if self.over {
            return;
        }
        self.unsaid.note(event);
        match event {
            Event::Start { id } => self.start(id),
            Event::Open { block, kind: ir::BlockKind::Text } => self.texts.push(*block),
            Event::Delta { block, delta: Delta::Text(text) } if self.texts.contains(block) => {
                self.choice(text, None, out);
                out.extend_from_slice(self.without_usage());
            }
            Event::Close { block } => self.texts.retain(|open| open != block),
            // Thoughts, calls, sources and the like have no place in plain text.
            Event::Open { .. } | Event::Delta { .. } | Event::Served(_) => {}
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::Ping => self.ping(out),
            Event::Stop(reason) => self.stop(reason, out),
            Event::Fault(fault) => self.fail(fault, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.over {
            self.fail(&Fault::new(FaultKind::UpstreamBroken, BROKE_OFF), out);
        }
    }

    fn ping(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": ping\n\n");
    }

    fn tell_cost(&mut self, cost: Usd) {
        self.head.cost = Some(cost);
    }

    fn losses(&self) -> &ir::Losses {
        self.unsaid.losses()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::OpenaiCompletions;
    use super::*;
    use crate::dialect::Dialect;
    use crate::ir::{BlockKind, Collector, StopReason, Usage};

    fn head(include_usage: bool) -> StreamHead {
        StreamHead { model: "m".into(), include_usage, created: 7, request_id: "0".into(), request: None, cost: None }
    }

    fn answer(end: Event) -> Vec<Event> {
        let thoughts = BlockKind::Reasoning { summary: false, redacted: false, id: None };
        vec![
            Event::Start { id: String::new() },
            Event::Open { block: 0, kind: thoughts },
            Event::Delta { block: 0, delta: Delta::Text("hm".into()) },
            Event::Close { block: 0 },
            Event::Open { block: 1, kind: BlockKind::Text },
            Event::Delta { block: 1, delta: Delta::Text("a\n".into()) },
            Event::Ping,
            Event::Delta { block: 1, delta: Delta::Text("b".into()) },
            Event::Close { block: 1 },
            Event::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
            end,
        ]
    }

    fn written(include_usage: bool, events: &[Event]) -> String {
        let mut encoder = OpenaiCompletions.stream_encoder(head(include_usage));
        let mut out = Vec::new();
        events.iter().for_each(|event| encoder.push(event, &mut out));
        encoder.finish(&mut out);
        encoder.finish(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[track_caller]
    fn check(include_usage: bool, end: Event, expected: &Expect) {
        let same = r#"{"id":"cmpl-0","object":"text_completion","created":7,"model":"m","choices":["#;
        expected.assert_eq(&written(include_usage, &answer(end)).replace(same, "~").replace("\n\n", "\n"));
    }

    #[test]
    fn tells_the_text_and_the_usage() {
        check(
            true,
            Event::Stop(StopReason::ToolCalls),
            &expect![[r#"
            data: ~{"text":"a\n","index":0,"logprobs":null,"finish_reason":null}],"usage":null}
            : ping
            data: ~{"text":"b","index":0,"logprobs":null,"finish_reason":null}],"usage":null}
            data: ~{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null}
            data: ~],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
            data: [DONE]
        "#]],
        );
        check(
            false,
            Event::Stop(StopReason::Length),
            &expect![[r#"
            data: ~{"text":"a\n","index":0,"logprobs":null,"finish_reason":null}]}
            : ping
            data: ~{"text":"b","index":0,"logprobs":null,"finish_reason":null}]}
            data: ~{"text":"","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
            data: [DONE]
        "#]],
        );
        check(
            false,
            Event::Fault(Box::new(Fault::new(FaultKind::Overloaded, "busy"))),
            &expect![[r#"
            data: ~{"text":"a\n","index":0,"logprobs":null,"finish_reason":null}]}
            : ping
            data: ~{"text":"b","index":0,"logprobs":null,"finish_reason":null}]}
            data: {"error":{"message":"busy","type":"server_error","param":null,"code":"server_is_overloaded"}}
        "#]],
        );
    }

    #[test]
    fn comes_back_as_it_went_wherever_it_is_cut() {
        let stream = written(true, &answer(Event::Stop(StopReason::Length)));
        for at in 0..=stream.len() {
            let (before, after) = stream.as_bytes().split_at(at);
            let mut decoder = OpenaiCompletions.stream_decoder();
            let mut events = Vec::new();
            decoder.push(before, &mut events);
            decoder.push(after, &mut events);
            decoder.finish(&mut events);
            let mut collector = Collector::default();
            events.iter().for_each(|event| collector.push(event));
            let answer = collector.finish("m".into(), 7);
            let usage = Some(Usage { input: 3, output: 2, ..Usage::default() });
            assert_eq!((answer.text().as_str(), &answer.stop, answer.usage), ("a\nb", &StopReason::Length, usage));
            let whole = OpenaiCompletions.encode_response(&answer, &head(false));
            let back = OpenaiCompletions.decode_response(&whole.bytes).expect("an answer");
            assert_eq!(format!("{back:?}"), format!("{answer:?}"));
        }
    }
}
