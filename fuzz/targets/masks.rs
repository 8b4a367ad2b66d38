//! A document: what is masked of it can be read, says the same but for its secrets, and gets them back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_config::Path;
use trunkline_config::edit::{merge, value};
use trunkline_config::mask::{mask_document, mask_value, unmask_document};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(tree) = value(text) else {
        assert_eq!(mask_document(text), None);
        return;
    };
    let masked = mask_document(text).expect("it is TOML");
    let mut expected = tree.clone();
    mask_value(&Path::default(), &mut expected);
    assert_eq!(value(&masked), Ok(expected));
    assert_eq!(value(&unmask_document(&masked, text)), Ok(tree));
    // Joined to itself it is what it was, where it can be joined at all.
    if let Ok(joined) = merge(text, text) {
        assert!(value(&joined).is_ok());
    }
});
