//! What the admin API asks of the running process.

use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use trunkline_config::Snapshot;
use trunkline_route::{Catalog, Explanation, Live, Question};

use crate::documents::Documents;
use crate::keys::Keys;
use crate::requests::Requests;
use crate::upstreams::Upstreams;
use crate::usage::Sums;
use crate::watch::Watch;

/// A question that cannot be answered as it was put.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Misasked {
    /// Which part of it is wrong, such as `headers.x-a`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// An explanation on its way.
pub type Explained = Pin<Box<dyn Future<Output = Result<Explanation, Misasked>> + Send>>;

/// The running process, from where the request came in.
pub trait Plane: Send + Sync {
    /// The configuration in force.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// Whoever keeps the client keys.
    fn keys(&self) -> Arc<dyn Keys>;

    /// Whoever keeps the configuration document.
    fn documents(&self) -> Arc<dyn Documents>;

    /// Whoever asks providers.
    fn upstreams(&self) -> Arc<dyn Upstreams>;

    /// What providers say they serve.
    fn catalog(&self) -> Arc<Catalog>;

    /// What is known of providers right now.
    fn live(&self) -> &Live;

    /// Whoever keeps the records of requests.
    fn requests(&self) -> Arc<dyn Requests>;

    /// Whoever watches the process itself.
    fn watch(&self) -> Arc<dyn Watch>;

    /// Whoever keeps the sums of what they used.
    fn sums(&self) -> Arc<dyn Sums>;

    /// What would become of a request. Asks nobody and changes nothing.
    fn explain(&self, question: Question) -> Explained;
}
