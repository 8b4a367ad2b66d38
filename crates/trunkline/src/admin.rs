//! The admin API of this process: what comes in at the data plane goes to it, what it asks goes back.

use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt as _;
use trunkline_admin::{Admin, Explained, Keys, Misasked, Plane, Requests};
use trunkline_config::Snapshot;
use trunkline_proxy::{AdminAnswer, AdminApi, AdminBody, BrokenOff, DataPlane, Unasked, Upload};
use trunkline_route::Question;

/// The admin API, as the data plane sees it.
pub(crate) struct Api {
    admin: Admin,
    keys: Arc<dyn Keys>,
    requests: Arc<dyn Requests>,
}

impl Api {
    pub(crate) fn new(keys: Arc<dyn Keys>, requests: Arc<dyn Requests>) -> Self {
        Self { admin: Admin::default(), keys, requests }
    }
}

impl AdminApi for Api {
    fn answer(&self, request: Request<Upload>, plane: DataPlane) -> AdminAnswer {
        let admin = self.admin.clone();
        let seen = Arc::new(Seen { plane, keys: Arc::clone(&self.keys), requests: Arc::clone(&self.requests) });
        Box::pin(async move {
            let response = admin.answer(seen, request).await;
            response.map(|body| {
                let body = body.map_err(|error| {
                    tracing::warn!(%error, "an answer of the admin API broke off");
                    BrokenOff
                });
                Box::pin(body) as AdminBody
            })
        })
    }
}

/// The data plane, as the admin API sees it.
struct Seen {
    plane: DataPlane,
    keys: Arc<dyn Keys>,
    requests: Arc<dyn Requests>,
}

impl Plane for Seen {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.plane.snapshot()
    }

    fn keys(&self) -> Arc<dyn Keys> {
        Arc::clone(&self.keys)
    }

    fn requests(&self) -> Arc<dyn Requests> {
        Arc::clone(&self.requests)
    }

    fn explain(&self, question: Question) -> Explained {
        let plane = self.plane.clone();
        Box::pin(async move {
            plane.explain(&question).await.map_err(|Unasked { field, message }| Misasked { field, message })
        })
    }
}
