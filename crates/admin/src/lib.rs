//! The admin API: JSON over HTTP for those who run a Trunkline.
//!
//! It knows neither sockets nor the data plane: requests come as values, and what it asks of the running process is
//! behind [`Plane`].

mod api;
mod auth;
mod clock;
mod compat;
mod documents;
mod endpoint;
mod gate;
mod keys;
mod openapi;
mod plane;
mod problem;
mod query;
mod read;
mod requests;
mod routes;
mod secrets;
mod standing;
mod ui;
mod upstreams;
mod usage;
mod watch;

pub use auth::{
    Account, Accounts, Ask, Asks, Down, Role, Session, Stored, Told, Unasked, Unreachable, Web, hash_password,
    is_password, make_password,
};
pub use documents::{
    CurrentDocument, DocumentAnswer, DocumentProblem, DocumentRevision, DocumentSource, Documents, ForeignDocument,
    NewDocument, TakenOver,
};
pub use endpoint::{Endpoint, Form, Operation, SchemaOf};
pub use keys::{Answer, KeyFields, KeyProblem, KeyRow, Keys, Made, Origin, Spending, SpentRow};
pub use openapi::openapi;
pub use plane::{Explained, Misasked, Plane};
pub use requests::{
    AttemptRow, Body as RequestBody, Heard, Listener, Looked, RequestDetail, RequestPage, RequestProblem, RequestRow,
    Requests, Timings, Wanted as WantedRequests,
};
pub use routes::{Admin, all};
pub use secrets::{SecretProblem, SecretRow, SecretValue, Secrets, Told as SecretsTold};
pub use upstreams::{Asked, Day, DayOf, TestStep, Tested, Upstreams};
pub use usage::{Latency, Sums, Usage, UsageBy, UsageFormat, UsageGroup, UsagePer, UsageQuestion};
pub use watch::{Ledger as LedgerState, Probed, Process, Replicas as ReplicaState, Store as StoreState, Watch};
