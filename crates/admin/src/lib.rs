//! The admin API: JSON over HTTP for those who run a Trunkline.
//!
//! It knows neither sockets nor the data plane: requests come as values, and what it asks of the running process is
//! behind [`Plane`].

mod api;
mod gate;
mod plane;
mod problem;
mod read;
mod routes;

pub use plane::{Explained, Misasked, Plane};
pub use routes::{ALL, Admin, Endpoint};
