//! Checks that the repository keeps its own rules: `cargo run -p xtask -- check`.

mod checks;
mod problem;
mod settings;
mod source;
mod tree;

use std::io::{self, Write};
use std::process::ExitCode;

use settings::Settings;
use tree::Tree;

const USAGE: &str = "usage: cargo run -p xtask -- check [NAME ...]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.split_first() {
        Some((command, names)) if command == "check" => check(names, &mut io::stdout().lock()),
        Some(_) | None => Err(io::Error::other(USAGE)),
    };
    match result {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do when standard error is closed too.
            let _ = writeln!(io::stderr(), "xtask: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the named checks, or all of them, prints what they find and returns the number of problems.
///
/// # Errors
/// When a name is unknown, or the repository or its dependency graph cannot be read.
fn check(names: &[String], out: &mut impl Write) -> io::Result<usize> {
    if let Some(unknown) = names.iter().find(|name| checks::ALL.iter().all(|check| check.name != name.as_str())) {
        let known: Vec<&str> = checks::ALL.iter().map(|check| check.name).collect();
        return Err(io::Error::other(format!("no check is called `{unknown}`; there are {}", known.join(", "))));
    }
    let tree = Tree::read(&tree::root())?;
    let settings = Settings::read(&tree)?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let mut problems = Vec::new();
    for check in checks::ALL.iter().filter(|check| wanted(check.name)) {
        problems.extend((check.run)(&tree, &settings)?);
    }
    if wanted("sizes") {
        for warning in checks::sizes::warnings(&tree, &settings) {
            writeln!(out, "warning: {warning}")?;
        }
    }
    for problem in &problems {
        writeln!(out, "{problem}")?;
    }
    writeln!(out, "{} files, {}", tree.files.len(), plural(problems.len()))?;
    Ok(problems.len())
}

fn plural(problems: usize) -> String {
    match problems {
        0 => "no problems".to_owned(),
        1 => "1 problem".to_owned(),
        more => format!("{more} problems"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_keeps_its_own_rules() {
        let mut out = Vec::new();
        let problems = check(&[], &mut out).unwrap();
        assert_eq!(problems, 0, "\n{}", String::from_utf8(out).unwrap());
    }

    #[test]
    fn an_unknown_check_is_refused_by_name() {
        let error = check(&["layer".to_owned()], &mut Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with("no check is called `layer`; there are layers, "), "{error}");
    }
}
