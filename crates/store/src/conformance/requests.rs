//! Finding requests.

use trunkline_route::{Outcome, Report};

use super::{open, refused, served};
use crate::{Store, Wanted};

async fn found(store: &Store, wanted: Wanted) -> Vec<u128> {
    store.requests(&wanted).await.unwrap().requests.iter().map(|request| request.id).collect()
}

pub(super) async fn the_newest_are_found_by_what_they_have_in_common_page_by_page(place: &str) {
    let (store, mut writer) = open(place).await;
    let text = |text: &str| Some(text.to_owned());
    let left = Report { outcome: Outcome::ClientLeft, ..served(9) };
    let mine = Report { client_key: Some("mine".into()), model: Some("m".into()), ..served(8) };
    let theirs = Report { provider: Some("theirs".into()), ..served(7) };
    let all = [refused(1), served(4), theirs, mine, left];
    let [oldest, second, theirs, mine, left] = all.each_ref().map(|report| report.id);
    let since = all[2].at_ms;
    writer.append(&all).await.unwrap();
    let many = || Wanted { limit: u32::MAX, ..Wanted::default() };
    let cases = [
        (many(), vec![left, mine, theirs, second, oldest]),
        (Wanted { outcome: text("failed"), ..many() }, vec![oldest]),
        (Wanted { outcome: text("client_left"), ..many() }, vec![left]),
        (Wanted { text: text("HEIR"), ..many() }, vec![theirs]),
        (Wanted { text: text("llama-3.3-70B"), ..many() }, vec![left, mine, theirs, second]),
        (Wanted { text: text("m%e"), ..many() }, vec![]),
        (Wanted { client_key: text("mine"), ..many() }, vec![mine]),
        (Wanted { model: text("m"), ..many() }, vec![mine]),
        (Wanted { model: text("m"), outcome: text("failed"), ..many() }, vec![]),
        (Wanted { provider: text("theirs"), ..many() }, vec![theirs]),
        (Wanted { provider: text("nobody"), ..many() }, vec![]),
        (Wanted { since_ms: Some(since), ..many() }, vec![left, mine, theirs]),
        (Wanted { until_ms: Some(since), ..many() }, vec![second, oldest]),
    ];
    for (wanted, expected) in cases {
        assert_eq!(found(&store, wanted.clone()).await, expected, "{wanted:?}");
    }
    let first = store.requests(&Wanted { limit: 2, ..Wanted::default() }).await.unwrap();
    assert_eq!(first.requests.iter().map(|request| request.id).collect::<Vec<_>>(), [left, mine]);
    assert!(first.next.is_some());
    let rest = store.requests(&Wanted { limit: 3, after: first.next, ..Wanted::default() }).await.unwrap();
    assert_eq!(rest.requests.iter().map(|request| request.id).collect::<Vec<_>>(), [theirs, second, oldest]);
    assert_eq!(rest.next, None, "there are no more");
    assert_eq!(found(&store, Wanted::default()).await, [left], "a page has one at least");
}

pub(super) async fn one_is_found_by_its_id(place: &str) {
    let (store, mut writer) = open(place).await;
    // Three of one millisecond.
    let all = [served(3), served(4), served(5)];
    writer.append(&all).await.unwrap();
    for report in &all {
        assert_eq!(store.request(report.id).await.unwrap(), Some(super::stored(report)));
    }
    assert_eq!(store.request(served(6).id).await.unwrap(), None);
    assert_eq!(store.request(u128::MAX).await.unwrap(), None);
}
