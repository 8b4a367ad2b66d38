//! Logs of the process itself; requests have their own log.

use std::fmt::Display;
use std::io::Write as _;

use tracing_subscriber::filter::LevelFilter;
use trunkline_config::Settings;
use trunkline_config::file::{LogFormat, LogLevel};

/// Sends events to standard error, in the configured form.
pub(crate) fn init(settings: &Settings) {
    let level = match settings.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    match settings.log_format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => lines.json().init(),
    }
}

/// Says why the process cannot go on, to whoever started it.
pub(crate) fn say_error(error: &dyn Display) {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "trunkline: {error}");
}
