//! The command line.

mod admin;
mod config;
mod keys;
mod requests;
mod secrets;

use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trunkline_config::file::DialectName;
use trunkline_config::{Overrides, Secret};

use crate::usage::By;

pub(crate) use admin::AdminCommand;
pub(crate) use config::{ConfigCommand, ListOptions, PushOptions};
pub(crate) use keys::{KeyLimits, KeysCommand};
pub(crate) use requests::{RequestsCommand, RequestsOptions};
pub(crate) use secrets::SecretsCommand;

/// One endpoint in front of every model you can reach.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Listen and serve (what happens without a command, too)
    #[command(alias = "start")]
    Serve(Options),
    /// Check a configuration document; print everything that is wrong with it
    Check {
        /// The document, in TOML
        file: PathBuf,
    },
    /// Show, change and take back what the store keeps of the configuration; a process that serves with `--config store`
    /// sees it within a second
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// List the models that the configuration reaches, asking each provider
    Models {
        #[command(flatten)]
        options: Options,
        /// Print JSON, as `GET /v1/models` answers it
        #[arg(long)]
        json: bool,
    },
    /// Say whom a request would be sent to, in which order, and who is left out; asks no provider
    Explain(ExplainOptions),
    /// Make, list, change and end client keys; a process that serves sees it within a second
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Keep what a document names as `secret:NAME`, encrypted; a process that serves sees it within a second
    Secrets {
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// Set the passwords of those who may use the admin API
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Say what requests used and cost, from the ledger
    Usage(UsageOptions),
    /// List the last requests, or show all that is known of one
    Requests(RequestsOptions),
    /// Say what models cost, and who says so
    Prices(PricesOptions),
    /// Show the patterns that find tool calls in text, or try them
    Patterns {
        #[command(subcommand)]
        command: PatternsCommand,
    },
    /// Print the JSON Schema of the configuration document
    Schema,
    /// Turn another gateway's configuration into a document, and report what becomes of each key
    Import {
        #[command(subcommand)]
        from: ImportFrom,
    },
}

/// What can be done with patterns.
#[derive(Debug, Subcommand)]
pub(crate) enum PatternsCommand {
    /// List the patterns of the configuration, in the order in which they are tried
    List {
        #[command(flatten)]
        options: Options,
        /// List those that ship as well
        #[arg(long)]
        defaults: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say which calls patterns find in a text, and why the others find none; fails when there is no call
    Try(TryOptions),
}

/// What is to be tried.
#[derive(Args, Clone, Debug)]
pub(crate) struct TryOptions {
    #[command(flatten)]
    pub(crate) options: Options,
    /// What a model said; `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
    /// Try only this pattern, of the configuration or of those that ship
    #[arg(long, value_name = "NAME", conflicts_with_all = ["regex", "defaults"])]
    pub(crate) pattern: Option<String>,
    #[command(flatten)]
    pub(crate) expression: Expression,
    /// Try those that ship as well
    #[arg(long, conflicts_with = "regex")]
    pub(crate) defaults: bool,
    /// Tools in JSON, or a request that has some: shows the calls that a client gets which offers these
    #[arg(long, value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A pattern that is in no document yet.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Expression {
    /// Try only this expression
    #[arg(long)]
    pub(crate) regex: Option<String>,
    /// With `--regex`: the tool that is called
    #[arg(long, value_name = "NAME", requires = "regex")]
    pub(crate) tool_name: Option<String>,
    /// With `--regex`: the group that holds the tool's name
    #[arg(long, value_name = "GROUP", requires = "regex")]
    pub(crate) tool_name_group: Option<usize>,
    /// With `--regex`: where the tool's name stands in the JSON that was found
    #[arg(long, value_name = "PATH", requires = "regex")]
    pub(crate) tool_name_json_path: Option<String>,
    /// With `--regex`: which argument a group is, or how one is called, such as `2=command`
    #[arg(long, value_name = "GROUP=ARGUMENT", requires = "regex")]
    pub(crate) map: Vec<String>,
}

/// The gateways whose configurations can be read.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    /// model-proxy v2: the folder that holds `models` and `providers`, or the one above it
    ModelProxy {
        /// The folder
        dir: PathBuf,
        #[command(flatten)]
        output: ImportOutput,
    },
    /// serverless_proxy: its SQLite file
    ServerlessProxy {
        /// The file, such as `proxy.db`; it is only read
        file: PathBuf,
        /// Write its past usage into this ledger, a path or a URL, such as `trunkline.db` in the data folder; again, it
        /// doubles nothing
        #[arg(long, value_name = "LEDGER")]
        ledger: Option<String>,
        #[command(flatten)]
        output: ImportOutput,
    },
    /// LiteLLM's proxy: its `config.yaml`
    Litellm {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        output: ImportOutput,
    },
}

