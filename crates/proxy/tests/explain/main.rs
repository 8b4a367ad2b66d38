//! What an explanation says is what the request then does: with configurations, clients and failures by chance.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test that finds something wrong ends")]

mod dice;
mod scene;

use std::sync::{Arc, Mutex};

use trunkline_route::Explanation;
use trunkline_route::explain::Candidate;
use trunkline_testkit::faulty::{Refusal, Trouble, Wait};
use trunkline_testkit::{Gateway, Received, Reply, Upstream, ask};

use dice::Dice;
use scene::{Asked, Scene};

/// Configurations.
const SCENES: u64 = 1_000;
/// Requests before the one that is explained: they leave rests and open circuits behind.
const BEFORE_MAX: u64 = 4;
/// Entries that the header of attempts has at most.
const TRAIL_MAX: usize = 16;

/// What providers do.
const TROUBLES: [Trouble; 7] = [
    Trouble::None,
    Trouble::None,
    Trouble::Refused(Refusal::Broken),
    Trouble::Refused(Refusal::Loading),
    Trouble::Refused(Refusal::BadKey),
    Trouble::Refused(Refusal::NoMoney),
    Trouble::Limited(Wait::Unsaid),
];

/// The upstream's side: how it answers, and who was asked.
#[derive(Default)]
struct Stage {
    seed: u64,
    asked: Vec<Received>,
}

impl Stage {
    /// What becomes of a request is the same for the same key of the same provider.
    fn trouble(&self, request: &Received) -> Trouble {
        let place = format!("{}{}", provider_of(request), key_of(request));
        let number = place.bytes().fold(self.seed, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
        Dice::new(number).one_of(&TROUBLES)
    }
}

fn path_of(request: &Received) -> &str {
    request.head.split(' ').nth(1).unwrap_or_default()
}

fn provider_of(request: &Received) -> &str {
    path_of(request).split('/').nth(2).unwrap_or_default()
}

/// Such as `#2`: the end of the label of the key it came with; nothing where it came with none.
fn key_of(request: &Received) -> String {
    let key = request.head.split("key-").nth(2).or(request.head.split("key-").nth(1)).unwrap_or_default();
    let number = key.split('-').nth(1).unwrap_or_default();
    if number.is_empty() { String::new() } else { format!("#{number}") }
}

fn dialect_of(request: &Received) -> &'static str {
    let ends = [
        ("/chat/completions", "openai_chat"),
        ("/rerank", "openai_chat"),
        ("/responses", "openai_responses"),
        ("/messages", "anthropic"),
        ("/api/chat", "ollama"),
    ];
    let path = path_of(request);
    ends.into_iter().find(|(end, _)| path.ends_with(end)).map_or("gemini", |(_, dialect)| dialect)
}

/// How often each turn of events came up: a test of what never happens shows nothing.
#[derive(Debug, Default)]
struct Seen {
    served: u32,
    after_others: u32,
    resting: u32,
    cannot: u32,
    regardless: u32,
    waits: u32,
    refused: u32,
    bridged: u32,
    lost: u32,
    refused_before_sending: u32,
    failed: u32,
}

#[tokio::test]
async fn a_request_does_what_its_explanation_says() {
    let stage = Arc::new(Mutex::new(Stage::default()));
    let behind = Arc::clone(&stage);
    let upstream = Upstream::answering(move |_, request| {
        let mut stage = behind.lock().unwrap();
        stage.asked.push(request.clone());
        stage.trouble(request).said_to(request)
    })
    .await;
    let gateway = Gateway::start("[discovery]\nprobe = false\n");
    let mut seen = Seen::default();
    for number in 0..SCENES {
        let dice = &mut Dice::new(number);
        let scene = Scene::new(number, &upstream, dice);
        gateway.reload(&scene.document);
        for _ in 0..dice.roll(BEFORE_MAX + 1) {
            stage.lock().unwrap().seed = dice.roll(1 << 30);
            let before = scene.request(dice);
            // One that would wait for what rests would do so for minutes.
            if explained(&gateway, &before).await.is_some_and(|explained| explained.waits.is_none()) {
                send(&gateway, &before).await;
            }
        }
        let asked = scene.request(dice);
        let Some(explained) = explained(&gateway, &asked).await else { continue };
        {
            let mut stage = stage.lock().unwrap();
            (stage.seed, stage.asked) = (dice.roll(1 << 30), Vec::new());
        }
        let case = format!("scene {number}: {} {}\n{}\n{explained:#?}", asked.line(), asked.body, scene.document);
        if let Some(wait) = &explained.waits {
            let first = explained.left_out.iter().filter_map(|left| left.until_ms).min();
            assert_eq!(Some(wait.until_ms), first, "{case}");
            seen.waits += 1;
            continue;
        }
        let reply = send(&gateway, &asked).await;
        let received = std::mem::take(&mut stage.lock().unwrap().asked);
        compare(&asked, &explained, &reply, &received, &mut seen, &format!("{case}\n{reply:#?}"));
    }
    let Seen { served, after_others, resting, cannot, regardless, waits, refused, bridged, lost, failed, .. } = seen;
    let counts = [
        served,
        after_others,
        resting,
        cannot,
        regardless,
        waits,
        refused,
        bridged,
        lost,
        failed,
        seen.refused_before_sending,
    ];
    assert!(counts.iter().all(|count| *count >= 10), "{seen:?}");
}

