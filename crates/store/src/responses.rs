//! Answers of Responses, kept for a while so that a later request may go on from them.

use std::path::Path;

use crate::StoreError;
use crate::conn::{Conn, Row, count};
use crate::place::Place;

/// Rows that one [`Responses::sweep`] takes away. Bounds how long others wait for the file: a row may be megabytes.
pub const SWEPT_ROWS_MAX: u64 = 64;

const PUT: &str = "INSERT INTO responses (owner, id, created_s, expires_s, input, output, response) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (owner, id) DO UPDATE SET created_s = excluded.created_s, expires_s = excluded.expires_s, \
     input = excluded.input, output = excluded.output, response = excluded.response";

const GET: &str = "SELECT owner, id, created_s, expires_s, input, output, response FROM responses \
     WHERE owner = $1 AND id = $2 AND expires_s > $3";

const DELETE: &str = "DELETE FROM responses WHERE owner = $1 AND id = $2 RETURNING expires_s";

const SWEEP: &str = "DELETE FROM responses WHERE (owner, id) IN \
     (SELECT owner, id FROM responses WHERE expires_s <= $1 ORDER BY expires_s LIMIT $2)";

/// One kept answer. Its three texts are JSON, which nobody here reads.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The name of the client key that asked for it; empty where none was needed.
    pub owner: String,
    /// Unique among the owner's.
    pub id: String,
    /// When it was given, in seconds since the Unix epoch.
    pub created_s: u64,
    /// From when on it is gone, in seconds since the Unix epoch.
    pub expires_s: u64,
    /// What was put in: an array of items.
    pub input: String,
    /// What came out: an array of items.
    pub output: String,
    /// The answer as the client saw it: an object.
    pub response: String,
}

impl std::fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What people said stays out of logs.
        f.debug_struct("StoredResponse").field("owner", &self.owner).field("id", &self.id).finish_non_exhaustive()
    }
}

/// The table of kept answers. One task asks at a time; more tables may be open on the same database.
#[derive(Debug)]
pub struct Responses {
    place: Place,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl Responses {
    /// The table in the database at `place`, a path or a URL. It connects when it is first asked, on whatever
    /// Tokio runtime that is.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, open: None })
    }

    /// Keeps an answer, in the place of its owner's other one with this id.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn put(&mut self, answer: &StoredResponse) -> Result<(), StoreError> {
        let mut conn = self.connection().await?;
        let values = [
            (&answer.owner).into(),
            (&answer.id).into(),
            answer.created_s.into(),
            answer.expires_s.into(),
            (&answer.input).into(),
            (&answer.output).into(),
            (&answer.response).into(),
        ];
        conn.execute(PUT, &values).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(())
    }

    /// The owner's answer with this id; `None` when there is none, or it is past its time.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn get(&mut self, owner: &str, id: &str, now_s: u64) -> Result<Option<StoredResponse>, StoreError> {
        let mut conn = self.connection().await?;
        let values = [owner.into(), id.into(), now_s.into()];
        let found = conn.first(GET, &values).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        found.as_ref().map(read).transpose().map_err(StoreError::Read)
    }

    /// Forgets the owner's answer with this id; whether there was one that was not past its time.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn delete(&mut self, owner: &str, id: &str, now_s: u64) -> Result<bool, StoreError> {
        let mut conn = self.connection().await?;
        let gone = conn.first(DELETE, &[owner.into(), id.into()]).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        let expires_s: Option<i64> = gone.map(|row| row.get(0)).transpose().map_err(StoreError::Read)?;
        Ok(expires_s.is_some_and(|expires_s| count(expires_s) > now_s))
    }

    /// Takes away answers that are past their time, the oldest first and [`SWEPT_ROWS_MAX`] at most; how many.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn sweep(&mut self, now_s: u64) -> Result<u64, StoreError> {
        let mut conn = self.connection().await?;
        let values = [now_s.into(), SWEPT_ROWS_MAX.into()];
        let swept = conn.execute(SWEEP, &values).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(swept)
    }

    /// Ends the connection in order.
    ///
    /// # Errors
    /// When the engine could not; nothing is lost, the next start does it.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.open {
            Some(conn) => conn.close().await.map_err(StoreError::Write),
            None => Ok(()),
        }
    }

    /// Taken out while it is used, so that a failure, or a caller that leaves, costs the connection and no more.
    async fn connection(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => self.place.connect().await,
        }
    }
}

