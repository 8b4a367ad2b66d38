//! A private vendor's adapter, whole in one file: what CONTRIBUTING promises.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Waker};

use futures_core::Stream;
use trunkline_providers::adapter::{Adapter, Context, Events, Subset};
use trunkline_providers::registry::{LOOK_ALIKE, Vendor};
use trunkline_wire::{DialectId, Fault, FaultKind, ir};

/// What the registry would list.
static VENDOR: Vendor =
    Vendor { id: "acme", title: "Acme", needs_key: false, dialects: &[], adapter: Some(&Acme), ..LOOK_ALIKE };

#[derive(Debug)]
struct Acme;

static SUBSET: Subset = Subset { roles: &[ir::Role::User] };

impl Adapter for Acme {
    fn subset(&self) -> &'static Subset {
        &SUBSET
    }

    fn models(&self) -> &'static [&'static str] {
        &["chat-1"]
    }

    fn owned_by(&self) -> &'static str {
        "acme"
    }

    fn chat(&self, _request: ir::Request, context: Context) -> Result<Events, Fault> {
        if !context.headers.contains_key("x-tenant") {
            return Err(Fault::new(FaultKind::InvalidRequest, "acme wants the header `x-tenant`"));
        }
        Ok(Box::pin(Call { id: Some(context.request_id) }))
    }
}

/// Set when a call was given up, as a real one would close its connection.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// One call under way: its first event, then a wait for a server that never answers.
struct Call {
    id: Option<String>,
}

impl Stream for Call {
    type Item = ir::Event;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<ir::Event>> {
        self.id.take().map_or(Poll::Pending, |id| Poll::Ready(Some(ir::Event::Start { id })))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        GIVEN_UP.store(true, Ordering::SeqCst);
    }
}

fn request(role: ir::Role) -> ir::Request {
    ir::Request {
        messages: vec![ir::Message::new(role, vec![ir::Block::text("hello")])],
        stream: true,
        ..ir::Request::new(DialectId::OpenaiChat, "acme/chat-1")
    }
}

fn context() -> Context {
    Context { headers: http::HeaderMap::new(), model: "chat-1".to_owned(), request_id: "req_1".to_owned() }
}

#[test]
fn an_adapter_sees_the_clients_headers_and_is_cancelled_by_drop() {
    let adapter = VENDOR.adapter.expect("acme is an adapter");
    let mut context = context();
    context.headers.insert("x-tenant", http::HeaderValue::from_static("blue"));
    let mut events = adapter.chat(request(ir::Role::User), context).expect("an answer");
    let mut task = Task::from_waker(Waker::noop());
    assert!(matches!(
        events.as_mut().poll_next(&mut task),
        Poll::Ready(Some(ir::Event::Start { id })) if id == "req_1"
    ));
    assert!(events.as_mut().poll_next(&mut task).is_pending());
    assert!(!GIVEN_UP.load(Ordering::SeqCst));
    drop(events);
    assert!(GIVEN_UP.load(Ordering::SeqCst));
}

#[test]
fn an_adapter_refuses_with_a_fault_and_its_subset_with_a_field() {
    let adapter = VENDOR.adapter.expect("acme is an adapter");
    let refused = adapter.chat(request(ir::Role::User), context()).err();
    assert_eq!(refused, Some(Fault::new(FaultKind::InvalidRequest, "acme wants the header `x-tenant`")));
    let refused = adapter.subset().check(&request(ir::Role::System)).err();
    assert_eq!(refused.and_then(|fault| fault.param).as_deref(), Some("messages[0].role"));
}
