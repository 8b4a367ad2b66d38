//! The configuration document, with all its revisions.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::StoreError;
use crate::conn::{Conn, Row, count};
use crate::place::Place;
use crate::watch::Change;

/// The longest document. Guards memory, and the database against a file that is none.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// The longest name of whoever changed something, and the longest note, in characters.
const WORDS_CHARS_MAX: usize = 500;

const CURRENT_NUMBER: &str = "SELECT number FROM config_current";

const CURRENT: &str = "SELECT number, at_ms, who, note, hash, document FROM config_revisions \
     WHERE number = (SELECT number FROM config_current)";

const GET: &str = "SELECT number, at_ms, who, note, hash, document FROM config_revisions WHERE number = $1";

/// Without the documents: a list of them could be megabytes.
const LIST: &str = "SELECT number, at_ms, who, note, hash, '' AS document FROM config_revisions WHERE number < $1 \
     ORDER BY number DESC LIMIT $2";

/// Whoever else wants to change something waits from here on, and then finds that it is too late.
const NEXT: &str = "UPDATE config_current SET number = number + 1 WHERE number = $1 RETURNING number";

const INSERT: &str =
    "INSERT INTO config_revisions (number, at_ms, who, note, hash, document) VALUES ($1, $2, $3, $4, $5, $6)";

/// One state of the document.
#[derive(Clone, PartialEq, Eq)]
pub struct Revision {
    /// From 1, without gaps; the highest is the one in force.
    pub number: u64,
    /// When it was made, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who made it.
    pub who: String,
    /// What they said of it; may be empty.
    pub note: String,
    /// The SHA-256 of the document, in hexadecimal digits.
    pub hash: String,
    /// The document, in TOML; empty in a list.
    pub document: String,
}

impl std::fmt::Debug for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A document may hold keys.
        f.debug_struct("Revision").field("number", &self.number).field("who", &self.who).finish_non_exhaustive()
    }
}

/// What is to become a revision.
#[derive(Clone, Copy)]
pub struct NewRevision<'a> {
    /// The revision that was edited; 0 when there was none.
    pub base: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who.
    pub who: &'a str,
    /// What they say of it.
    pub note: &'a str,
    /// The document, known to be right.
    pub document: &'a str,
}

/// What came of a new revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in force, under this number.
    Kept(u64),
    /// Nothing was changed: the document is the one in force, under this number.
    Same(u64),
    /// Nothing was changed: somebody else was faster, and this one is in force.
    Outdated(u64),
    /// Nothing was changed: the document is longer than [`DOCUMENT_BYTES_MAX`].
    TooLong,
}

/// The table of revisions. One task asks at a time; more tables may be open on the same database.
#[derive(Debug)]
pub struct Revisions {
    place: Place,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl Revisions {
    /// The table in the database at `place`, a path or a URL. It connects when it is first asked.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, open: None })
    }

    /// The number of the one in force; 0 before the first.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn current_number(&mut self) -> Result<u64, StoreError> {
        let mut conn = self.connect().await?;
        let number = current(&mut conn).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        Ok(number)
    }

    /// The one in force; `None` before the first.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn current(&mut self) -> Result<Option<Revision>, StoreError> {
        let mut conn = self.connect().await?;
        let found = conn.first(CURRENT, &[]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        found.as_ref().map(read).transpose().map_err(StoreError::Read)
    }

    /// The one with this number.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn get(&mut self, number: u64) -> Result<Option<Revision>, StoreError> {
        let mut conn = self.connect().await?;
        let found = conn.first(GET, &[number.into()]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        found.as_ref().map(read).transpose().map_err(StoreError::Read)
    }

    /// The last `limit` of them, or of those before `before`, newest first and without their documents.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn list(&mut self, limit: u32, before: Option<u64>) -> Result<Vec<Revision>, StoreError> {
        let mut conn = self.connect().await?;
        let values = [before.unwrap_or(u64::MAX).into(), limit.into()];
        let found = conn.fetch(LIST, &values).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        found.iter().map(read).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    /// Puts a document in force, if the one in force is still the one that was edited.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn append(&mut self, new: NewRevision<'_>) -> Result<Appended, StoreError> {
        if new.document.len() > DOCUMENT_BYTES_MAX {
            return Ok(Appended::TooLong);
        }
        let mut conn = self.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        let appended = append(&mut conn, new).await.map_err(StoreError::Write)?;
        match appended {
            Appended::Kept(_) => conn.commit().await.map_err(StoreError::Write)?,
            Appended::Same(_) | Appended::Outdated(_) | Appended::TooLong => {
                conn.rollback().await.map_err(StoreError::Write)?;
            }
        }
        self.open = Some(conn);
        Ok(appended)
    }

    /// Taken out while it is used, so that a failure, or a caller that leaves, costs the connection and no more.
    async fn connect(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => self.place.connect_to_disk().await,
        }
    }
}

