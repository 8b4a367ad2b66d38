//! `trunkline secrets` and its flags.

use std::path::PathBuf;

use clap::Subcommand;

use super::Options;

/// What can be done with stored secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// List their names, and where the configuration names them; never their values
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Keep one, read from standard input or a file, in place of what had its name
    Set {
        /// What a document names it by, as `secret:NAME`
        name: String,
        /// Read it from this file; a line feed at its end is not part of it
        #[arg(long, value_name = "FILE")]
        from_file: Option<PathBuf>,
        #[command(flatten)]
        options: Options,
    },
    /// Forget one that the configuration does not name
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        options: Options,
    },
    /// Encrypt everything anew: with the key in `TRUNKLINE_SECRET_KEY`, the one before in `TRUNKLINE_SECRET_KEY_PREVIOUS` or
    /// the key file; without the variable, with a new key file
    RotateKey {
        #[command(flatten)]
        options: Options,
    },
}

impl SecretsCommand {
    pub(crate) fn options(&self) -> &Options {
        match self {
            Self::List { options, .. }
            | Self::Set { options, .. }
            | Self::Remove { options, .. }
            | Self::RotateKey { options } => options,
        }
    }
}
