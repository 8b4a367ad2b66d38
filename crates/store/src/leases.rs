//! Which part of a budget each replica may spend without asking.
//!
//! What is spent and what is leased together never exceed a budget: whoever leases more holds the row of its period meanwhile.

use std::path::Path;

use crate::StoreError;
use crate::conn::{Conn, Value, count};
use crate::migrate::TAKE_TURNS;
use crate::place::Place;
use crate::writer::Sync;

const NOW_SQLITE: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const NOW_POSTGRES: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

/// What was counted before anybody was there may be of long ago; the sums of the ledger are not.
const FORGET: [&str; 2] = ["DELETE FROM budget_spent", "DELETE FROM budget_leases"];
const SIGN: &str = "INSERT INTO replicas (id, seen_ms) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms";
const THERE: &str = "SELECT count(*) FROM replicas WHERE seen_ms >= $1";
const BURY: &str = "DELETE FROM replicas WHERE seen_ms < $1";
const LEAVE: &str = "DELETE FROM replicas WHERE id = $1";
const RETURN: &str = "DELETE FROM budget_leases WHERE replica = $1";

const BEGIN: &str = "INSERT INTO budget_spent (client_key, period, from_ms, spent_nusd) VALUES ($1, $2, $3, $4)
    ON CONFLICT (client_key, period) DO NOTHING";
const ROLL: &str = "UPDATE budget_spent SET from_ms = $3, spent_nusd = 0
    WHERE client_key = $1 AND period = $2 AND from_ms < $3";
const IS_KNOWN: &str = "SELECT 1 AS one FROM budget_spent WHERE client_key = $1 AND period = $2";
/// Whoever else wants to change something of this period waits from here on.
const SPEND: &str = "UPDATE budget_spent SET spent_nusd = spent_nusd + $4
    WHERE client_key = $1 AND period = $2 AND from_ms = $3 RETURNING spent_nusd";
/// Leases of periods that are over, and of those who are gone.
const DROP: &str = "DELETE FROM budget_leases WHERE client_key = $1 AND period = $2
    AND (from_ms <> $3 OR replica NOT IN (SELECT id FROM replicas WHERE seen_ms >= $4))";
const LEASED: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN replica = $3 THEN leased_nusd ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(SUM(CASE WHEN replica = $3 THEN 0 ELSE leased_nusd END), 0) AS BIGINT)
    FROM budget_leases WHERE client_key = $1 AND period = $2";
const LEASE: &str = "INSERT INTO budget_leases (client_key, period, replica, from_ms, leased_nusd) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (client_key, period, replica) DO UPDATE SET from_ms = excluded.from_ms, leased_nusd = excluded.leased_nusd";

/// The leases of one replica. One task asks at a time.
#[derive(Debug)]
pub struct LeaseTable {
    place: Place,
    replica: String,
    /// A replica that was silent for so long is gone.
    silence_ms: u64,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// The server's time, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// Replicas that gave a sign of life, this one included.
    pub replicas: u32,
}

/// What a replica tells of one period of a key, and wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// Its kind: 0 hour, 1 day, 2 week, 3 month, 4 for good.
    pub period: u8,
    /// When it began.
    pub from_ms: u64,
    /// What was spent before anybody here knew: counts where nothing is known yet.
    pub before_nusd: Option<i64>,
    /// What this replica has spent since it told last.
    pub spent_nusd: i64,
    /// What it does not need any more.
    pub back_nusd: i64,
    /// What it needs more, at least.
    pub more_nusd: i64,
    /// The whole budget.
    pub limit_nusd: i64,
}

/// What is so with it now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leased {
    /// What all have told that they spent.
    pub spent_nusd: i64,
    /// What others may still spend.
    pub others_nusd: i64,
    /// What this replica may still spend.
    pub own_nusd: i64,
}

/// What came of telling and asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// For each want what is so now; `None` where its period is over.
    Done(Vec<Option<Leased>>),
    /// Nothing: of one of them it is not known what was spent before.
    Unknown,
}

