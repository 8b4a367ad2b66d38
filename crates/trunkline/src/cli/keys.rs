//! `trunkline keys` and its flags.

use clap::{Args, Subcommand};

use super::Options;

/// What can be done with client keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, and show it this once
    Create {
        /// What reports and logs call its holder
        #[arg(long)]
        name: String,
        #[command(flatten)]
        limits: Box<KeyLimits>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// List all keys, those of the configuration document among them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// End a key for good
    Revoke {
        /// Its name or id
        key: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Make a key another one, and show that this once
    Rotate {
        /// Its name or id
        key: String,
        /// How long the one before is still good
        #[arg(long, default_value = "0s")]
        overlap: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Let a key in again
    Enable {
        /// Its name or id
        key: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Keep a key out until it is enabled
    Disable {
        /// Its name or id
        key: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
}

impl KeysCommand {
    pub(crate) fn options(&self) -> &Options {
        match self {
            Self::Create { options, .. }
            | Self::List { options, .. }
            | Self::Revoke { options, .. }
            | Self::Rotate { options, .. }
            | Self::Enable { options, .. }
            | Self::Disable { options, .. } => options,
        }
    }
}

/// What the holder of a key may do; everything, unless stated.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeyLimits {
    /// Whose it is
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// A word to find it by; may be given several times
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// A model it may ask for, `*` and `?` as wildcards; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(crate) model: Vec<String>,
    /// A provider that may serve it; may be given several times
    #[arg(long)]
    pub(crate) provider: Vec<String>,
    /// When it ends: 2027-01-31, a moment, or a period from now such as 30d
    #[arg(long)]
    pub(crate) expires: Option<String>,
    /// Requests within any minute
    #[arg(long)]
    pub(crate) rpm: Option<u32>,
    /// Tokens within any minute
    #[arg(long)]
    pub(crate) tpm: Option<u64>,
    /// Requests open at once
    #[arg(long)]
    pub(crate) parallel: Option<u32>,
    /// What it may spend, such as 10.00
    #[arg(long, value_name = "USD")]
    pub(crate) budget: Option<String>,
    /// In what time: hour, day, week, month or total
    #[arg(long, value_name = "PERIOD", default_value = "total", requires = "budget")]
    pub(crate) budget_period: String,
    /// Warn when the budget is spent, instead of refusing
    #[arg(long, requires = "budget")]
    pub(crate) soft: bool,
}
