//! Bytes from a network are not text until a frame is complete: a chunk may end inside a character.

use crate::problem::Problem;
use crate::source;
use crate::tree::Tree;

/// Where chunks pass.
const FOLDERS: &[&str] = &["crates/wire/src/", "crates/proxy/src/"];
const BANNED: &str = "from_utf8_lossy";

/// Every lossy reading of bytes where chunks pass.
pub(crate) fn problems(tree: &Tree) -> Vec<Problem> {
    let mut out = Vec::new();
    for file in tree.ending(".rs").filter(|file| FOLDERS.iter().any(|folder| file.path.starts_with(folder))) {
        if source::is_test_file(&file.path) {
            continue;
        }
        let tokens = source::production(&source::tokens(&file.text));
        for token in tokens.iter().filter(|token| token.text == BANNED) {
            let message = format!("`{BANNED}` would garble a chunk that ends inside a character; decode whole frames");
            out.push(Problem::at(&file.path, token.line, message));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lossy_reading_is_found_where_chunks_pass_and_nowhere_else() {
        let text =
            "fn a() {\n String::from_utf8_lossy(b);\n}\n#[cfg(test)]\nmod tests { fn a() { from_utf8_lossy(b) } }";
        let tree = Tree::of(&[
            ("crates/proxy/src/reply.rs", text),
            ("crates/proxy/src/reply/tests.rs", text),
            ("crates/providers/src/words.rs", text),
        ]);
        let found: Vec<(String, usize)> = problems(&tree).into_iter().map(|found| (found.path, found.line)).collect();
        assert_eq!(found, [("crates/proxy/src/reply.rs".to_owned(), 2)]);
    }
}