fn read(row: &Row) -> Result<StoredResponse, sqlx::Error> {
    Ok(StoredResponse {
        owner: row.get("owner")?,
        id: row.get("id")?,
        created_s: count(row.get("created_s")?),
        expires_s: count(row.get("expires_s")?),
        input: row.get("input")?,
        output: row.get("output")?,
        response: row.get("response")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn answer(owner: &str, id: &str, expires_s: u64) -> StoredResponse {
        StoredResponse {
            owner: owner.to_owned(),
            id: id.to_owned(),
            created_s: 1_790_000_000,
            expires_s,
            input: r#"[{"type":"message"}]"#.to_owned(),
            output: "[]".to_owned(),
            response: r#"{"text":"é \" \u0000"}"#.to_owned(),
        }
    }

    async fn an_answer_is_its_owners_until_its_time_is_over(place: &str) {
        let mut table = Responses::at(place).unwrap();
        let mine = answer("me", "resp_1", 100);
        table.put(&mine).await.unwrap();
        table.put(&answer("", "resp_1", 90)).await.unwrap();
        let cases = [("me", "resp_1", 99, true), ("me", "resp_1", 100, false), ("you", "resp_1", 1, false)];
        for (owner, id, now_s, there) in cases {
            let found = table.get(owner, id, now_s).await.unwrap();
            assert_eq!(found, there.then(|| mine.clone()), "{owner} {id} {now_s}");
        }
        assert_eq!(table.get("me", "resp_2", 1).await.unwrap(), None);
    }

    async fn a_second_answer_of_one_id_replaces_the_first(place: &str) {
        let mut table = Responses::at(place).unwrap();
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        let second = StoredResponse { output: "[1]".to_owned(), ..answer("me", "resp_1", 200) };
        table.put(&second).await.unwrap();
        assert_eq!(table.get("me", "resp_1", 150).await.unwrap(), Some(second));
    }

    async fn only_its_owner_can_have_an_answer_forgotten(place: &str) {
        let mut table = Responses::at(place).unwrap();
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        assert!(!table.delete("you", "resp_1", 1).await.unwrap());
        assert!(table.delete("me", "resp_1", 1).await.unwrap());
        assert!(!table.delete("me", "resp_1", 1).await.unwrap());
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        assert!(!table.delete("me", "resp_1", 100).await.unwrap(), "it was gone already");
    }

    async fn a_sweep_takes_what_is_over_and_not_more_than_its_bound(place: &str) {
        let mut table = Responses::at(place).unwrap();
        for number in 0..SWEPT_ROWS_MAX + 3 {
            table.put(&answer("me", &format!("old_{number}"), 10)).await.unwrap();
        }
        table.put(&answer("me", "new", 11)).await.unwrap();
        let swept = [table.sweep(10).await.unwrap(), table.sweep(10).await.unwrap(), table.sweep(10).await.unwrap()];
        assert_eq!(swept, [SWEPT_ROWS_MAX, 3, 0]);
        assert!(table.get("me", "new", 10).await.unwrap().is_some());
    }

    async fn answers_outlive_the_process_and_stand_beside_the_ledger(place: &str) {
        let mut table = Responses::at(place).unwrap();
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        table.close().await.unwrap();
        assert_eq!(crate::Store::open(place).await.unwrap().count().await.unwrap(), 0);
        let mut again = Responses::at(place).unwrap();
        assert_eq!(again.get("me", "resp_1", 1).await.unwrap(), Some(answer("me", "resp_1", 100)));
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        an_answer_is_its_owners_until_its_time_is_over(&place("responses_1")).await;
        a_second_answer_of_one_id_replaces_the_first(&place("responses_2")).await;
        only_its_owner_can_have_an_answer_forgotten(&place("responses_3")).await;
        a_sweep_takes_what_is_over_and_not_more_than_its_bound(&place("responses_4")).await;
        answers_outlive_the_process_and_stand_beside_the_ledger(&place("responses_5")).await;
        a_text_that_an_engine_cannot_keep_spoils_nothing(&place("responses_6")).await;
    }

    async fn a_text_that_an_engine_cannot_keep_spoils_nothing(place: &str) {
        let mut table = Responses::at(place).unwrap();
        assert_eq!(table.get("me", "nul \0", 1).await.unwrap(), None);
        table.put(&answer("nul \0", "resp_1", 100)).await.unwrap();
        assert!(table.delete("nul \0", "resp_1", 1).await.unwrap());
    }

    #[test]
    fn what_people_said_is_not_shown_in_debug_output() {
        let shown = format!("{:?}", answer("me", "resp_1", 100));
        assert_eq!(shown, r#"StoredResponse { owner: "me", id: "resp_1", .. }"#);
    }
}
