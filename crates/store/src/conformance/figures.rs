//! What every store must tell of its sums.

use trunkline_providers::Usd;
use trunkline_route::{Outcome, Report};
use trunkline_wire::{FaultKind, ir};

use super::{check, given_again, id, open, refused, served};
use crate::{Dimension, Figures, Period, Question, Store};

/// What the figures are of these reports.
pub(super) async fn check_sums(store: &Store, reports: &[Report]) {
    let total = store.figures(&Question::default()).await.unwrap();
    let used = || reports.iter().filter(|report| !report.cached);
    let sum = |of: fn(&Report) -> u64| used().map(of).sum::<u64>();
    let money = |of: fn(&Report) -> Option<Usd>| reports.iter().filter_map(of).map(Usd::nano).sum::<i64>();
    let count = |of: fn(&Report) -> bool| reports.iter().filter(|report| of(report)).count() as u64;
    let expected = Figures {
        requests: reports.len() as u64,
        errors: count(|report| matches!(report.outcome, Outcome::Failed(_))),
        client_left: count(|report| report.outcome == Outcome::ClientLeft),
        cached: count(|report| report.cached),
        inexact: count(|report| report.quality.is_some_and(|quality| quality != ir::Quality::Exact)),
        unknown_cost: count(|report| report.quality.is_some() && report.cost.is_none()),
        input_tokens: sum(|report| report.usage.input),
        cache_read_tokens: sum(|report| report.usage.cache_read),
        cache_write_tokens: sum(|report| report.usage.cache_write),
        output_tokens: sum(|report| report.usage.output),
        reasoning_tokens: sum(|report| report.usage.reasoning),
        audio_input_tokens: sum(|report| report.usage.audio_input),
        audio_output_tokens: sum(|report| report.usage.audio_output),
        cost_nusd: money(|report| report.cost),
        saved_nusd: money(|report| report.saved),
        ..Figures::default()
    };
    let [told] = <[Figures; 1]>::try_from(total).unwrap();
    assert_eq!(Figures { total: expected.total, first_byte: expected.first_byte, ..told }, expected);
    use Dimension::{ClientKey, Model, Provider, UpstreamModel};
    let by = [None, Some(ClientKey), Some(Model), Some(Provider), Some(UpstreamModel)];
    let per = [None, Some(Period::Hour), Some(Period::Day)];
    for (by, per) in by.into_iter().flat_map(|by| per.map(|per| (by, per))) {
        // Days that begin elsewhere are added up from hours.
        let question = Question { by, per, zone_minutes: 60, ..Question::default() };
        let groups = store.figures(&question).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.requests).sum::<u64>(), reports.len() as u64, "{by:?} {per:?}");
        assert_eq!(groups.iter().map(|group| group.cost_nusd).sum::<i64>(), expected.cost_nusd, "{by:?} {per:?}");
    }
}

pub(super) async fn sums_are_those_of_the_rows_also_when_a_batch_is_tried_again(place: &str) {
    let (store, mut writer) = open(place).await;
    let unpriced = |n| Report { cost: None, quality: Some(ir::Quality::Estimated), ..served(n) };
    let left = |n| Report { outcome: Outcome::ClientLeft, quality: Some(ir::Quality::Partial), ..served(n) };
    let kinds = [served, unpriced, refused, left, given_again];
    let mut all: Vec<_> = (0..700).map(|n| kinds[n as usize % kinds.len()](n)).collect();
    // Days later, and much of it.
    all.extend((700..800).map(|n| Report { at_ms: 1_790_400_000_000 + n * 3_600_000, ..served(n) }));
    all.iter_mut().for_each(|report| report.id = id(report.at_ms, 7, report.id as u64 & 0xffff));
    writer.append(&all[..300]).await.unwrap();
    check_sums(&store, &all[..300]).await;
    writer.append(&all[..300]).await.unwrap();
    check_sums(&store, &all[..300]).await;
    writer.append(&all[150..]).await.unwrap();
    writer.append(&all).await.unwrap();
    check_sums(&store, &all).await;
    check(&store, all).await;
}

pub(super) async fn a_claim_beyond_all_reason_spoils_no_sum(place: &str) {
    let (store, mut writer) = open(place).await;
    let largest = |n| Report {
        usage: ir::Usage { input: u64::MAX, ..ir::Usage::default() },
        total_us: u64::MAX,
        cost: Some(Usd::from_nano(i64::MAX)),
        ..served(n)
    };
    let all: Vec<_> = (0..20).map(largest).collect();
    writer.append(&all[..10]).await.unwrap();
    writer.append(&all[10..]).await.unwrap();
    let [told] = <[Figures; 1]>::try_from(store.figures(&Question::default()).await.unwrap()).unwrap();
    assert_eq!((told.requests, told.input_tokens, told.cost_nusd), (20, 20 << 40, 20 << 50));
}

