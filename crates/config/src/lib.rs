//! What an operator may say, and what it means resolved.
//!
//! `file` holds exactly what the TOML says; [`load`] turns it, the environment and the flags into a [`Snapshot`], or
//! into every problem at once.

mod check;
pub mod document;
pub mod edit;
pub mod env;
pub mod file;
mod findings;
pub mod import;
mod load;
pub mod mask;
mod nearest;
mod path;
pub mod problem;
mod resolve;
pub mod schema;
pub mod secret;
pub mod settings;
pub mod snapshot;
mod write;

pub use document::Document;
pub use edit::{Edit, EditError, edit};
pub use env::Env;
pub use load::{Loaded, load};
pub use path::{Path, PathError};
pub use problem::{Place, Problem, Problems};
pub use resolve::{FoundEndpoint, key_variables};
pub use secret::Secret;
pub use settings::{Overrides, PASSWORD_CHARACTERS_MIN, Settings, data_dir, store_url};
pub use snapshot::{
    AdminAccess, AdminTokens, Allowance, AuthMode, Budget, CircuitLimits, ClientKey, ClientKeys, EnforceSetting,
    Enforcement, ErrorAction, ErrorCase, Failover, FixToolMessages, HealthCheck, Key, KeyLimits, KeyStrategy, Model,
    ModelCache, Network, OidcClient, OnLoss, Priority, Provider, ProviderModel, ProviderSource, PublicUrl, QueueLimits,
    Repair, Room, RoomAmong, SameName, Server, Snapshot, StatedRepair, Strategy, Target, Timeouts, UpstreamModel,
    UsualRepairs, WhenResting,
};
pub use write::literal;