async fn explained(gateway: &Gateway, asked: &Asked) -> Option<Explanation> {
    let question = asked.question()?;
    let explained = gateway.explain(&question).await.unwrap_or_else(|wrong| panic!("{wrong}: {}", asked.body));
    Some(explained)
}

async fn send(gateway: &Gateway, asked: &Asked) -> Reply {
    let headers = asked.header_lines();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    ask(gateway.address(), &asked.line(), &headers, &asked.body).await
}

/// Holds what was done against what was said before.
#[track_caller]
fn compare(asked: &Asked, said: &Explanation, reply: &Reply, received: &[Received], seen: &mut Seen, case: &str) {
    if let Some(refusal) = &said.refused {
        assert!(received.is_empty() && reply.status >= 400, "{case}");
        assert_eq!(without_digits(&message(reply)), without_digits(&refusal.message), "{case}");
        seen.refused += 1;
        return;
    }
    assert_eq!(
        reply.header("x-trunkline-attempts").is_some(),
        reply.status != 200 || received.len() > 1 || held(said).next().is_some(),
        "{case}"
    );
    let (resting, tries) = (held(said).count(), said.attempts.len());
    let trail = reply.header("x-trunkline-attempts").map_or_else(
        || vec![format!("{} served", who(&said.attempts[0]))],
        |trail| trail.split(", ").filter(|entry| !entry.ends_with(" more")).map(str::to_owned).collect(),
    );
    if resting + tries > TRAIL_MAX {
        return;
    }
    let (left_out, made) = trail.split_at_checked(resting).expect(case);
    assert_eq!(left_out, held(said).collect::<Vec<_>>(), "{case}");
    let mut asked_for = received.iter();
    let mut candidates = said.attempts.iter();
    let mut failed = Vec::new();
    for entry in made {
        // What failed for its target's sake is not tried with the target's other keys, nor once more.
        let (candidate, outcome) = candidates
            .by_ref()
            .find_map(|candidate| {
                let outcome = entry.strip_prefix(&format!("{} ", who(candidate)));
                let skipped = failed.contains(&target_of(candidate));
                assert!(outcome.is_some() || skipped, "{entry}: {case}");
                Some((candidate, outcome?))
            })
            .unwrap_or_else(|| panic!("{entry}: {case}"));
        failed.push(target_of(candidate));
        if matches!(outcome, "provider_rests" | "target_rests" | "key_rests" | "circuit_open") {
            continue;
        }
        if let Some(refusal) = &candidate.refused {
            assert_eq!((outcome, message(reply)), (&*refusal.kind, refusal.message.clone()), "{case}");
            seen.refused_before_sending += 1;
            continue;
        }
        let request = asked_for.next().expect(case);
        assert_eq!(format!("{}{}", provider_of(request), key_of(request)), label(candidate), "{case}");
        let client = asked.dialect.id().as_str();
        assert_eq!(dialect_of(request), candidate.dialect.as_deref().unwrap_or(client), "{case}");
        assert_eq!(candidate.lane.as_deref() == Some("bridged"), candidate.dialect.is_some(), "{case}");
        if outcome == "served" {
            let losses = candidate.losses.as_deref().expect(case).join(", ");
            assert_eq!(reply.header("x-trunkline-losses").unwrap_or_default(), losses, "{case}");
            seen.lost += u32::from(!losses.is_empty());
        }
        seen.bridged += u32::from(candidate.dialect.is_some());
    }
    assert_eq!(asked_for.next(), None, "{case}");
    let served = made.last().is_some_and(|entry| entry.ends_with(" served"));
    assert_eq!(served, reply.status == 200, "{case}");
    let given_up = candidates.any(|candidate| !failed.contains(&target_of(candidate))) && !served;
    assert!(!given_up || made.last().is_some_and(|entry| !entry.ends_with("_rests")), "{case}");
    seen.served += u32::from(served);
    seen.failed += u32::from(!served);
    seen.after_others += u32::from(served && made.len() > 1);
    seen.resting += u32::from(resting > 0);
    seen.cannot += u32::from(said.left_out.len() > resting);
    seen.regardless += u32::from(said.regardless);
}

/// Those who rest, as the header of attempts has them.
fn held(said: &Explanation) -> impl Iterator<Item = String> {
    let resting = said.left_out.iter().filter(|left| left.until_ms.is_some());
    resting.map(|left| format!("{} {}", who(&left.who), left.reason))
}

fn who(candidate: &Candidate) -> String {
    format!("{}/{}", label(candidate), candidate.upstream_model)
}

fn target_of(candidate: &Candidate) -> (&str, &str) {
    (&candidate.provider, &candidate.upstream_model)
}

fn label(candidate: &Candidate) -> &str {
    candidate.key.as_ref().unwrap_or(&candidate.provider)
}

/// The sentence in an error, in any dialect.
fn message(reply: &Reply) -> String {
    let body = reply.json();
    let error = body.get("error").cloned().unwrap_or_default();
    let text = error.get("message").unwrap_or(&error).as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("{} has no sentence", reply.body))
}

/// How long something rests is told to the second, and a second may end in between.
fn without_digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}
