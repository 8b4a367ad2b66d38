//! `trunkline config` and its flags.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Options;

/// What can be done with the revisions of the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the document
    Show {
        /// A revision; the one in force, if none is named
        revision: Option<u64>,
        #[command(flatten)]
        options: Options,
    },
    /// List the revisions, the newest first
    Revisions(ListOptions),
    /// Put a document in force, unless something is wrong with it
    Push(PushOptions),
    /// Put the document of an earlier revision in force again, as a new revision
    Rollback {
        /// The earlier one
        revision: u64,
        /// Why
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        options: Options,
    },
    /// Show what differs between two revisions
    Diff {
        /// The one before
        from: u64,
        /// The one after; the one in force, if none is named
        to: Option<u64>,
        #[command(flatten)]
        options: Options,
    },
}

/// Which revisions are listed, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct ListOptions {
    /// How many
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Only those before this one
    #[arg(long, value_name = "REVISION")]
    pub(crate) before: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What is put in force.
#[derive(Args, Clone, Debug)]
pub(crate) struct PushOptions {
    /// The document; `-` reads it from standard input
    pub(crate) file: PathBuf,
    /// Why
    #[arg(long, default_value = "")]
    pub(crate) note: String,
    /// The revision that was edited: refuses when another is in force by now
    #[arg(long, value_name = "REVISION")]
    pub(crate) base: Option<u64>,
    #[command(flatten)]
    pub(crate) options: Options,
}

impl ConfigCommand {
    pub(crate) fn options(&self) -> &Options {
        match self {
            Self::Revisions(ListOptions { options, .. })
            | Self::Push(PushOptions { options, .. })
            | Self::Show { options, .. }
            | Self::Rollback { options, .. }
            | Self::Diff { options, .. } => options,
        }
    }
}
