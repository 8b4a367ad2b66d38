//! The `trunkline` binary: the one place that knows every crate.

mod admin;
mod banner;
mod bodies;
mod cli;
mod commands;
mod documents;
mod explain;
mod history;
mod import;
mod keys;
mod ledger;
mod memory;
mod patterns;
mod prices;
mod probe;
mod reload;
mod replicas;
mod request_log;
mod requests;
mod responses;
mod rests;
mod revisions;
mod run;
mod secrets;
mod signin;
mod source;
mod state;
mod telemetry;
mod upstreams;
mod usage;
mod vault;
mod wakes;
mod watch;
mod web;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    memory::set_up();
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            telemetry::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
