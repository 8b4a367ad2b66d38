//! An answer's events, with what the model got wrong put right.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream as _;
use trunkline_providers::adapter::Events;
use trunkline_wire::filter::{Filter, Repairs};
use trunkline_wire::ir::Event;

/// Events on their way through a filter, if there is one. What the filter does not hold back leaves with the event that
/// brought it.
pub(crate) struct Repaired {
    events: Events,
    filter: Option<Box<Filter>>,
    /// What one event became, not yet taken, the next one last.
    ready: Vec<Event>,
}

impl Repaired {
    pub(crate) fn new(events: Events, filter: Option<Filter>) -> Self {
        Self { events, filter: filter.map(Box::new), ready: Vec::new() }
    }

    /// What was changed so far.
    pub(crate) fn repairs(&self) -> Option<&Repairs> {
        self.filter.as_deref().map(Filter::repairs).filter(|repairs| !repairs.is_empty())
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let Some(filter) = &mut self.filter else { return Pin::new(&mut self.events).poll_next(cx) };
        loop {
            if let Some(event) = self.ready.pop() {
                return Poll::Ready(Some(event));
            }
            let Some(event) = ready!(Pin::new(&mut self.events).poll_next(cx)) else { return Poll::Ready(None) };
            filter.push(event, &mut self.ready);
            self.ready.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::task::Waker;

    use futures_core::Stream;
    use trunkline_wire::filter::{Mode, Offered, Recipe};
    use trunkline_wire::ir::{BlockKind, Delta};

    use super::*;

    /// Events, each of which has to be waited for.
    struct Drip {
        events: VecDeque<Event>,
        waits: bool,
    }

    impl Stream for Drip {
        type Item = Event;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Event>> {
            self.waits = !self.waits;
            if self.waits { Poll::Pending } else { Poll::Ready(self.events.pop_front()) }
        }
    }

    /// What leaves with each of these pieces of text.
    fn leaving(pieces: &[&str]) -> Vec<String> {
        let mut offered = Offered::default();
        offered.add("get_weather", Some(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#));
        let filter = Filter::new(&Recipe::new(Mode::Mend), Some(Arc::new(offered)));
        let text = |text: &&str| Event::Delta { block: 0, delta: Delta::Text((*text).to_owned()) };
        let begin = [Event::Start { id: "c1".to_owned() }, Event::Open { block: 0, kind: BlockKind::Text }];
        let events = begin.into_iter().chain(pieces.iter().map(text)).collect();
        let mut repaired = Repaired::new(Box::pin(Drip { events, waits: false }), Some(filter));
        let cx = &mut Context::from_waker(Waker::noop());
        let mut polls = Vec::new();
        for _ in 0..pieces.len() + 3 {
            let mut left = String::new();
            while let Poll::Ready(Some(event)) = repaired.poll_next(cx) {
                if let Event::Delta { delta: Delta::Text(text), .. } = &event {
                    left += text;
                }
                if let Event::Open { kind: BlockKind::ToolCall { name, .. }, .. } = &event {
                    left += &format!("[{name}]");
                }
            }
            polls.push(left);
        }
        polls.split_off(3)
    }

    #[test]
    fn text_without_a_marker_leaves_with_the_event_that_brought_it() {
        let pieces = ["The", " weather {is} [not] < 3", " and `x` is fine.", "\n", "- **so** it goes"];
        assert_eq!(leaving(&pieces), pieces);
    }

    #[test]
    fn only_what_may_become_a_call_waits() {
        let pieces = [
            "Sure.\n<to",
            "ol_call>\n{\"name\": \"get_weather\",",
            " \"arguments\": {\"city\": \"Paris\"}}",
            "\n</tool_call>",
        ];
        let left = leaving(&pieces);
        assert_eq!(left.first().map(String::as_str), Some("Sure.\n"));
        assert!(left.iter().any(|left| left == "[get_weather]"), "{left:?}");
    }
}
