//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trunkline_config::Overrides;
use trunkline_config::file::DialectName;

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
    /// Print the JSON Schema of the configuration document
    Schema,
    /// Turn another gateway's configuration into a document, and report what becomes of each key
    Import {
        #[command(subcommand)]
        from: ImportFrom,
    },
}

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
    /// The configuration document, or a `config` folder of model-proxy v2 [env: TRUNKLINE_CONFIG] [default:
    /// ./trunkline.toml, else the user's config folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where the database and other files are kept [env: TRUNKLINE_DATA_DIR]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
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
            host: self.host.clone(),
            port: self.port,
            log_level: self.log_level.clone(),
        }
    }
}