impl LeaseTable {
    /// The table in the database at `place`, a path or a URL. It connects when it is first asked.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>, replica: String, silence_ms: u64) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, replica, silence_ms, open: None })
    }

    /// Whether others may be there: a file has one process.
    pub fn is_shared(&self) -> bool {
        self.place.is_server()
    }

    /// Comes. Where nobody else is there, what was counted before is forgotten: the ledger knows it.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn join(&mut self) -> Result<Present, StoreError> {
        let mut conn = self.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        let present = self.join_alone(&mut conn).await.map_err(StoreError::Write)?;
        conn.commit().await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(present)
    }

    async fn join_alone(&self, conn: &mut Conn) -> Result<Present, sqlx::Error> {
        if let Conn::Postgres(_) = conn {
            conn.run(TAKE_TURNS).await?;
        }
        let present = self.sign(conn).await?;
        if present.replicas == 1 {
            for sql in FORGET {
                conn.run(sql).await?;
            }
        }
        Ok(present)
    }

    /// Gives a sign of life.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn beat(&mut self) -> Result<Present, StoreError> {
        let mut conn = self.connect().await?;
        let present = self.sign(&mut conn).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(present)
    }

    async fn sign(&self, conn: &mut Conn) -> Result<Present, sqlx::Error> {
        let now_ms = now(conn).await?;
        let gone = now_ms.saturating_sub(self.silence_ms);
        conn.execute(BURY, &[gone.into()]).await?;
        conn.execute(SIGN, &[(&self.replica).into(), now_ms.into()]).await?;
        let there: i64 = conn.first(THERE, &[gone.into()]).await?.map_or(Ok(1), |row| row.get(0))?;
        Ok(Present { now_ms, replicas: u32::try_from(there).unwrap_or(u32::MAX) })
    }

    /// Goes, and leaves all that it had leased to others.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn leave(&mut self) -> Result<(), StoreError> {
        let mut conn = self.connect().await?;
        for sql in [RETURN, LEAVE] {
            conn.execute(sql, &[(&self.replica).into()]).await.map_err(StoreError::Write)?;
        }
        self.open = Some(conn);
        Ok(())
    }

    /// Tells what was spent with a key and leases more of its budgets where it is wanted and there; `replicas` say among how
    /// many what is left is to last.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn exchange(&mut self, key: &str, wants: &[Want], replicas: u32) -> Result<Exchanged, StoreError> {
        let mut conn = self.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        let mut found = Vec::with_capacity(wants.len());
        for want in wants {
            if want.before_nusd.is_none() && !is_known(&mut conn, key, want).await.map_err(StoreError::Read)? {
                conn.rollback().await.map_err(StoreError::Write)?;
                self.open = Some(conn);
                return Ok(Exchanged::Unknown);
            }
            found.push(self.exchange_one(&mut conn, key, want, replicas).await.map_err(StoreError::Write)?);
        }
        conn.commit().await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(Exchanged::Done(found))
    }

    async fn exchange_one(
        &self,
        conn: &mut Conn,
        key: &str,
        want: &Want,
        replicas: u32,
    ) -> Result<Option<Leased>, sqlx::Error> {
        let named: [Value<'_>; 3] = [key.into(), u32::from(want.period).into(), want.from_ms.into()];
        let [of, period, from] = named;
        if let Some(before) = want.before_nusd {
            conn.execute(BEGIN, &[of, period, from, before.into()]).await?;
        }
        conn.execute(ROLL, &named).await?;
        let Some(row) = conn.first(SPEND, &[of, period, from, want.spent_nusd.into()]).await? else { return Ok(None) };
        let spent_nusd: i64 = row.get(0)?;
        let gone = now(conn).await?.saturating_sub(self.silence_ms);
        conn.execute(DROP, &[of, period, from, gone.into()]).await?;
        let replica = Value::from(&self.replica);
        let leased = conn.first(LEASED, &[of, period, replica]).await?;
        let (own, others_nusd) =
            leased.map_or(Ok((0, 0)), |row| Ok::<(i64, i64), sqlx::Error>((row.get(0)?, row.get(1)?)))?;
        let kept = own.saturating_sub(want.spent_nusd).saturating_sub(want.back_nusd).max(0);
        let left = want.limit_nusd.saturating_sub(spent_nusd).saturating_sub(others_nusd).saturating_sub(kept);
        let own_nusd = kept + part(left, want.more_nusd, replicas);
        conn.execute(LEASE, &[of, period, replica, from, own_nusd.into()]).await?;
        Ok(Some(Leased { spent_nusd, others_nusd, own_nusd }))
    }

    async fn connect(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => {
                let mut conn = self.place.connect().await?;
                // What a crash forgot would be leased to two.
                conn.sync(Sync::AtOnce).await.map_err(StoreError::Write)?;
                Ok(conn)
            }
        }
    }
}

async fn is_known(conn: &mut Conn, key: &str, want: &Want) -> Result<bool, sqlx::Error> {
    let named = [key.into(), u32::from(want.period).into()];
    conn.first(IS_KNOWN, &named).await.map(|row| row.is_some())
}

/// How much of what is left is leased to one who needs so much: as much as lasts for a while, in whole portions, so that no
/// remainder is of use to nobody. Where there is not enough: nothing.
fn part(left: i64, more: i64, replicas: u32) -> i64 {
    if more <= 0 || left < more {
        return 0;
    }
    // One alone takes all of it; several leave half for later.
    let share = if replicas <= 1 { left } else { left / (2 * i64::from(replicas)) };
    (share / more).max(1) * more
}

