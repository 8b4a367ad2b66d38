use std::sync::Arc;
use std::time::Duration;

use trunkline_config::{Env, ErrorAction, Overrides, Target, load};
use trunkline_wire::{Fault, FaultKind, RateLimits, UpstreamWords};

use super::*;

fn target(errors: &str, cooldown: &str) -> Arc<Target> {
    let document = format!(
        "[providers.p]\ntype = \"vllm\"\nbase_url = \"http://127.0.0.1:1\"\n{errors}\n\
         [models.m]\ntargets = [{{ provider = \"p\", model = \"u\"{cooldown} }}]\n"
    );
    let loaded = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]);
    loaded.expect("a right document").snapshot.models["m"].targets[0].clone()
}

fn fault(kind: FaultKind, status: u16, retry_after: Option<u64>) -> Fault {
    let mut fault = Fault::new(kind, "");
    fault.upstream = Some(Box::new(UpstreamWords { status, body: None, limits: RateLimits::default() }));
    fault.retry_after = retry_after.map(Duration::from_secs);
    fault
}

#[test]
fn a_status_goes_before_a_kind_and_a_kind_before_a_class() {
    let stated = target(
        "errors = { 5xx = \"provider_cooldown\", overloaded = \"route_failure\", 529 = \"retry\", 404 = \"pass_through\" }",
        "",
    );
    let of = |kind, status| action(&stated.provider, &fault(kind, status, None));
    assert_eq!(of(FaultKind::Overloaded, 529), ErrorAction::Retry);
    assert_eq!(of(FaultKind::Overloaded, 503), ErrorAction::RouteFailure);
    assert_eq!(of(FaultKind::UpstreamBroken, 500), ErrorAction::ProviderCooldown);
    assert_eq!(of(FaultKind::UpstreamRejected, 404), ErrorAction::PassThrough);
    assert_eq!(of(FaultKind::RateLimited, 429), ErrorAction::ModelKeyFailure, "the rest is as usual");
}

#[test]
fn what_fails_decides_who_rests_and_for_how_long() {
    let usual = target("", "");
    let check = |target: &Target, kind, status, retry_after, whose, seconds| {
        let fault = fault(kind, status, retry_after);
        let penalty = penalty(action(&target.provider, &fault), &fault, target);
        assert_eq!((penalty.whose, penalty.rest), (whose, Duration::from_secs(seconds)), "{kind:?}");
    };
    check(&usual, FaultKind::UpstreamAuth, 401, None, Some(Whose::Key), 60);
    check(&usual, FaultKind::UpstreamAuth, 403, None, Some(Whose::KeyForModel), 60);
    check(&usual, FaultKind::QuotaExhausted, 402, None, Some(Whose::Key), 3600);
    check(&usual, FaultKind::RateLimited, 429, None, Some(Whose::KeyForModel), 5);
    check(&usual, FaultKind::RateLimited, 429, Some(30), Some(Whose::KeyForModel), 30);
    check(&usual, FaultKind::RateLimited, 429, Some(u64::MAX), Some(Whose::KeyForModel), 24 * 3600);
    check(&usual, FaultKind::Overloaded, 503, None, Some(Whose::Target), 5);
    check(&usual, FaultKind::UpstreamBroken, 500, None, None, 0);
    let stated = target("key_cooldown = \"10s\"", ", cooldown = \"20s\"");
    check(&stated, FaultKind::UpstreamAuth, 401, None, Some(Whose::Key), 10);
    check(&stated, FaultKind::Overloaded, 503, None, Some(Whose::Target), 20);
    check(&stated, FaultKind::Overloaded, 503, Some(7), Some(Whose::Target), 7);
    let never = target("key_cooldown = \"0s\"", ", cooldown = \"0s\"");
    check(&never, FaultKind::RateLimited, 429, Some(30), Some(Whose::KeyForModel), 0);
    check(&never, FaultKind::Overloaded, 503, Some(30), Some(Whose::Target), 0);
}

#[test]
fn clients_own_keys_are_not_ours_to_lay_to_rest() {
    let theirs = target("auth = \"passthrough\"", "");
    for (kind, status) in [(FaultKind::RateLimited, 429), (FaultKind::QuotaExhausted, 402)] {
        let fault = fault(kind, status, Some(30));
        assert_eq!(penalty(action(&theirs.provider, &fault), &fault, &theirs).whose, None);
    }
}

#[test]
fn what_fails_tells_whether_its_target_lives() {
    let target = target("errors = { 418 = \"retry\" }", "");
    let tells = |kind, status| {
        let fault = fault(kind, status, None);
        penalty(action(&target.provider, &fault), &fault, &target).tells
    };
    assert_eq!(tells(FaultKind::UpstreamBroken, 500), Tells::Failure);
    assert_eq!(tells(FaultKind::UpstreamTimeout, 504), Tells::Failure);
    assert_eq!(tells(FaultKind::UpstreamRejected, 418), Tells::Failure);
    assert_eq!(tells(FaultKind::RateLimited, 429), Tells::Life);
    assert_eq!(tells(FaultKind::UpstreamRejected, 400), Tells::Life);
    assert_eq!(tells(FaultKind::Overloaded, 503), Tells::Nothing);
    assert_eq!(tells(FaultKind::Overloaded, 498), Tells::Nothing);
    let ours = Fault::new(FaultKind::InvalidRequest, "");
    assert_eq!(penalty(action(&target.provider, &ours), &ours, &target).tells, Tells::Nothing, "nobody was asked");
}

#[test]
fn what_an_operator_says_of_an_error_decides_whether_another_is_asked() {
    let target = target("errors = { 500 = \"pass_through\" }", "");
    let worth = |kind, status| is_worth_another_try(&target.provider, &fault(kind, status, None));
    assert!(worth(FaultKind::UpstreamBroken, 502) && worth(FaultKind::RateLimited, 429));
    assert!(!worth(FaultKind::UpstreamBroken, 500) && !worth(FaultKind::UpstreamRejected, 400));
}
