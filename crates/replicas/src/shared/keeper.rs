//! Keeps the link to the server: connects, gives signs of life, tells what requests took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use trunkline_route::Moment;

use super::link::{Link, Lost};
use super::owed::Item;
use super::purse::{Inner, SharedPurse, Way};
use super::script::{Reply, Verdict};
use crate::here::now;

/// What is told at once. Bounds the wait for one answer.
const TOLD_AT_ONCE: usize = 256;
/// How often a server that does not answer is tried again.
pub(super) const RETRY_EVERY: Duration = Duration::from_millis(250);
/// The longest wait for an answer that no request waits for.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Accounts that are looked at with every sign of life. Bounds what that costs the server; those that others used last are
/// left out when there are more.
const LOOKED_AT_MAX: usize = 1_000;

/// What the registry answers: whether the asker is there, how many are, what it was told last by the name before, the time,
/// and which accounts were used since the asker looked last.
type Registered = (u8, u32, u64, u64, Vec<String>);

impl SharedPurse {
    /// Tries once to get to the server, for no longer than a request would wait.
    pub async fn connect(&self) {
        self.0.come_back().await;
    }

    /// Keeps the link until dropped.
    pub async fn keep(self) {
        let mut is_told = false;
        loop {
            if self.0.is_linked() || self.0.come_back().await {
                if std::mem::take(&mut is_told) {
                    tracing::info!("limits are shared with the other replicas again");
                }
                self.0.stay().await;
                continue;
            }
            // Each run of failures is told once.
            if let (Some(problem), false) = (self.problem(), is_told) {
                tracing::warn!(problem, "limits are not shared: this replica works on its part of them");
                is_told = true;
            }
            sleep(RETRY_EVERY).await;
        }
    }

    /// Tells what is untold and says goodbye, so that nothing is held until the silence is noticed.
    pub async fn leave(&self) {
        if let Some(link) = self.0.linked() {
            // Who cannot be told finds out.
            let _ = timeout(PATIENCE, self.0.tell_all(&link)).await;
            let goodbye = link.asker(&self.0.names, &self.0.timings, now()).leave();
            let _ = link.ask::<Registered>(&goodbye, PATIENCE).await;
        }
    }
}

impl Inner {
    fn linked(&self) -> Option<Link> {
        match &*self.way.borrow() {
            Way::Together(link) => Some(link.clone()),
            Way::Alone(_) | Way::Returning => None,
        }
    }

    pub(super) fn is_linked(&self) -> bool {
        self.linked().is_some()
    }

    /// Connects and tells what the server does not know. Says whether it is asked from now on.
    async fn come_back(&self) -> bool {
        match self.try_to_come_back().await {
            Ok(link) => {
                self.book().is_told();
                self.way.send_replace(Way::Together(link));
                true
            }
            Err(lost) => {
                self.book().is_alone = true;
                self.way.send_replace(Way::Alone(lost.to_string().into()));
                false
            }
        }
    }

    async fn try_to_come_back(&self) -> Result<Link, Lost> {
        let before = self.book().name.clone();
        let link = Link::connect(&self.client, &self.texts, self.next_name(&before), PATIENCE).await?;
        let join = link.asker(&self.names, &self.timings, now()).join(&before);
        let (_, replicas, told, _, _): Registered = link.ask(&join, PATIENCE).await?;
        self.book().come_back(link.name.clone(), told, replicas);
        self.way.send_replace(Way::Returning);
        self.tell_all(&link).await?;
        Ok(link)
    }

    /// The name before with its number counted on.
    fn next_name(&self, before: &str) -> String {
        let number = before.rsplit_once('.').and_then(|(_, number)| number.parse::<u64>().ok()).unwrap_or_default();
        format!("{}.{}", self.replica, number + 1)
    }

    /// Stays in touch until the link is lost.
    async fn stay(&self) {
        let (mut seen_at, mut looked) = (Instant::now(), Moment(0));
        while let Some(link) = self.linked() {
            let until_beat = self.timings.beat.saturating_sub(seen_at.elapsed());
            // Whichever comes first.
            let _ = timeout(until_beat, self.wake.notified()).await;
            let mut kept = self.tell_all(&link).await;
            if seen_at.elapsed() >= self.timings.beat && kept.is_ok() {
                kept = self.beat(&link, &mut looked).await;
                seen_at = Instant::now();
            }
            if let Err(lost) = kept {
                self.fall(&link.name, &lost);
            }
        }
    }

    /// Gives a sign of life, and looks at the accounts that were used since `looked`.
    async fn beat(&self, link: &Link, looked: &mut Moment) -> Result<(), Lost> {
        let asker = link.asker(&self.names, &self.timings, now());
        let beat = asker.beat(*looked, LOOKED_AT_MAX);
        let (is_there, replicas, _, at, used): Registered = link.ask(&beat, PATIENCE).await?;
        if is_there == 0 {
            return Err(Lost::Stranger);
        }
        self.book().replicas = replicas.max(1);
        let keys: Vec<Arc<str>> = used.iter().filter_map(|account| self.names.key_of(account)).map(Arc::from).collect();
        if !keys.is_empty() {
            let mut all = redis::pipe();
            for key in &keys {
                all.add_command(asker.look(key));
            }
            let replies: Vec<Reply> = link.ask_all(&all, PATIENCE).await?;
            let mut book = self.book();
            keys.iter().zip(&replies).for_each(|(key, reply)| book.see(key, reply.picture));
        }
        *looked = Moment(at);
        Ok(())
    }

    async fn tell_all(&self, link: &Link) -> Result<(), Lost> {
        loop {
            let (items, is_full) = {
                let book = self.book();
                (book.next(TOLD_AT_ONCE), book.is_full())
            };
            let Some((last, _)) = items.last() else { return Ok(()) };
            if is_full {
                return Err(Lost::Full);
            }
            let asker = link.asker(&self.names, &self.timings, now());
            let mut all = redis::pipe();
            for (turn, item) in &items {
                all.add_command(match item {
                    Item::Settled(settled) => link.asker(&self.names, &self.timings, settled.at).settle(settled, *turn),
                    Item::Owed(owed) => asker.catch_up(owed, *turn),
                });
            }
            let replies: Vec<Reply> = link.ask_all(&all, PATIENCE).await?;
            for ((turn, item), reply) in items.iter().zip(&replies) {
                match (item, reply.verdict) {
                    (Item::Owed(owed), Verdict::Unknown) => {
                        // What the ledger says has all of it that was recorded.
                        let mut owed = owed.clone();
                        owed.born = -1;
                        self.begin(link, &owed.key, now()).await.ok_or(Lost::NoPast)?;
                        let reply: Reply = link.ask(&asker.catch_up(&owed, *turn), PATIENCE).await?;
                        self.book().see(&owed.key, reply.picture);
                    }
                    (Item::Settled(_) | Item::Owed(_), _) => self.book().see(item.key(), reply.picture),
                }
            }
            self.book().told(*last);
            self.told.send_replace(*last);
        }
    }
}
