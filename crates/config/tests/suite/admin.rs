//! What a document and the variables say of the admin API.

use expect_test::expect;
use trunkline_config::{AdminAccess, OidcClient, PublicUrl};

use super::support::{ok, problems};

const OPEN: &str = "AUTH_ENABLED";

/// A document whose listener others can reach, where callers of models need keys.
fn reachable(more: &str) -> String {
    format!("[server]\nlisten = \"0.0.0.0:8700\"\nauth = \"keys\"\n[admin]\n{more}\n")
}

#[test]
fn nothing_said_asks_for_a_password() {
    let loaded = ok(None, &[]);
    let expected = AdminAccess {
        enabled: true,
        sign_in: true,
        tokens: Default::default(),
        viewer_tokens: Default::default(),
        public_url: None,
        hosts: Vec::new(),
        trusted_proxies: Vec::new(),
        session_idle: std::time::Duration::from_secs(12 * 3600),
        session_max: std::time::Duration::from_secs(7 * 24 * 3600),
        session_service: None,
        oidc: None,
    };
    assert_eq!((&*loaded.snapshot.admin, loaded.settings.admin_password), (&expected, None));
}

#[test]
fn nobody_is_asked_only_on_loopback_or_when_that_is_said_twice() {
    let sign_in = |text: &str, variables: &[(&str, &str)]| ok(Some(text), variables).snapshot.admin.sign_in;
    assert!(!sign_in("", &[(OPEN, "false")]));
    assert!(sign_in("[admin]\nallow_unauthenticated = true\n", &[]));
    assert!(sign_in(&reachable("allow_unauthenticated = true"), &[(OPEN, "true")]));
    assert!(!sign_in(&reachable("allow_unauthenticated = true"), &[(OPEN, "no")]));
    let loaded = ok(None, &[(OPEN, "0")]);
    assert!(loaded.notes.iter().any(|note| note.contains("anyone who reaches this address")), "{:?}", loaded.notes);
    expect![[r#"
        AUTH_ENABLED: 0.0.0.0:8700 can be reached from other machines, and without sign-in each of them could change everything; leave it out, listen on loopback, or say it twice: `allow_unauthenticated = true` in `[admin]`"#]]
    .assert_eq(&problems(Some(&reachable("")), &[(OPEN, "false")]));
    assert!(ok(Some(&reachable("enabled = false")), &[(OPEN, "false")]).snapshot.admin.sign_in, "nobody comes in");
}

#[test]
fn an_address_of_its_own_is_what_counts() {
    let text = "[server]\nlisten = \"0.0.0.0:8700\"\nauth = \"keys\"\nadmin_listen = \"localhost:8701\"\n";
    let address = |variables: &[(&str, &str)]| ok(Some(text), variables).snapshot.server.admin_address().to_string();
    assert_eq!(address(&[]), "127.0.0.1:8701");
    assert_eq!(address(&[("TRUNKLINE_ADMIN_LISTEN", "[::1]:9")]), "[::1]:9");
    assert_eq!(ok(None, &[]).snapshot.server.admin_address().to_string(), "127.0.0.1:8700");
    assert!(!ok(Some(text), &[(OPEN, "false")]).snapshot.admin.sign_in, "nobody else reaches it there");
    let both = [("TRUNKLINE_ADMIN_LISTEN", "0.0.0.0:9"), (OPEN, "false")];
    expect!["AUTH_ENABLED: 0.0.0.0:9 can be reached from other machines, and without sign-in each of them could change everything; leave it out, listen on loopback, or say it twice: `allow_unauthenticated = true` in `[admin]`"].assert_eq(&problems(Some(text), &both));
    expect![[r#"t.toml:2:16: server.admin_listen: "everywhere" is not an address to listen on; write an IP address and a port, such as `127.0.0.1:8701`"#]].assert_eq(&problems(Some("[server]\nadmin_listen = \"everywhere\"\n"), &[]));
}

#[test]
fn the_dashboard_of_serverless_proxy_has_a_port_and_others_may_reach_it() {
    let text = reachable("").replace("auth =", "admin_listen = \"127.0.0.1:8701\"\nauth =");
    let port = ("FLASK_PORT", "5001");
    let addresses = |variables: &[(&str, &str)]| {
        let server = ok(Some(&text), variables).snapshot.server;
        server.admin_addresses().map(|address| address.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(addresses(&[]), ["127.0.0.1:8701"]);
    assert_eq!(addresses(&[port]), ["127.0.0.1:8701", "0.0.0.0:5001"]);
    assert_eq!(addresses(&[port, ("HOST", "::1")]), ["127.0.0.1:8701", "[::1]:5001"]);
    expect!["AUTH_ENABLED: 0.0.0.0:5001 can be reached from other machines, and without sign-in each of them could change everything; leave it out, listen on loopback, or say it twice: `allow_unauthenticated = true` in `[admin]`"].assert_eq(&problems(Some(&text), &[port, (OPEN, "false")]));
    expect![[r#"FLASK_PORT: "flask" is not understood; it takes a port from 0 to 65535"#]]
        .assert_eq(&problems(None, &[("FLASK_PORT", "flask")]));
}

#[test]
fn addresses_are_told_as_browsers_say_them() {
    let text = "[admin]\npublic_url = \"https://Gateway.Example.com:443/\"\nhosts = [\"Inner.House\"]\n\
                session_service = \"http://menu:5000/\"\n";
    let loaded = ok(Some(text), &[]);
    let access = &loaded.snapshot.admin;
    let (origin, authority) = ("https://gateway.example.com".to_owned(), "gateway.example.com".to_owned());
    assert_eq!(access.public_url, Some(PublicUrl { origin, authority, tls: true }));
    assert_eq!(access.hosts, ["inner.house"]);
    assert_eq!(access.session_service.as_deref(), Some("http://menu:5000"));
    let loaded = ok(Some(text), &[("AIMENU_URL", "http://aimenu:5001/base/")]);
    assert_eq!(loaded.snapshot.admin.session_service.as_deref(), Some("http://aimenu:5001/base"));
}

#[test]
fn a_provider_to_sign_in_with_is_asked_what_the_document_says() {
    let text = "[admin.oidc]\nissuer = \"https://login.example.com/\"\nclient_id = \"trunkline\"\n\
                client_secret = \"${SECRET}\"\nscopes = [\"groups\"]\nrole_claim = \"roles\"\nadmin_values = [\"boss\"]\n";
    let loaded = ok(Some(text), &[("SECRET", "canary")]);
    let access = &loaded.snapshot.admin;
    let expected = OidcClient {
        issuer: "https://login.example.com/".to_owned(),
        client_id: "trunkline".to_owned(),
        client_secret: Some(trunkline_config::Secret::new("canary")),
        name: "Single sign-on".to_owned(),
        scope: "openid groups".to_owned(),
        role_claim: "roles".to_owned(),
        admin_values: vec!["boss".to_owned()],
        viewer_values: vec!["trunkline-viewers".to_owned()],
    };
    assert_eq!(access.oidc, Some(expected));
    assert!(!format!("{loaded:?}").contains("canary"));
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let text = r#"
[admin]
password = "canary"
public_url = "https://gateway.example.com/trunkline"
hosts = ["gateway.example.com:8700", "ok"]
trusted_proxies = ["10.0.0.0/8", "proxy"]
session_service = "menu:5000"
viewer_tokens = ["sha256:12"]
[admin.oidc]
issuer = "http://login.example.com"
admin_values = []
viewer_values = []
"#;
    expect![[r#"
        t.toml:3:12: admin.password: a password has 8 characters at least
        t.toml:4:14: admin.public_url: it is no address of a server; write scheme and host, such as `https://gateway.example.com`, without a path
        t.toml:5:10: admin.hosts[0]: it is no name of a host; write a name alone, such as `gateway.example.com`; ports do not matter
        t.toml:6:34: admin.trusted_proxies[1]: it is no address; write an IP address, or a network such as `10.0.0.0/8`
        t.toml:7:19: admin.session_service: it is no address of a service; write an absolute URL, such as `https://login.example.com`, without credentials or query
        t.toml:8:18: admin.viewer_tokens[0]: what follows `sha256:` is not a SHA-256; write its 64 hexadecimal digits
        t.toml:9:8: admin.oidc.client_id: it is missing; write what the provider calls Trunkline: `client_id`
        t.toml:10:10: admin.oidc.issuer: it could be anybody; what it says of people must come over `https`, unless it is this machine's own
        t.toml:11:16: admin.oidc.admin_values: nobody could sign in; name at least one value of the claim in `admin_values` or `viewer_values`"#]].assert_eq(&problems(Some(text), &[]));
    expect![[r#"
        TRUNKLINE_ADMIN_PASSWORD: a password has 8 characters at least
        AUTH_ENABLED: "perhaps" is not understood; it takes `true` or `false`
        AIMENU_URL: it is no address of a service; write an absolute URL, such as `https://login.example.com`, without credentials or query"#]].assert_eq(&problems(
        None,
        &[("TRUNKLINE_ADMIN_PASSWORD", "canary"), ("AIMENU_URL", "canary"), (OPEN, "perhaps")],
    ));
}
