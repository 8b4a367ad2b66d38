//! The table of provider types in the guide is the registry, written out.

use std::fmt::Write;

use trunkline_providers::{AuthStyle, Vendor, registry};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/providers.md");
const BEGIN: &str = "<!-- vendors: begin, written by the test in crates/providers/tests/docs.rs -->\n";
const END: &str = "<!-- vendors: end -->";

fn table() -> String {
    let mut table =
        "\n| `type` | what it is | default `base_url` | key variable | how the key is sent | dialects |\n".to_owned();
    table.push_str("|---|---|---|---|---|---|\n");
    for vendor in registry::ALL {
        let Vendor { id, title, .. } = vendor;
        let code = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| format!("`{text}`"));
        let (url, variable) = (code(vendor.default_base_url), code(vendor.key_variable));
        let sent = |auth| match (auth, vendor.needs_key) {
            (AuthStyle::Bearer, true) => "`Authorization: Bearer`".to_owned(),
            (AuthStyle::Bearer, false) => "`Authorization: Bearer`, when there is one".to_owned(),
            (AuthStyle::Header(name), _) => format!("`{name}`"),
            (AuthStyle::None, _) => "no key".to_owned(),
        };
        let own = vendor.own_auth.iter().map(|(dialect, auth)| format!("; `{}`: {}", dialect.as_str(), sent(*auth)));
        let auth: String = std::iter::once(sent(vendor.auth)).chain(own).collect();
        let dialects: Vec<String> = vendor.dialects.iter().map(|dialect| code(Some(dialect.as_str()))).collect();
        let dialects = if dialects.is_empty() { "-".to_owned() } else { dialects.join(", ") };
        writeln!(table, "| `{id}` | {title} | {url} | {variable} | {auth} | {dialects} |").expect("a string takes all");
    }
    table.push('\n');
    table
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the person at the keyboard asks for an update this way")]
fn the_guides_table_of_provider_types_is_current() {
    let page = std::fs::read_to_string(PAGE).expect("docs/providers.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("the table's first mark");
    let (old, after) = rest.split_once(END).expect("the table's last mark");
    let new = table();
    if old != new && std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(PAGE, format!("{before}{BEGIN}{new}{END}{after}")).expect("docs/providers.md can be written");
        return;
    }
    assert_eq!(old, new, "docs/providers.md is stale; run `UPDATE_DOCS=1 cargo test -p trunkline-providers`");
}