pub(super) async fn figures_are_told_apart_filtered_and_cut_where_days_begin(place: &str) {
    let (store, mut writer) = open(place).await;
    // 2026-10-01 00:00 UTC; hours before and after it.
    let midnight_ms = 1_790_812_800_000_u64;
    let at = |n: u64, hour: i64, key: &str, model: &str| {
        let at_ms = midnight_ms.checked_add_signed(hour * 3_600_000).unwrap();
        let names = (Some(key.into()), Some(model.into()));
        Report { at_ms, id: id(at_ms, 7, n), client_key: names.0, model: names.1, ..served(0) }
    };
    let unknown = Report { outcome: Outcome::Failed(FaultKind::ModelNotFound), ..at(6, 5, "b", "nonsense") };
    let all = [
        at(1, -26, "a", "x"),
        at(2, -3, "a", "x"),
        at(3, -1, "b", "y"),
        at(4, 0, "a", "y"),
        at(5, 4, "b", "x"),
        unknown,
    ];
    writer.append(&all).await.unwrap();
    let midnight_s = (midnight_ms / 1_000) as i64;
    let told = async |question: Question| {
        let of = |group: Figures| {
            let name = group.name.unwrap_or_else(|| "-".to_owned());
            (name, group.start_s.map(|start_s| (start_s - midnight_s) / 3_600), group.requests)
        };
        store.figures(&question).await.unwrap().into_iter().map(of).collect::<Vec<_>>()
    };
    let row = |name: &str, start: Option<i64>, requests| (name.to_owned(), start, requests);
    let plain = Question::default;
    let by = |by| Question { by: Some(by), ..plain() };
    assert_eq!(told(by(Dimension::ClientKey)).await, [row("a", None, 3), row("b", None, 3)]);
    let models = told(by(Dimension::Model)).await;
    assert_eq!(models, [row("x", None, 3), row("y", None, 2), row("-", None, 1)]);
    let days = Question { per: Some(Period::Day), ..plain() };
    assert_eq!(told(days.clone()).await, [row("-", Some(-48), 1), row("-", Some(-24), 2), row("-", Some(0), 3)]);
    let berlin = Question { zone_minutes: 120, ..days.clone() };
    assert_eq!(told(berlin).await, [row("-", Some(-26), 2), row("-", Some(-2), 4)]);
    let new_york = Question { zone_minutes: -240, ..days };
    assert_eq!(told(new_york).await, [row("-", Some(-44), 1), row("-", Some(-20), 3), row("-", Some(4), 2)]);
    let since = Question { since_s: Some(midnight_s - 3_600), until_s: Some(midnight_s + 3_600), ..plain() };
    assert_eq!(told(since.clone()).await, [row("-", None, 2)]);
    let hours = Question { per: Some(Period::Hour), by: Some(Dimension::Model), ..since };
    assert_eq!(told(hours).await, [row("y", Some(-1), 1), row("y", Some(0), 1)]);
    let only =
        Question { client_key: Some("a".into()), model: Some("x".into()), provider: Some("groq".into()), ..plain() };
    assert_eq!(told(only.clone()).await, [row("-", None, 2)]);
    assert_eq!(told(Question { model: Some("nobody's".into()), ..only }).await, []);
}

pub(super) async fn latency_is_told_from_the_sums(place: &str) {
    let (store, mut writer) = open(place).await;
    let of =
        |n: u64| Report { total_us: n * 10_000, first_byte_us: n.is_multiple_of(2).then_some(n * 1_000), ..served(n) };
    writer.append(&(1..=100).map(of).collect::<Vec<_>>()).await.unwrap();
    let [told] = <[Figures; 1]>::try_from(store.figures(&Question::default()).await.unwrap()).unwrap();
    assert_eq!((told.total.mean_us, told.first_byte.mean_us), (505_000, 51_000));
    for (told, truth) in [(told.total.p50_us, 500_000), (told.total.p95_us, 950_000), (told.first_byte.p95_us, 95_000)]
    {
        assert!((truth * 2 / 3..truth * 3 / 2).contains(&told), "{told} for {truth}");
    }
}

/// Each batch adds to the end of what its hour and day have; that must neither grow without end nor lose anything.
pub(super) async fn latency_of_many_batches_stays_short_and_right(place: &str) {
    let (store, mut writer) = open(place).await;
    // From 2 ms to beyond the last span, each with as many first bytes.
    let of =
        |n: u64| Report { total_us: 2_000 << (n % 20), first_byte_us: Some(1_500 << (n % 20)), at_ms: 5, ..served(n) };
    let all: Vec<_> = (0..2_000).map(|n| Report { id: id(5, 7, n), ..of(n) }).collect();
    for batch in all.chunks(50) {
        writer.append(batch).await.unwrap();
    }
    let longest = "SELECT CAST(max(length(spans)) AS BIGINT) FROM usage_days";
    let longest: i64 = store.fetch(longest, &[]).await.unwrap()[0].get(0).unwrap();
    assert!((100..=1_024).contains(&longest), "{longest}");
    writer.append(&all[..50]).await.unwrap();
    let [told] = <[Figures; 1]>::try_from(store.figures(&Question::default()).await.unwrap()).unwrap();
    assert_eq!(told.requests, 2_000);
    for (told, truth) in [(told.total.p50_us, 2_000 << 10), (told.first_byte.p50_us, 1_500 << 10)] {
        assert!((truth / 2..truth * 3 / 2).contains(&told), "{told} for {truth}");
    }
}