async fn append(conn: &mut Conn, new: NewRevision<'_>) -> Result<Appended, sqlx::Error> {
    let Some(row) = conn.first(NEXT, &[new.base.into()]).await? else {
        return Ok(Appended::Outdated(current(conn).await?));
    };
    let number: i64 = row.get(0)?;
    let hash = hash(new.document);
    let before = conn.first(GET, &[new.base.into()]).await?.as_ref().map(read).transpose()?;
    if before.is_some_and(|before| before.hash == hash) {
        return Ok(Appended::Same(new.base));
    }
    let (who, note) = (shortened(new.who), shortened(new.note));
    let values = [number.into(), new.at_ms.into(), (&who).into(), (&note).into(), (&hash).into(), new.document.into()];
    conn.execute(INSERT, &values).await?;
    Change::Config.tell(conn).await?;
    Ok(Appended::Kept(count(number)))
}

async fn current(conn: &mut Conn) -> Result<u64, sqlx::Error> {
    conn.first(CURRENT_NUMBER, &[]).await?.map_or(Ok(0), |row| row.get(0)).map(count)
}

fn hash(document: &str) -> String {
    Sha256::digest(document).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn shortened(words: &str) -> String {
    words.chars().take(WORDS_CHARS_MAX).collect()
}

fn read(row: &Row) -> Result<Revision, sqlx::Error> {
    Ok(Revision {
        number: count(row.get("number")?),
        at_ms: count(row.get("at_ms")?),
        who: row.get("who")?,
        note: row.get("note")?,
        hash: row.get("hash")?,
        document: row.get("document")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn new(base: u64, document: &str) -> NewRevision<'_> {
        NewRevision { base, at_ms: 1_790_000_000_000 + base, who: "ada", note: "why", document }
    }

    async fn the_newest_is_in_force_and_all_others_stay(place: &str) {
        let (mut one, mut other) = (Revisions::at(place).unwrap(), Revisions::at(place).unwrap());
        assert_eq!((one.current_number().await.unwrap(), one.current().await.unwrap()), (0, None));
        let texts = ["a = 1\n", "# é\nb = 2\r\n", "a = 1\n"];
        for (base, text) in (0..).zip(texts) {
            assert_eq!(one.append(new(base, text)).await.unwrap(), Appended::Kept(base + 1));
        }
        let first = other.get(1).await.unwrap().unwrap();
        assert_eq!((first.number, first.who.as_str(), first.note.as_str(), first.hash.len()), (1, "ada", "why", 64));
        assert_eq!((first.at_ms, first.document.as_str()), (1_790_000_000_000, texts[0]));
        assert_eq!(other.get(2).await.unwrap().unwrap().document, texts[1]);
        assert_eq!(other.get(4).await.unwrap(), None);
        let current = other.current().await.unwrap().unwrap();
        assert_eq!((current.number, &current.hash), (3, &first.hash), "an old text is a new revision");
        assert_eq!(other.current_number().await.unwrap(), 3);
    }

    async fn lists_are_told_page_by_page_without_documents(place: &str) {
        let mut table = Revisions::at(place).unwrap();
        for base in 0..5 {
            table.append(new(base, &format!("a = {base}\n"))).await.unwrap();
        }
        let page = table.list(2, None).await.unwrap();
        assert_eq!(page.iter().map(|row| (row.number, row.document.as_str())).collect::<Vec<_>>(), [(5, ""), (4, "")]);
        let page = table.list(9, Some(4)).await.unwrap();
        assert_eq!(page.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 2, 1]);
    }

    async fn of_two_who_edit_the_same_revision_one_is_refused(place: &str) {
        let (mut one, mut other) = (Revisions::at(place).unwrap(), Revisions::at(place).unwrap());
        assert_eq!(one.append(new(0, "a = 1\n")).await.unwrap(), Appended::Kept(1));
        assert_eq!(other.append(new(0, "a = 2\n")).await.unwrap(), Appended::Outdated(1));
        assert_eq!(other.append(new(7, "a = 2\n")).await.unwrap(), Appended::Outdated(1));
        let (mine, yours) = tokio::join!(one.append(new(1, "a = 3\n")), other.append(new(1, "a = 4\n")));
        let mut came = [mine.unwrap(), yours.unwrap()];
        came.sort_by_key(|came| !matches!(came, Appended::Kept(_)));
        assert_eq!(came, [Appended::Kept(2), Appended::Outdated(2)]);
        assert_eq!(one.list(9, None).await.unwrap().len(), 2);
    }

    async fn what_changes_nothing_or_is_too_long_is_no_revision(place: &str) {
        let mut table = Revisions::at(place).unwrap();
        assert_eq!(table.append(new(0, "a = 1\n")).await.unwrap(), Appended::Kept(1));
        assert_eq!(table.append(new(1, "a = 1\n")).await.unwrap(), Appended::Same(1));
        let long = "#".repeat(DOCUMENT_BYTES_MAX + 1);
        assert_eq!(table.append(new(1, &long)).await.unwrap(), Appended::TooLong);
        assert_eq!(table.append(new(1, &long[1..])).await.unwrap(), Appended::Kept(2));
        assert_eq!(table.current_number().await.unwrap(), 2);
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        the_newest_is_in_force_and_all_others_stay(&place("revisions_1")).await;
        lists_are_told_page_by_page_without_documents(&place("revisions_2")).await;
        of_two_who_edit_the_same_revision_one_is_refused(&place("revisions_3")).await;
        what_changes_nothing_or_is_too_long_is_no_revision(&place("revisions_4")).await;
    }
}
