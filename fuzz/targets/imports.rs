//! Whatever another gateway's files say, what is made of them passes the check, and no key is told of twice.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use trunkline_config::import::{Imported, SourceFile, litellm, model_proxy};
use trunkline_config::{Env, Overrides, load};

fn check(imported: &Imported) {
    let paths: HashSet<&str> = imported.report.findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths.len(), imported.report.findings.len(), "a key is told of twice");
    let loaded = load(Some(("made", &imported.document)), &Env::default(), &Overrides::default(), &[]);
    let Err(problems) = loaded else { return };
    // Who may call is left for a person to mend.
    let may_stay = |path: &str| path == "server.auth" || path.starts_with("client_keys");
    assert!(problems.iter().all(|problem| may_stay(&problem.path)), "{problems}\n{}", imported.document);
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = |name: &str, text: &str| SourceFile { name: name.to_owned(), text: Ok(text.to_owned()) };
    check(&litellm(&file("config.yaml", text), &Env::default()));
    let (provider, model) = text.split_once('\0').unwrap_or((text, text));
    let files = [file("providers/a.json", provider), file("models/a.json", model), file("audio-models/a.json", model)];
    check(&model_proxy(&files, &Env::default()));
});
