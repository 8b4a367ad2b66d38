//! A document, a path in its first line, and an edit there: what comes out can be read, whatever it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_config::edit::apply;
use trunkline_config::{Edit, Path};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((path, document)) = text.split_once('\n') else { return };
    let Ok(path) = path.parse::<Path>() else { return };
    let edits = [
        Edit::Set(path.clone(), serde_json::json!({ "a": [1, "b"] })),
        Edit::Set(path.clone(), serde_json::json!("text")),
        Edit::Rename(path.clone(), "new name".to_owned()),
        Edit::Remove(path),
    ];
    for edit in edits {
        if let Ok(edited) = apply(document, &edit) {
            // Whatever can be edited can be edited again, or is refused; it is never torn.
            let again = apply(&edited, &edit);
            assert!(!matches!(again, Err(trunkline_config::EditError::Unreadable(_))));
        }
    }
});
