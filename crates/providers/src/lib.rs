//! Facts about vendors: where they listen, how they authenticate, what their errors and model lists look like.
//!
//! Pure: a vendor is data, and an adapter works over the neutral model. Nothing here opens a connection.

pub mod adapter;
pub mod auth;
pub mod base_url;
pub mod capabilities;
pub mod classify;
pub mod health;
pub mod models;
pub mod price;
pub mod probe;
pub mod registry;
pub mod serving;
pub mod tool_formats;
pub mod vendor;

pub use adapter::Adapter;
pub use auth::{AuthStyle, KeyError};
pub use base_url::{BaseUrl, BaseUrlError};
pub use capabilities::{ModelLine, capabilities};
pub use classify::{Credentials, FailedAnswer, classify};
pub use models::{ListedModel, ModelListError, parse_model_list};
pub use price::{Price, Usd};
pub use registry::{GoesOn, Tokenizer, Vendor};
pub use serving::Call;
