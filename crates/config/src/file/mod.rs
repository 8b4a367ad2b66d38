//! Exactly what `trunkline.toml` says, section by section.
//!
//! These types are the one truth about the document: the JSON Schema, the check that finds every problem, the table in
//! the guide and the example document all come from them or are tested against them.

pub mod admin;
pub mod amount;
pub mod bodies;
pub mod cache;
pub mod capabilities;
pub mod client_key;
pub mod discovery;
pub mod document;
pub mod enforce;
pub mod failover;
pub mod health;
pub mod key;
pub mod ledger;
pub mod log;
pub mod model;
pub mod pattern;
pub mod price;
pub mod provider;
pub mod queue;
pub mod repair;
pub mod replicas;
pub mod server;
pub mod store;
pub mod unit;

pub use admin::{AdminSection, OidcSection};
pub use amount::{Amount, Day};
pub use bodies::BodiesSection;
pub use cache::{CacheSection, ModelCacheSection};
pub use capabilities::CapabilitiesSection;
pub use client_key::{AllowanceSection, BudgetPeriod, BudgetSection, ClientKeySection};
pub use discovery::{DiscoverySection, SameName};
pub use document::File;
pub use enforce::{EmptyResponsePolicy, EnforceSection};
pub use failover::{ErrorAction, FailoverSection, FixToolMessages, KeyStrategy, Strategy, WhenResting};
pub use health::HealthSection;
pub use key::KeySection;
pub use ledger::{Durability, LedgerSection};
pub use log::{LogFormat, LogLevel, LogSection};
pub use model::{ModelSection, OnLoss, TargetSection};
pub use pattern::PatternSection;
pub use price::{PriceChange, PriceSection, PriceTier};
pub use provider::{DialectName, ProviderAuth, ProviderModelSection, ProviderSection};
pub use queue::{Priority, QueueSection};
pub use repair::{RepairMode, ToolFormat};
pub use replicas::ReplicasSection;
pub use server::{ServerAuth, ServerSection};
pub use store::StoreSection;
pub use unit::{Period, PeriodOrZero, Size};
