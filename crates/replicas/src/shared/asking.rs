//! How the server is asked whether a request may be let in, and what is done when it does not answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use trunkline_config::Allowance;
use trunkline_providers::Usd;
use trunkline_route::purse::{Admitted, Counted, Reckoned, Refused, share};
use trunkline_route::{Moment, Purse as _};

use super::link::{Link, Lost};
use super::purse::{Inner, Way};
use super::script::{Reply, Verdict};
use crate::here::answer;

/// Longest wait for the ledger to say what was spent with a key that the server does not know yet.
const PAST_TIMEOUT: Duration = Duration::from_secs(2);

impl Inner {
    /// The link, once the server knows everything; `None` when it cannot be asked in time.
    async fn link(&self) -> Option<Link> {
        let mut way = self.way.subscribe();
        let settled = timeout(self.timings.deadline, way.wait_for(|way| !matches!(way, Way::Returning))).await;
        match &*settled.ok()?.ok()? {
            Way::Together(link) => Some(link.clone()),
            Way::Alone(_) | Way::Returning => None,
        }
    }

    /// Works alone from now on, until the server is back.
    pub(super) fn fall(&self, name: &str, why: &Lost) {
        let fell = self.way.send_if_modified(|way| match way {
            Way::Together(link) if link.name == name => {
                *way = Way::Alone(why.to_string().into());
                true
            }
            Way::Alone(_) | Way::Returning | Way::Together(_) => false,
        });
        if fell {
            self.book().is_alone = true;
            self.wake.notify_one();
        }
    }

    /// Asks for a reply over this link; without it this replica works alone from now on.
    async fn reply(&self, link: &Link, cmd: &redis::Cmd) -> Option<Reply> {
        let answer = link.ask::<Reply>(cmd, self.timings.deadline).await;
        let answer = answer.and_then(|reply| match reply.verdict {
            Verdict::Stranger => Err(Lost::Stranger),
            Verdict::LetIn
            | Verdict::Short(_)
            | Verdict::Parallel
            | Verdict::Requests(_)
            | Verdict::Tokens(_)
            | Verdict::Unknown => Ok(reply),
        });
        answer.inspect_err(|lost| self.fall(&link.name, lost)).ok()
    }