/// Where an import goes.
#[derive(Args, Debug)]
pub(crate) struct ImportOutput {
    /// Write the document here, readable by its owner alone, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write the report here instead of printing it on standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Overwrite files that are there
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which requests are told of, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct UsageOptions {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Whose figures are told apart
    #[arg(long, value_enum, default_value_t)]
    pub(crate) by: By,
    /// From when on: a day, a time in UTC, or how long ago (`24h`, `30d`); whole hours
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Until when, likewise
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// How far clocks are ahead of UTC where days begin, such as `+02:00`
    #[arg(long, default_value = "utc", allow_hyphen_values = true)]
    pub(crate) zone: String,
    /// Only this client key's requests
    #[arg(long, value_name = "NAME")]
    pub(crate) client_key: Option<String>,
    /// Only requests for this model
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Only requests that this provider served
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub(crate) csv: bool,
}

/// Whose prices are to be shown.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct PricesOptions {
    #[command(subcommand)]
    pub(crate) action: Option<PricesAction>,
    /// The model, as a client would name it; all that are declared, if none is named
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What can be done with prices beside looking at them.
#[derive(Debug, Subcommand)]
pub(crate) enum PricesAction {
    /// Take over a newer price list, used from the next start or reload on
    Update {
        /// A file in the format of LiteLLM's `model_prices_and_context_window.json`
        file: PathBuf,
        #[command(flatten)]
        options: Options,
    },
}

/// Which request is to be explained.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ExplainOptions {
    #[command(flatten)]
    pub(crate) options: Options,
    /// The model, as a client would name it
    #[arg(long)]
    pub(crate) model: String,
    /// What the client speaks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dialect: ExplainDialect,
    /// The body of the request, to be told of losses and cost as well
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// Explain what the configuration says, without asking the process that runs with it
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The dialects of clients.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ExplainDialect {
    #[default]
    Chat,
    Completions,
    Responses,
    Messages,
    Ollama,
    Gemini,
}

impl ExplainDialect {
    pub(crate) fn name(self) -> DialectName {
        match self {
            Self::Chat => DialectName::OpenaiChat,
            Self::Completions => DialectName::OpenaiCompletions,
            Self::Responses => DialectName::OpenaiResponses,
            Self::Messages => DialectName::Anthropic,
            Self::Ollama => DialectName::Ollama,
            Self::Gemini => DialectName::Gemini,
        }
    }
}

/// What overrides the document and the environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Options {
    /// The configuration document, a `config` folder of model-proxy v2, or `store` for the newest revision that the store
    /// keeps [env: TRUNKLINE_CONFIG] [default: ./trunkline.toml, else the user's config folder, else the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where the database and other files are kept [env: TRUNKLINE_DATA_DIR]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The database, a `sqlite:` or `postgres:` URL; one with a password belongs into the variable [env:
    /// TRUNKLINE_STORE_URL] [default: trunkline.db in the data folder]
    #[arg(long, value_name = "URL", value_parser = secret)]
    pub(crate) store_url: Option<Secret>,
    /// The address to listen on [env: TRUNKLINE_HOST, HOST] [default: 127.0.0.1]
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// The port to listen on; 0 takes a free one [env: TRUNKLINE_PORT, PORT] [default: 8700]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// error, warn, info, debug or trace [env: TRUNKLINE_LOG_LEVEL, LOG_LEVEL] [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

impl Options {
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            data_dir: self.data_dir.clone(),
            store_url: self.store_url.clone(),
            prices: None,
            host: self.host.clone(),
            port: self.port,
            log_level: self.log_level.clone(),
        }
    }
}

/// What is not shown again.
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}
