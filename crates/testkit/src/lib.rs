//! Test rigs: a scripted upstream, a raw client, and a gateway in this process. For tests only.

mod client;
mod explainer;
pub mod faulty;
mod gateway;
pub mod postgres;
pub mod redis;
mod responses;
mod upstream;

pub use client::{Reply, ask, ask_raw, ask_until, open};
pub use gateway::Gateway;
pub use upstream::{Received, Say, Upstream};