    pub(super) async fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        reckoned: Reckoned,
        now: Moment,
    ) -> Result<Admitted, Refused> {
        match self.admit_together(key, allowance, reckoned, now).await {
            Some(answer) => answer,
            None => self.admit_alone(key, allowance, reckoned, now),
        }
    }

    async fn admit_together(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        reckoned: Reckoned,
        now: Moment,
    ) -> Option<Result<Admitted, Refused>> {
        let link = self.link().await?;
        self.own_are_told(&link, key).await?;
        let cmd = link.asker(&self.names, &self.timings, now).admit(key, allowance, reckoned);
        let mut reply = self.reply(&link, &cmd).await?;
        if reply.verdict == Verdict::Unknown {
            // Those who come at the same time find the account begun.
            let _one = self.beginning.lock().await;
            reply = self.reply(&link, &cmd).await?;
            if reply.verdict == Verdict::Unknown {
                self.begin(&link, key, now).await?;
                reply = self.reply(&link, &cmd).await?;
            }
        }
        let Reply { verdict, picture } = reply;
        let mut book = self.book();
        book.see(key, picture);
        if verdict == Verdict::LetIn {
            let counted = |ticket| picture.counted(ticket, allowance, reckoned);
            let counted = book.let_in(key, counted, &link.name);
            return Some(Ok(picture.admitted(counted, allowance)));
        }
        picture.refused(verdict, allowance, reckoned.cost).map(Err)
    }

    /// Waits until what was settled of this key counts: whoever asks again after an answer finds what that left.
    async fn own_are_told(&self, link: &Link, key: &str) -> Option<()> {
        let turn = self.book().turn(key);
        if turn == 0 {
            return Some(());
        }
        let (mut told, mut way) = (self.told.subscribe(), self.way.subscribe());
        let waited = async {
            tokio::select! {
                told = told.wait_for(|told| *told >= turn) => told.is_ok(),
                _ = way.wait_for(|way| matches!(way, Way::Alone(_))) => false,
            }
        };
        let waited = timeout(self.timings.deadline, waited).await;
        let waited = waited.inspect_err(|_late| self.fall(&link.name, &Lost::Late(self.timings.deadline)));
        waited.ok()?.then_some(())
    }

    /// Begins an account that the server does not know with what the ledger knows.
    pub(super) async fn begin(&self, link: &Link, key: &Arc<str>, now: Moment) -> Option<Reply> {
        let spent = timeout(PAST_TIMEOUT, self.past.spent(key, now)).await.ok()?.ok()?;
        self.reply(link, &link.asker(&self.names, &self.timings, now).found(key, &spent)).await
    }

    pub(super) fn admit_alone(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        reckoned: Reckoned,
        now: Moment,
    ) -> Result<Admitted, Refused> {
        let known = self.known.of(key, now);
        let (alone, share) = self.book().share(key, allowance, &known, now);
        let admitted = answer(alone.admit(key, &Arc::new(share), reckoned, now));
        let admitted = admitted.map_err(|refused| share::in_full(refused, allowance))?;
        let counted = self.book().let_in_alone(key, alone, admitted.counted);
        Ok(Admitted { counted, ..admitted })
    }

    pub(super) async fn raise(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        counted: &Counted,
        cost: Usd,
        now: Moment,
    ) -> Result<Counted, Refused> {
        match self.raise_together(key, allowance, counted, cost, now).await {
            Some(answer) => answer,
            None => self.raise_alone(key, allowance, counted, cost, now),
        }
    }

    async fn raise_together(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        counted: &Counted,
        cost: Usd,
        now: Moment,
    ) -> Option<Result<Counted, Refused>> {
        let reserved = counted.reserved?;
        let link = self.link().await?;
        let cmd = link.asker(&self.names, &self.timings, now).raise(key, allowance, &reserved, cost);
        let Reply { verdict, picture } = self.reply(&link, &cmd).await?;
        if verdict == Verdict::LetIn {
            let mut book = self.book();
            book.see(key, picture);
            let raised = Counted { reserved: Some(picture.reserved_now(cost)), ..*counted };
            book.raised(key, *counted, raised, &link.name);
            drop(book);
            self.wake.notify_one();
            return Some(Ok(raised));
        }
        // The picture of a refusal is without what is set aside for this request, which is not so for others.
        picture.refused(verdict, allowance, Some(cost)).map(Err)
    }

    pub(super) fn raise_alone(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        counted: &Counted,
        cost: Usd,
        now: Moment,
    ) -> Result<Counted, Refused> {
        let known = self.known.of(key, now);
        let (open, (alone, mut share)) = {
            let book = self.book();
            (book.open(counted.ticket), book.share(key, allowance, &known, now))
        };
        let (alone, raised) = match open.and_then(|(_, alone)| alone) {
            Some((accounts, before)) => {
                let raised = answer(accounts.raise(key, &Arc::new(share), &before, Some(cost), now));
                (accounts, raised)
            }
            // It was let in long ago, and only what it costs is asked about.
            None => {
                (share.requests_per_minute, share.tokens_per_minute, share.parallel_requests) = (None, None, None);
                let reckoned = Reckoned { tokens: 0, cost: Some(cost) };
                let admitted = answer(alone.admit(key, &Arc::new(share), reckoned, now));
                (alone, admitted.map(|admitted| admitted.counted))
            }
        };
        let raised = raised.map_err(|refused| share::in_full(refused, allowance))?;
        // One that is over by now has nothing set aside any more.
        Ok(self.book().raised_alone(counted.ticket, alone, raised).unwrap_or(*counted))
    }
}
