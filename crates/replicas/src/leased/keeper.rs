//! Gives signs of life, tells what was spent, and gives back what is not needed.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use trunkline_store::{LeaseTable, Present};

use super::purse::{Inner, LeasedPurse, Refusal};
use crate::here::now;

/// The longest wait for an answer that no request waits for.
const PATIENCE: Duration = Duration::from_secs(5);

impl LeasedPurse {
    /// Comes to the others. A database that does not answer is asked again by [`LeasedPurse::keep`].
    pub async fn connect(&self) {
        let mut table = self.0.table.lock().await;
        self.0.heed(timeout(PATIENCE, table.join()).await.map(|joined| joined.map_err(Refusal::from)));
    }

    /// Keeps in touch until dropped.
    pub async fn keep(self) {
        loop {
            sleep(self.0.timings.beat).await;
            let mut table = self.0.table.lock().await;
            self.0.heed(timeout(PATIENCE, table.beat()).await.map(|beat| beat.map_err(Refusal::from)));
            if self.0.problem().is_some() {
                continue;
            }
            if let Err(refusal) =
                timeout(PATIENCE, self.0.tell(&mut table)).await.unwrap_or(Err(Refusal::Late(PATIENCE)))
            {
                self.0.fall(&refusal);
            }
        }
    }

    /// Tells what is untold and gives back everything.
    pub async fn leave(&self) {
        let goodbye = async {
            let mut table = self.0.table.lock().await;
            // Who cannot be told finds out.
            let _ = self.0.tell(&mut table).await;
            let _ = table.leave().await;
        };
        let _ = timeout(PATIENCE, goodbye).await;
    }
}

impl Inner {
    /// Takes up who is there, or that nobody answers.
    fn heed(&self, present: Result<Result<Present, Refusal>, tokio::time::error::Elapsed>) {
        match present.unwrap_or(Err(Refusal::Late(PATIENCE))) {
            Ok(Present { now_ms, replicas }) => {
                if self.problem().take().is_some() {
                    tracing::info!("budgets are leased again");
                }
                let mut holdings = self.holdings();
                let ahead_ms = i64::try_from(now_ms).unwrap_or_default() - i64::try_from(now().0).unwrap_or_default();
                let changed = holdings.replicas != replicas.max(1) || holdings.is_alone;
                (holdings.replicas, holdings.ahead_ms, holdings.is_alone) = (replicas.max(1), ahead_ms, false);
                if changed {
                    holdings.reckon_anew();
                }
            }
            Err(refusal) => self.fall(&refusal),
        }
    }

    async fn tell(&self, table: &mut LeaseTable) -> Result<(), Refusal> {
        let keys = self.holdings().keys();
        for key in keys {
            let wants = {
                let mut holdings = self.holdings();
                let at = holdings.now(now());
                holdings.leftovers(&key, at)
            };
            if !wants.is_empty() {
                self.exchange(table, &key, wants, PATIENCE).await?;
            }
        }
        Ok(())
    }
}
