//! The admin API of this process: what comes in at the data plane goes to it, what it asks goes back.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt as _;
use trunkline_admin::{Admin, Documents, Explained, Keys, Misasked, Plane, Requests, Sums, Upstreams, Watch};
use trunkline_config::Snapshot;
use trunkline_proxy::{AdminAnswer, AdminApi, AdminBody, BrokenOff, DataPlane, Unasked, Upload};
use trunkline_route::{Catalog, Live, Question};

/// Who keeps what the admin API shows and changes.
#[derive(Clone)]
pub(crate) struct Desks {
    pub(crate) keys: Arc<dyn Keys>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) upstreams: Arc<dyn Upstreams>,
    pub(crate) requests: Arc<dyn Requests>,
    pub(crate) sums: Arc<dyn Sums>,
    pub(crate) watch: Arc<dyn Watch>,
}

/// The admin API, as the data plane sees it.
pub(crate) struct Api {
    admin: Admin,
    desks: Desks,
}

impl Api {
    pub(crate) fn new(admin: Admin, desks: Desks) -> Self {
        Self { admin, desks }
    }
}

impl AdminApi for Api {
    fn answer(&self, request: Request<Upload>, peer: SocketAddr, plane: DataPlane) -> AdminAnswer {
        let admin = self.admin.clone();
        let seen = Arc::new(Seen { plane, desks: self.desks.clone() });
        Box::pin(async move {
            let response = admin.answer(seen, peer, request).await;
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
    desks: Desks,
}

impl Plane for Seen {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.plane.snapshot()
    }

    fn keys(&self) -> Arc<dyn Keys> {
        Arc::clone(&self.desks.keys)
    }

    fn documents(&self) -> Arc<dyn Documents> {
        Arc::clone(&self.desks.documents)
    }

    fn upstreams(&self) -> Arc<dyn Upstreams> {
        Arc::clone(&self.desks.upstreams)
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.plane.catalog()
    }

    fn live(&self) -> &Live {
        self.plane.live()
    }

    fn requests(&self) -> Arc<dyn Requests> {
        Arc::clone(&self.desks.requests)
    }

    fn watch(&self) -> Arc<dyn Watch> {
        Arc::clone(&self.desks.watch)
    }

    fn sums(&self) -> Arc<dyn Sums> {
        Arc::clone(&self.desks.sums)
    }

    fn explain(&self, question: Question) -> Explained {
        let plane = self.plane.clone();
        Box::pin(async move {
            plane.explain(&question).await.map_err(|Unasked { field, message }| Misasked { field, message })
        })
    }
}
