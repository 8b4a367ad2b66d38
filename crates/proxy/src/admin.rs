//! The way to the admin API, of which the data plane knows only that it is HTTP. Requests for models never pass here.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use trunkline_config::Snapshot;
use trunkline_route::{Catalog, Explanation, Live, Lot, Question};
use trunkline_wire::{DialectId, Fault, FaultKind};

use crate::explain::{Unasked, explain};
use crate::fault;
use crate::intake::Upload;
use crate::reply::{BrokenOff, ReplyBody};
use crate::server::RequestBody;
use crate::shared::Shared;
use crate::worker::Worker;

/// The body of an answer of the admin API: whole, or as it comes.
pub type AdminBody = Pin<Box<dyn Body<Data = Bytes, Error = BrokenOff> + Send>>;

/// What the admin API will answer.
pub type AdminAnswer = Pin<Box<dyn Future<Output = Response<AdminBody>> + Send>>;

/// Answers what is asked below `/api/v1`. It decides itself who may ask: nobody has looked at the caller before.
pub trait AdminApi: Send + Sync {
    /// Answers one request of whoever is at `peer`. Its body is read by the task that polls the answer, and by no other.
    fn answer(&self, request: Request<Upload>, peer: SocketAddr, plane: DataPlane) -> AdminAnswer;
}

/// The data plane as the admin API sees it, from the thread that serves the request.
#[derive(Clone, Debug)]
pub struct DataPlane {
    shared: Arc<Shared>,
    lot: Lot,
}

impl DataPlane {
    /// One that nobody calls: its next request would be its first.
    pub fn at_rest(shared: Arc<Shared>) -> Self {
        Self { shared, lot: Lot { turn: 0, chance: 0 } }
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// What is known of providers right now.
    pub fn live(&self) -> &Live {
        &self.shared.live
    }

    /// What providers say they serve.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.shared.catalog())
    }

    /// What would become of a request if it came next, on this thread. Asks nobody and changes nothing.
    ///
    /// # Errors
    /// When the question is none.
    pub async fn explain(&self, question: &Question) -> Result<Explanation, Unasked> {
        explain(&self.shared, question, self.lot).await
    }
}

/// Hands a request to the admin API.
pub(crate) async fn answer(worker: &Worker, peer: SocketAddr, parts: &Parts, body: RequestBody) -> Response<ReplyBody> {
    let Some(api) = worker.shared.admin.get() else {
        let fault = Fault::new(FaultKind::PathNotFound, "there is no admin API here");
        return fault::response(DialectId::OpenaiChat, &fault);
    };
    let plane = DataPlane { shared: Arc::clone(&worker.shared), lot: worker.next_lot() };
    let request = Request::from_parts(parts.clone(), Upload(body));
    api.answer(request, peer, plane).await.map(ReplyBody::Admin)
}
