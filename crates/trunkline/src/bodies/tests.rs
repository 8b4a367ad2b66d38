//! What is kept, with a real store.

use std::path::Path;

use trunkline_config::settings::Bodies as Wishes;
use trunkline_config::{Env, Overrides, load};
use trunkline_route::{Outcome, Report, Tries, Try};
use trunkline_store::Store;
use trunkline_testkit::{Gateway, ask};
use trunkline_wire::{FaultKind, Operation};

use super::*;

/// Longer than any of these tests may take.
const AMPLE: Duration = Duration::from_secs(30);

const CANARY: &str = "sk-canary-0123456789abcdefghij";

fn settings(folder: &Path, bodies: &str) -> Settings {
    let document = format!("[ledger.bodies]\n{bodies}\n");
    let mut settings = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[])
        .expect("a right document")
        .settings;
    settings.store_url = trunkline_config::Secret::new(format!("sqlite://{}", folder.join("x.db").display()));
    settings
}

fn kept(folder: &Path, id: u128) -> Option<StoredBodies> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(folder.join("x.db")).await.unwrap();
        let bodies = store.bodies(id).await.unwrap();
        // A connection that is only dropped takes the database's companion files away at some later time.
        store.close().await;
        bodies
    })
}

/// Serves one request for the echo, and returns the request's id.
fn served(desk: &BodyDesk, content: &str, stream: bool) -> u128 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let gateway = Gateway::start("[discovery]\nprobe = false");
        gateway.shared().set_recorder(Box::new(desk.clone()));
        let message = serde_json::json!({ "role": "user", "content": content });
        let body = serde_json::json!({ "model": "dummy/echo-1", "stream": stream, "messages": [message] }).to_string();
        let reply = ask(gateway.address(), "POST /v1/chat/completions", &[], &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let id = gateway.reports(1).await.remove(0).id;
        ask(gateway.address(), "GET /health", &[], "").await;
        id
    })
}

#[test]
fn what_was_said_is_kept_without_its_secrets_streamed_or_whole() {
    let folder = tempfile::tempdir().unwrap();
    let desk = BodyDesk::start(&settings(folder.path(), "sample = 1")).unwrap();
    let ids = [false, true].map(|stream| served(&desk, &format!("my key is {CANARY} ok"), stream));
    desk.stop(AMPLE);
    assert_eq!((desk.written(), desk.dropped(), desk.failing()), (2, 0, false));
    for id in ids {
        let kept = kept(folder.path(), id).unwrap();
        let (request, response) = (kept.request.unwrap(), kept.response.unwrap());
        let texts = [request.bytes, response.bytes].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(texts.iter().all(|text| text.contains("[redacted]")), "{texts:?}");
        assert!(texts.iter().all(|text| !text.contains("canary") && !text.contains("0123456789")), "{texts:?}");
        assert!(kept.redacted >= 2);
    }
    let files = std::fs::read_dir(folder.path()).unwrap();
    let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
}

#[test]
fn what_is_longer_than_is_kept_is_cut_off_and_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let desk = BodyDesk::start(&settings(folder.path(), "sample = 1.0\nbody_bytes_max = 100")).unwrap();
    let id = served(&desk, &"word ".repeat(100), false);
    desk.stop(AMPLE);
    let kept = kept(folder.path(), id).unwrap();
    for body in [kept.request.unwrap(), kept.response.unwrap()] {
        assert_eq!((body.bytes.len(), body.is_cut), (100, true));
    }
}

fn tried(provider: &str) -> Try {
    Try {
        provider: provider.into(),
        upstream_model: "m".into(),
        key: None,
        lane: "native",
        dialect: None,
        outcome: "overloaded",
        status: Some(503),
        detail: None,
        started_us: 0,
        total_us: 7,
    }
}

#[test]
fn how_a_request_went_is_noted_where_there_is_something_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let desk = BodyDesk::start(&settings(folder.path(), "")).unwrap();
    let plain = |id: u128| Report { losses: Some("top_k".into()), ..Report::begin(id << 80, 1, Operation::Chat) };
    let failed = Report {
        tries: Some(Box::new(Tries { before: vec![tried("groq"), tried("local")], ..Tries::default() })),
        repairs: Some("coerced:f.days".into()),
        outcome: Outcome::Failed(FaultKind::RateLimited),
        ..plain(2)
    };
    [plain(1), failed.clone()].iter().for_each(|report| desk.note(report));
    desk.stop(AMPLE);
    assert_eq!(kept(folder.path(), 1 << 80), None);
    let notes: Notes = serde_json::from_str(&kept(folder.path(), 2 << 80).unwrap().notes.unwrap()).unwrap();
    assert_eq!(Some(&notes), Notes::of(&failed, false).as_ref());
    assert_eq!((notes.attempts.len(), &*notes.losses, notes.continued), (2, &["top_k".to_owned()][..], 0));
    assert!(Notes::of(&plain(1), true).is_some(), "losses are worth it where bodies are kept");
}

#[test]
fn a_share_of_requests_is_chosen_evenly_and_all_or_none_are_exact() {
    let ids = || (0..100_000_u128).map(|count| 1_790_000_000_000 << 80 | 0xfe_dcba_9876 << 40 | count << 6);
    let sampled = |ppm| ids().filter(|id| is_sampled(*id, ppm)).count();
    assert_eq!((sampled(0), sampled(1_000_000)), (0, 100_000));
    for ppm in [1_000, 100_000, 500_000] {
        let (found, wanted) = (sampled(ppm), ppm as usize / 10);
        assert!(found.abs_diff(wanted) <= wanted / 10, "{found} of {wanted}");
    }
    let wants = |sample_ppm, failed| {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = BodyDesk::start(&settings(folder.path(), "")).unwrap();
        desk.wishes = Wishes { sample_ppm, failed, ..desk.wishes };
        desk.wants(7)
    };
    assert_eq!([wants(0, false), wants(0, true), wants(1_000_000, true)], [Want::Nothing, Want::IfItFails, Want::All]);
}

#[test]
fn what_cannot_be_written_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("x.db")).unwrap();
    let desk = BodyDesk::start(&settings(folder.path(), "sample = 1")).unwrap();
    served(&desk, "hi", false);
    desk.stop(AMPLE);
    assert_eq!((desk.written(), desk.dropped(), desk.failing()), (0, 1, true));
    // The thread has ended.
    served(&desk, "hi", false);
    assert_eq!(desk.dropped(), 2);
}
