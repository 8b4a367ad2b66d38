//! Answers of Responses, kept for a while so that a later request may go on from them.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

use crate::{StoreError, sqlite};

/// Rows that one [`Responses::sweep`] takes away. Bounds how long others wait for the file: a row may be megabytes.
pub const SWEPT_ROWS_MAX: u64 = 64;

const PUT: &str = "INSERT OR REPLACE INTO responses (owner, id, created_s, expires_s, input, output, response) \
     VALUES (?, ?, ?, ?, ?, ?, ?)";

const GET: &str = "SELECT owner, id, created_s, expires_s, input, output, response FROM responses \
     WHERE owner = ? AND id = ? AND expires_s > ?";

const DELETE: &str = "DELETE FROM responses WHERE owner = ? AND id = ? RETURNING expires_s";

const SWEEP: &str = "DELETE FROM responses WHERE rowid IN \
     (SELECT rowid FROM responses WHERE expires_s <= ? ORDER BY expires_s LIMIT ?)";

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

/// The table of kept answers. One task asks at a time; more tables may be open on the same file.
#[derive(Debug)]
pub struct Responses {
    path: PathBuf,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<SqliteConnection>,
}

impl Responses {
    /// The table in the database at `place`, a path or a `sqlite:` URL. It connects when it is first asked, on whatever
    /// Tokio runtime that is.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { path: sqlite::path_of(place.as_ref())?, open: None })
    }

    /// Keeps an answer, in the place of its owner's other one with this id.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn put(&mut self, answer: &StoredResponse) -> Result<(), StoreError> {
        let mut conn = self.connection().await?;
        let put = sqlx::query(PUT)
            .bind(&answer.owner)
            .bind(&answer.id)
            .bind(whole(answer.created_s))
            .bind(whole(answer.expires_s))
            .bind(&answer.input)
            .bind(&answer.output)
            .bind(&answer.response);
        put.execute(&mut conn).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(())
    }

    /// The owner's answer with this id; `None` when there is none, or it is past its time.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn get(&mut self, owner: &str, id: &str, now_s: u64) -> Result<Option<StoredResponse>, StoreError> {
        let mut conn = self.connection().await?;
        let asked = sqlx::query(GET).bind(owner).bind(id).bind(whole(now_s));
        let found = asked.fetch_optional(&mut conn).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        found.as_ref().map(read).transpose().map_err(StoreError::Read)
    }

    /// Forgets the owner's answer with this id; whether there was one that was not past its time.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn delete(&mut self, owner: &str, id: &str, now_s: u64) -> Result<bool, StoreError> {
        let mut conn = self.connection().await?;
        let asked = sqlx::query(DELETE).bind(owner).bind(id);
        let gone = asked.fetch_optional(&mut conn).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        let expires_s: Option<i64> = gone.map(|row| row.try_get(0)).transpose().map_err(StoreError::Read)?;
        Ok(expires_s.is_some_and(|expires_s| expires_s > whole(now_s)))
    }

    /// Takes away answers that are past their time, the oldest first and [`SWEPT_ROWS_MAX`] at most; how many.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn sweep(&mut self, now_s: u64) -> Result<u64, StoreError> {
        let mut conn = self.connection().await?;
        let asked = sqlx::query(SWEEP).bind(whole(now_s)).bind(whole(SWEPT_ROWS_MAX));
        let swept = asked.execute(&mut conn).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(swept.rows_affected())
    }

    /// Ends the connection in order.
    ///
    /// # Errors
    /// When SQLite could not; nothing is lost, the next start does it.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.open {
            Some(conn) => conn.close().await.map_err(StoreError::Write),
            None => Ok(()),
        }
    }

    /// Taken out while it is used, so that a failure, or a caller that leaves, costs the connection and no more.
    async fn connection(&mut self) -> Result<SqliteConnection, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => sqlite::connect_writer(&self.path).await,
        }
    }
}

fn read(row: &SqliteRow) -> Result<StoredResponse, sqlx::Error> {
    Ok(StoredResponse {
        owner: row.try_get("owner")?,
        id: row.try_get("id")?,
        created_s: row.try_get::<i64, _>("created_s")?.cast_unsigned(),
        expires_s: row.try_get::<i64, _>("expires_s")?.cast_unsigned(),
        input: row.try_get("input")?,
        output: row.try_get("output")?,
        response: row.try_get("response")?,
    })
}

/// SQL's integers end at 2^63 - 1, long after the last of seconds.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
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

    /// An empty table and the folder that it lives in.
    fn table() -> (tempfile::TempDir, Responses) {
        let folder = tempfile::tempdir().unwrap();
        let table = Responses::at(folder.path().join("x.db")).unwrap();
        (folder, table)
    }

    #[tokio::test]
    async fn an_answer_is_its_owners_until_its_time_is_over() {
        let (_folder, mut table) = table();
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

    #[tokio::test]
    async fn a_second_answer_of_one_id_replaces_the_first() {
        let (_folder, mut table) = table();
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        let second = StoredResponse { output: "[1]".to_owned(), ..answer("me", "resp_1", 200) };
        table.put(&second).await.unwrap();
        assert_eq!(table.get("me", "resp_1", 150).await.unwrap(), Some(second));
    }

    #[tokio::test]
    async fn only_its_owner_can_have_an_answer_forgotten() {
        let (_folder, mut table) = table();
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        assert!(!table.delete("you", "resp_1", 1).await.unwrap());
        assert!(table.delete("me", "resp_1", 1).await.unwrap());
        assert!(!table.delete("me", "resp_1", 1).await.unwrap());
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        assert!(!table.delete("me", "resp_1", 100).await.unwrap(), "it was gone already");
    }

    #[tokio::test]
    async fn a_sweep_takes_what_is_over_and_not_more_than_its_bound() {
        let (_folder, mut table) = table();
        for number in 0..SWEPT_ROWS_MAX + 3 {
            table.put(&answer("me", &format!("old_{number}"), 10)).await.unwrap();
        }
        table.put(&answer("me", "new", 11)).await.unwrap();
        let swept = [table.sweep(10).await.unwrap(), table.sweep(10).await.unwrap(), table.sweep(10).await.unwrap()];
        assert_eq!(swept, [SWEPT_ROWS_MAX, 3, 0]);
        assert!(table.get("me", "new", 10).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn answers_outlive_the_process_and_stand_beside_the_ledger() {
        let (folder, mut table) = table();
        table.put(&answer("me", "resp_1", 100)).await.unwrap();
        table.close().await.unwrap();
        let path = folder.path().join("x.db");
        assert_eq!(crate::Store::open(&path).await.unwrap().count().await.unwrap(), 0);
        let mut again = Responses::at(format!("sqlite://{}", path.display())).unwrap();
        assert_eq!(again.get("me", "resp_1", 1).await.unwrap(), Some(answer("me", "resp_1", 100)));
    }

    #[test]
    fn what_people_said_is_not_shown_in_debug_output() {
        let shown = format!("{:?}", answer("me", "resp_1", 100));
        assert_eq!(shown, r#"StoredResponse { owner: "me", id: "resp_1", .. }"#);
    }
}
