//! `trunkline requests` and its flags.

use clap::{Args, Subcommand};

use super::Options;

/// Which requests are to be shown.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RequestsOptions {
    #[command(subcommand)]
    pub(crate) command: Option<RequestsCommand>,
    #[command(flatten)]
    pub(crate) options: Options,
    /// The most of them
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    /// From when on: a day, a time in UTC, or how long ago (`24h`, `30d`)
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Until when, likewise
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Only this client key's
    #[arg(long, value_name = "NAME")]
    pub(crate) client_key: Option<String>,
    /// Only those for this model
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Only those that this provider served
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Only those that failed
    #[arg(long)]
    pub(crate) failed: bool,
    /// Print JSON, as `GET /api/v1/requests` answers it
    #[arg(long)]
    pub(crate) json: bool,
}

/// What can be done with requests beside listing them.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RequestsCommand {
    /// Show all that is known of one request: its record, how it went, and what was said where that is kept
    Show {
        /// Its id, from `x-request-id`
        id: String,
        /// Print JSON, as `GET /api/v1/requests/ID` answers it
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
}

impl RequestsOptions {
    pub(crate) fn options(&self) -> &Options {
        match &self.command {
            Some(RequestsCommand::Show { options, .. }) => options,
            None => &self.options,
        }
    }
}
