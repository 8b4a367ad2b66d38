//! The data plane: HTTP in, HTTP out.
//!
//! One request runs through [`pipeline`]: caller, intake, admit, plan, prepare, attempt, reply, report.

pub mod server;
pub mod routes;
pub mod pipeline;
mod caller;
mod intake;
mod admit;
mod prepare;
mod attempt;
mod lane;
mod head;
mod reply;
mod meter;
mod report_guard;
mod fault;
mod cors;
mod listing;
mod models_api;
mod health;
pub mod shared;
pub mod upstream;

pub use listing::{refresh, refresh_once};
pub use models_api::{KnownModel, known_models};
pub use server::{Running, start};
pub use shared::{Health, Shared};
