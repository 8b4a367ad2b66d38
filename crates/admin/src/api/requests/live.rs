//! `GET /api/v1/requests/live`: requests as they end, for as long as somebody looks.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body::Frame;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::auth::{Asks, Auth};
use crate::plane::Plane;
use crate::problem::Problem;
use crate::requests::{Heard, Listener};
use crate::routes::Running;

/// Events on their way to one listener. Guards memory against one that reads slowly; what it misses meanwhile it is told.
const EVENTS_MAX: usize = 32;
/// How often something is said, so that nobody between the two ends takes silence for the end.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked whether whoever listens is still let in.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn listen(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let listener = plane.requests().listen()?;
    let (events, inbox) = mpsc::channel(EVENTS_MAX);
    tokio::spawn(tell(listener, Guest { plane, auth, headers }, events));
    let kind = HeaderValue::from_static("text/event-stream");
    Ok(([(header::CONTENT_TYPE, kind)], Body::new(Events(inbox))).into_response())
}

/// Whoever listens.
struct Guest {
    plane: Arc<dyn Plane>,
    auth: Arc<Auth>,
    headers: HeaderMap,
}

impl Guest {
    async fn is_let_in(&self) -> bool {
        let access = &self.plane.snapshot().admin;
        access.enabled && self.auth.admit(access, Asks::Viewer, &Method::GET, &self.headers).await.is_ok()
    }
}

/// Tells what is heard, until there is nothing more to hear, or nobody who may.
async fn tell(mut listener: Box<dyn Listener>, guest: Guest, events: mpsc::Sender<Bytes>) {
    let mut comments = interval(COMMENT_EVERY);
    let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    for ticks in [&mut comments, &mut looks] {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        let event = tokio::select! {
            heard = listener.next() => match heard {
                Some(heard) => event(&heard),
                None => return,
            },
            _ = comments.tick() => Bytes::from_static(b": \n\n"),
            _ = looks.tick() => {
                if guest.is_let_in().await { continue } else { return }
            }
            () = events.closed() => return,
        };
        // One that does not read is waited for: it is told later how much it has missed.
        let sent = tokio::time::timeout(COMMENT_EVERY, events.send(event)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

fn event(heard: &Heard) -> Bytes {
    match heard {
        Heard::Request(row) => {
            let data = serde_json::to_string(row).expect("a row is made of text and numbers");
            Bytes::from(format!("event: request\nid: {}\ndata: {data}\n\n", row.id))
        }
        Heard::Missed(count) => Bytes::from(format!("event: missed\ndata: {{\"count\":{count}}}\n\n")),
    }
}

/// The body of the answer.
struct Events(mpsc::Receiver<Bytes>);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        self.0.poll_recv(cx).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
