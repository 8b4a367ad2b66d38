//! Every way in which a provider fails, in every dialect of providers and of clients, alone and with another to turn to.

#[cfg(test)]
mod cell;
#[cfg(test)]
mod client;
#[cfg(test)]
mod expected;
#[cfg(test)]
mod page;
#[cfg(test)]
mod stream;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trunkline_testkit::{Gateway, faulty};

use crate::cell::{Cell, document};
use crate::page::Page;

/// Requests at one time.
const AT_ONCE: usize = 24;
/// Failures shown; the first tell enough.
const SHOWN: usize = 40;

#[tokio::test]
async fn every_client_survives_every_trouble() {
    let upstream = Arc::new(faulty::upstream().await);
    let cells = Cell::all();
    let gateway = Gateway::start(&document(&cells, &upstream));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut asked = JoinSet::new();
    for cell in cells.iter().copied() {
        let (places, upstream, address) = (Arc::clone(&places), Arc::clone(&upstream), gateway.address());
        asked.spawn(async move {
            let _place = places.acquire().await.expect("never closed");
            (cell, cell.ask(address, &upstream).await)
        });
    }
    let mut page = Page::default();
    let mut wrong = Vec::new();
    while let Some(done) = asked.join_next().await {
        let (cell, seen) = done.expect("asked");
        match seen {
            Ok(seen) if seen == cell.expected() => page.add(cell, &seen),
            Ok(seen) => wrong.push(format!("{cell}: {seen:?}, not {:?}", cell.expected())),
            Err(why) => wrong.push(format!("{cell}: {}", why.chars().take(300).collect::<String>())),
        }
    }
    let reports = gateway.reports(cells.len()).await;
    let mut outcomes: HashMap<String, Vec<_>> = HashMap::new();
    for report in &reports {
        let model = report.model.as_deref().unwrap_or_default().to_owned();
        outcomes.entry(model).or_default().push((report.outcome, report.stream));
    }
    for cell in &cells {
        let found = outcomes.remove(&cell.model()).unwrap_or_default();
        if found != [(cell.meaning().outcome(), cell.streamed)] {
            wrong.push(format!("{cell}: reported as {found:?}"));
        }
    }
    wrong.sort();
    let shown = wrong.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} cells are wrong:\n{shown}", wrong.len(), cells.len());
    page.check();
}
