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
mod signin;
mod source;
mod state;
mod telemetry;
mod upstreams;
mod usage;
mod wakes;
mod watch;
mod web;

use std::process::ExitCode;

use clap::Parser as _;

/// Requests are made of many small pieces of memory, and threads give back what others took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            telemetry::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
