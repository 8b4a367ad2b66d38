//! Flags over variables over the document over defaults.

use std::path::Path;
use std::time::Duration;

use super::support::{env, ok, problems};
use expect_test::expect;
use trunkline_config::file::{LogFormat, LogLevel};
use trunkline_config::{Overrides, load};

fn listens(text: Option<&str>, variables: &[(&str, &str)], overrides: &Overrides) -> String {
    let mut variables = variables.to_vec();
    variables.push(("CLIENT_API_KEY", "k"));
    let loaded = load(text.map(|text| ("t.toml", text)), &env(&variables), overrides, &[]);
    loaded.unwrap_or_else(|problems| panic!("{problems}")).snapshot.server.listen.to_string()
}

/// Variables, flags, and the address they come to.
type Case = (&'static [(&'static str, &'static str)], bool, &'static str);

#[test]
fn the_address_comes_from_the_strongest_that_says_it() {
    let text = Some("[server]\nlisten = \"10.0.0.1:1\"");
    let none = Overrides::default();
    let flags = Overrides { host: Some("::1".into()), port: Some(9), ..Overrides::default() };
    const ALL_PORTS: [(&str, &str); 3] = [("PROXY_PORT", "4"), ("API_PORT", "3"), ("PORT", "2")];
    let cases: &[Case] = &[
        (&[], false, "10.0.0.1:1"),
        (&ALL_PORTS, false, "10.0.0.1:2"),
        (&[("PROXY_PORT", "4"), ("API_PORT", "3")], false, "10.0.0.1:3"),
        (&[("HOST", "0.0.0.0"), ("PORT", "2"), ("TRUNKLINE_PORT", "5")], false, "0.0.0.0:5"),
        (&[("HOST", "0.0.0.0"), ("PORT", "2"), ("TRUNKLINE_LISTEN", "localhost:6")], false, "127.0.0.1:6"),
        (&[("TRUNKLINE_LISTEN", "[::]:6"), ("TRUNKLINE_PORT", "7")], false, "[::]:7"),
        (&[("TRUNKLINE_PORT", "tcp://10.3.2.1:8700"), ("PORT", "2")], false, "10.0.0.1:2"),
        (&[("HOST", ""), ("PORT", " ")], false, "10.0.0.1:1"),
        (&[("HOST", "0.0.0.0"), ("TRUNKLINE_LISTEN", "[::]:6")], true, "[::1]:9"),
    ];
    for (variables, with_flags, want) in cases {
        let overrides = if *with_flags { &flags } else { &none };
        assert_eq!(listens(text, variables, overrides), *want, "{variables:?} {overrides:?}");
    }
}

#[test]
fn variables_override_the_document() {
    let text = "default_context_window = 1\n[log]\nlevel = \"trace\"\n[server]\ncors_origins = [\"https://a\"]\ndrain_timeout = \"1s\"\nworkers = 1\n[providers.vllm]\n[providers.ollama]\ntotal_timeout = \"9s\"";
    let variables = [
        ("DEFAULT_CONTEXT_WINDOW", "4096"),
        ("LOG_LEVEL", "WARNING"),
        ("TRUNKLINE_LOG_FORMAT", "json"),
        ("CORS_ORIGINS", "https://b, http://localhost:3000"),
        ("PROXY_DRAIN_TIMEOUT", "5"),
        ("TIMEOUT", "300"),
        ("TRUNKLINE_WORKERS", "3"),
        ("TRUNKLINE_PROBE", "0"),
        ("TRUNKLINE_STORE_URL", "sqlite::memory:"),
        ("TRUNKLINE_DATA_DIR", "/data"),
    ];
    let loaded = ok(Some(text), &variables);
    let (snapshot, settings) = (&loaded.snapshot, &loaded.settings);
    assert_eq!(snapshot.default_context_window, 4096);
    assert_eq!(snapshot.server.cors_origins, ["https://b", "http://localhost:3000"]);
    assert_eq!(snapshot.server.drain_timeout, Duration::from_secs(5));
    assert_eq!(snapshot.providers["vllm"].timeouts.total, Duration::from_secs(300));
    assert_eq!(snapshot.providers["ollama"].timeouts.total, Duration::from_secs(9));
    assert_eq!((settings.log_level, settings.log_format), (LogLevel::Warn, LogFormat::Json));
    assert_eq!((settings.workers, settings.probe), (Some(3), false));
    assert_eq!((settings.store_url.expose(), settings.data_dir.as_path()), ("sqlite::memory:", Path::new("/data")));
}

#[test]
fn flags_override_variables() {
    let overrides =
        Overrides { data_dir: Some("/flag".into()), log_level: Some("debug".into()), ..Overrides::default() };
    let variables = env(&[("TRUNKLINE_LOG_LEVEL", "error"), ("TRUNKLINE_DATA_DIR", "/data")]);
    let settings = load(None, &variables, &overrides, &[]).unwrap().settings;
    assert_eq!((settings.log_level, settings.data_dir.as_path()), (LogLevel::Debug, Path::new("/flag")));
    assert_eq!(settings.store_url.expose(), "sqlite:///flag/trunkline.db");
}

#[test]
fn variables_that_are_not_understood_are_named() {
    let variables = [
        ("HOST", "my-machine"),
        ("API_PORT", "70000"),
        ("LOG_LEVEL", "loud"),
        ("TIMEOUT", "0"),
        ("PROXY_DRAIN_TIMEOUT", "soon"),
        ("DEFAULT_CONTEXT_WINDOW", "-1"),
        ("CORS_ORIGINS", "example.com"),
        ("CLIENT_API_KEY", "two words"),
        ("GROQ_API_KEY_3", "two words"),
        ("TRUNKLINE_AUTH", "maybe"),
    ];
    expect![[r#"
        LOG_LEVEL: "loud" is not understood; it takes `error`, `warn`, `info`, `debug` or `trace`
        HOST: "my-machine" is not understood; it takes an IP address, such as `127.0.0.1` or `0.0.0.0`, or `localhost`
        API_PORT: "70000" is not understood; it takes a port from 0 to 65535
        PROXY_DRAIN_TIMEOUT: "soon" is not understood; it takes seconds, or a period such as `30s`
        CORS_ORIGINS: "example.com" is not an origin; write `https://chat.example.com`, without a path, or `*`
        CLIENT_API_KEY: the key holds white space or a character outside ASCII; no header could carry it; choose another
        TRUNKLINE_AUTH: "maybe" is not understood; it takes `keys` or `none`
        TIMEOUT: must be longer than zero
        GROQ_API_KEY_3: the key holds a character that no key has, such as a space, a line break or a typographic quote
        DEFAULT_CONTEXT_WINDOW: "-1" is not understood; it takes a number of tokens, 1 or more"#]]
    .assert_eq(&problems(None, &variables));
}