async fn now(conn: &mut Conn) -> Result<u64, sqlx::Error> {
    let sql = match conn {
        Conn::Sqlite(_) => NOW_SQLITE,
        Conn::Postgres(_) => NOW_POSTGRES,
    };
    conn.first(sql, &[]).await?.map_or(Ok(0), |row| row.get::<i64, _>(0)).map(count)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const FOR_EVER_MS: u64 = 1 << 40;

    fn table(place: &str, replica: &str, silence_ms: u64) -> LeaseTable {
        LeaseTable::at(place, replica.to_owned(), silence_ms).unwrap()
    }

    fn want(from_ms: u64, more_nusd: i64) -> Want {
        Want { period: 4, from_ms, before_nusd: Some(0), more_nusd, limit_nusd: 1_000, ..Want::default() }
    }

    fn leased(spent_nusd: i64, others_nusd: i64, own_nusd: i64) -> Exchanged {
        Exchanged::Done(vec![Some(Leased { spent_nusd, others_nusd, own_nusd })])
    }

    async fn what_is_spent_and_leased_is_never_more_than_there_is(place: &str) {
        let (mut one, mut other) = (table(place, "one", FOR_EVER_MS), table(place, "other", FOR_EVER_MS));
        assert_eq!(one.beat().await.unwrap().replicas, 1);
        assert_eq!(other.beat().await.unwrap().replicas, 2);
        let unknown = Want { before_nusd: None, ..want(0, 100) };
        assert_eq!(one.exchange("k", &[unknown], 2).await.unwrap(), Exchanged::Unknown);
        let before = Want { before_nusd: Some(200), ..want(0, 100) };
        assert_eq!(one.exchange("k", &[before], 2).await.unwrap(), leased(200, 0, 200), "a quarter of 800");
        assert_eq!(other.exchange("k", &[before], 2).await.unwrap(), leased(200, 200, 100), "in whole hundreds");
        let told = Want { spent_nusd: 150, ..want(0, 0) };
        assert_eq!(one.exchange("k", &[told], 2).await.unwrap(), leased(350, 100, 50));
        assert_eq!(
            other.exchange("k", &[want(0, 501)], 2).await.unwrap(),
            leased(350, 50, 100),
            "so much is not there"
        );
        assert_eq!(other.exchange("k", &[want(0, 500)], 2).await.unwrap(), leased(350, 50, 600), "all of it");
        let back = Want { back_nusd: 600, ..want(0, 0) };
        assert_eq!(other.exchange("k", &[back], 2).await.unwrap(), leased(350, 50, 0));
        other.leave().await.unwrap();
        assert_eq!(table(place, "late", FOR_EVER_MS).join().await.unwrap().replicas, 2);
        table(place, "late", FOR_EVER_MS).leave().await.unwrap();
        assert_eq!(one.beat().await.unwrap().replicas, 1);
        assert_eq!(
            one.exchange("k", &[want(0, 7)], 1).await.unwrap(),
            leased(350, 0, 645),
            "one alone takes all of it"
        );
        one.leave().await.unwrap();
        assert_eq!(one.join().await.unwrap().replicas, 1);
        assert_eq!(one.exchange("k", &[unknown], 1).await.unwrap(), Exchanged::Unknown, "the ledger knows it");
    }

    async fn a_period_that_is_over_takes_its_leases_along(place: &str) {
        let (mut one, mut other) = (table(place, "one", FOR_EVER_MS), table(place, "other", FOR_EVER_MS));
        one.beat().await.unwrap();
        other.beat().await.unwrap();
        assert_eq!(one.exchange("k", &[want(5, 1_000)], 2).await.unwrap(), leased(0, 0, 1_000));
        assert_eq!(other.exchange("k", &[want(6, 1_000)], 2).await.unwrap(), leased(0, 0, 1_000));
        let late = Want { spent_nusd: 1_000, ..want(5, 10) };
        assert_eq!(
            one.exchange("k", &[late], 2).await.unwrap(),
            Exchanged::Done(vec![None]),
            "it was of the period before"
        );
        assert_eq!(one.exchange("k", &[want(6, 1)], 2).await.unwrap(), leased(0, 1_000, 0));
    }

    async fn who_is_silent_for_long_holds_nothing(place: &str) {
        let (mut one, mut other) = (table(place, "one", FOR_EVER_MS), table(place, "other", 0));
        one.beat().await.unwrap();
        assert_eq!(one.exchange("k", &[want(0, 1_000)], 1).await.unwrap(), leased(0, 0, 1_000));
        // For whom every silence is long, those are there who are there this moment.
        while other.beat().await.unwrap().replicas > 1 {}
        let Exchanged::Done(found) = other.exchange("k", &[want(0, 1_000)], 1).await.unwrap() else {
            panic!("it is known")
        };
        assert_eq!(found[0].unwrap().others_nusd, 0);
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        what_is_spent_and_leased_is_never_more_than_there_is(&place("leases_1")).await;
        a_period_that_is_over_takes_its_leases_along(&place("leases_2")).await;
        who_is_silent_for_long_holds_nothing(&place("leases_3")).await;
    }
}
