//! The data plane: HTTP in, HTTP out.
//!
//! One request runs through [`pipeline`]: caller, intake, admit, plan, prepare, attempt, reply, report.

mod admin;
mod admit;
mod attempt;
mod caller;
mod carry_out;
mod checks;
mod cors;
mod drain;
mod explain;
mod fault;
pub mod h1;
mod head;
mod health;
mod hedge;
mod intake;
mod lane;
mod listing;
mod lists;
mod memory;
mod mend;
mod meter;
mod models_api;
pub mod pipeline;
mod planning;
mod prepare;
mod repair;
mod reply;
mod report_guard;
mod room;
pub mod routes;
pub mod server;
mod session;
pub mod shared;
mod small;
pub mod stored;
mod surface;
mod trail;
mod turns;
mod twins;
mod under_way;
pub mod upstream;
mod wishes;
mod worker;

pub use admin::{AdminAnswer, AdminApi, AdminBody, DataPlane};
pub use checks::watch_health;
pub use drain::cut_drained;
pub use explain::Unasked;
pub use intake::Upload;
pub use listing::{refresh, refresh_once};
pub use models_api::{KnownModel, known_models};
pub use reply::BrokenOff;
pub use server::{Running, start};
pub use shared::{Health, Shared};
pub use stored::{KeptResponse, ResponseStore};
