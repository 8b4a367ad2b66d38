//! `trunkline admin` and its flags.

use clap::{Subcommand, ValueEnum};
use trunkline_admin::Role;

use super::Options;

/// What can be done with those who may use the admin API.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Set the password of a role, and end its sessions; makes one and shows it this once, unless told to read one
    Password {
        /// Whose
        #[arg(long, value_enum, default_value_t)]
        role: RoleName,
        /// Read it from standard input, one line
        #[arg(long, conflicts_with = "generate")]
        stdin: bool,
        /// Make one, as happens anyway
        #[arg(long)]
        generate: bool,
        #[command(flatten)]
        options: Options,
    },
}

/// The roles that sign in with a password.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum RoleName {
    /// May do everything
    #[default]
    Admin,
    /// May look at everything
    Viewer,
}

impl AdminCommand {
    pub(crate) fn options(&self) -> &Options {
        match self {
            Self::Password { options, .. } => options,
        }
    }
}

impl RoleName {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Viewer => Role::Viewer,
        }
    }
}
