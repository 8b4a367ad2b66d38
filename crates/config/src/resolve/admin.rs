//! `[admin]`, and the variable above it.

use super::Resolver;
use super::hashed::hashed;
use crate::path::path;
use crate::settings::table;
use crate::snapshot::AdminTokens;

impl Resolver<'_, '_> {
    pub(super) fn admin_tokens(&mut self) -> AdminTokens {
        let file = self.file;
        let mut hashes = Vec::new();
        let variable = self.layers().variable(&table::ADMIN_TOKEN);
        if let Some(chosen) = &variable {
            match hashed(&chosen.text) {
                Ok(hash) => hashes.push(hash),
                Err((message, hint)) => self.findings.outside(chosen.origin, message, Some(hint.to_owned())),
            }
        }
        // The variable stands in the place of `token`, and beside `tokens`.
        let one =
            file.admin.token.iter().filter(|_| variable.is_none()).map(|token| (path(&["admin", "token"]), token));
        let list = path(&["admin", "tokens"]);
        let more = file.admin.tokens.iter().enumerate().map(|(index, token)| (list.index(index), token));
        for (at, token) in one.chain(more) {
            match hashed(token.expose()) {
                Ok(hash) => hashes.push(hash),
                Err((message, hint)) => self.findings.at(&at, message, Some(hint.to_owned())),
            }
        }
        AdminTokens::new(hashes)
    }
}
