//! Turns a public price list into the one that comes with the program: `price_list FILE DAY SOURCE`, see `tools/prices.sh`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::process::ExitCode;

use trunkline_providers::price::public;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, day, source] = &arguments[..] else {
        eprintln!("usage: price_list FILE DAY SOURCE");
        return ExitCode::FAILURE;
    };
    let list = std::fs::read(file)
        .map_err(|error| error.to_string())
        .and_then(|json| public::read(&json, day.clone(), source.clone()).map_err(|error| error.to_string()));
    match list {
        Ok(list) => {
            print!("{}", list.text());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}
