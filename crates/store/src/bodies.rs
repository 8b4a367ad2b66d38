//! What was said in some requests, and how some went, kept for a while beside their records.

use std::path::Path;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::conn::{Conn, Row, Value, count};
use crate::place::Place;
use crate::{Store, StoreError, arrival};

/// How hard texts are compressed, of ten: beyond this it takes twice as long for a few hundredths.
const LEVEL: u8 = 6;

/// Bytes of one text when it is read. Guards memory against a row that is not ours.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// What a row takes beside its texts, with its indexes.
const ROW_BYTES: usize = 100;

/// What is said twice of a request adds up: its bodies and its notes come on two ways.
const PUT: &str = "INSERT INTO bodies \
     (at_ms, process, number, bytes, redacted, request_cut, response_cut, notes, request, response) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
     ON CONFLICT (at_ms, process, number) DO UPDATE SET bytes = bodies.bytes + excluded.bytes, \
     redacted = bodies.redacted + excluded.redacted, request_cut = bodies.request_cut + excluded.request_cut, \
     response_cut = bodies.response_cut + excluded.response_cut, notes = coalesce(excluded.notes, bodies.notes), \
     request = coalesce(excluded.request, bodies.request), response = coalesce(excluded.response, bodies.response)";

const GET: &str = "SELECT redacted, request_cut, response_cut, notes, request, response FROM bodies \
     WHERE at_ms = $1 AND process = $2 AND number = $3";

/// One body, as far as it is kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StoredBody {
    /// Its bytes, which may be text or not.
    pub bytes: Vec<u8>,
    /// Whether there was more of it.
    pub is_cut: bool,
}

/// What is kept of a request beside its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredBodies {
    /// The request's id.
    pub id: u128,
    /// What the client sent.
    pub request: Option<StoredBody>,
    /// What it was answered.
    pub response: Option<StoredBody>,
    /// Secrets that were taken out of the two.
    pub redacted: u32,
    /// How it went, in JSON that nobody here reads.
    pub notes: Option<String>,
}

impl std::fmt::Debug for StoredBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What people said stays out of logs.
        f.debug_struct("StoredBody").field("bytes", &self.bytes.len()).field("is_cut", &self.is_cut).finish()
    }
}

/// The table of what was said. One task asks at a time; more tables may be open on the same database.
#[derive(Debug)]
pub struct Bodies {
    place: Place,
    /// `None` before the first batch and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl Bodies {
    /// The table in the database at `place`, a path or a URL. It connects when it is first used, on whatever Tokio runtime
    /// that is.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, open: None })
    }

    /// Keeps all of these or, on error, none; what is kept of the same requests already stays. Compresses them, which takes
    /// its time.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn put(&mut self, all: &[StoredBodies]) -> Result<(), StoreError> {
        let mut conn = match self.open.take() {
            Some(conn) => conn,
            None => self.place.connect().await?,
        };
        // Before the lock is taken: it is the slowest part.
        let packed: Vec<Packed> = all.iter().map(Packed::of).collect();
        write(&mut conn, &packed).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(())
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
}

impl Store {
    /// What is kept of this request beside its record; `None` when nothing is, or not any more.
    ///
    /// # Errors
    /// When the database does not answer, or holds what this release cannot read.
    pub async fn bodies(&self, id: u128) -> Result<Option<StoredBodies>, StoreError> {
        let found = self.fetch(GET, &key(id)).await?;
        found.first().map(|row| read(id, row)).transpose().map_err(StoreError::Read)
    }
}

async fn write(conn: &mut Conn, all: &[Packed]) -> Result<(), sqlx::Error> {
    conn.begin().await?;
    for packed in all {
        conn.execute(PUT, &packed.values()).await?;
    }
    conn.commit().await
}

/// A row as it is written.
struct Packed {
    id: u128,
    redacted: u32,
    request_is_cut: bool,
    response_is_cut: bool,
    texts: [Option<Vec<u8>>; 3],
}

impl Packed {
    fn of(all: &StoredBodies) -> Self {
        let StoredBodies { id, request, response, redacted, notes } = all;
        let body = |body: &Option<StoredBody>| body.as_ref().map(|body| compress_to_vec(&body.bytes, LEVEL));
        let is_cut = |body: &Option<StoredBody>| body.as_ref().is_some_and(|body| body.is_cut);
        Self {
            id: *id,
            redacted: *redacted,
            request_is_cut: is_cut(request),
            response_is_cut: is_cut(response),
            texts: [
                notes.as_ref().map(|notes| compress_to_vec(notes.as_bytes(), LEVEL)),
                body(request),
                body(response),
            ],
        }
    }

    fn values(&self) -> [Value<'_>; 10] {
        let bytes: usize = self.texts.iter().flatten().map(Vec::len).sum();
        let [at_ms, process, number] = key(self.id);
        let [notes, request, response] = self.texts.each_ref().map(|text| Value::Bytes(text.as_deref()));
        let (request_is_cut, response_is_cut) = (u32::from(self.request_is_cut), u32::from(self.response_is_cut));
        [
            at_ms,
            process,
            number,
            ((ROW_BYTES + bytes) as u64).into(),
            self.redacted.into(),
            request_is_cut.into(),
            response_is_cut.into(),
            notes,
            request,
            response,
        ]
    }
}

fn key<'a>(id: u128) -> [Value<'a>; 3] {
    [arrival::at_ms(id).into(), arrival::process(id).into(), arrival::number(id).into()]
}

fn read(id: u128, row: &Row) -> Result<StoredBodies, sqlx::Error> {
    let text = |name| row.get::<Option<Vec<u8>>, &str>(name)?.map(|packed| unpack(&packed)).transpose();
    let is_cut = |name| row.get::<i64, &str>(name).map(|cut| cut != 0);
    let body = |name, cut| Ok::<_, sqlx::Error>(text(name)?.map(|bytes| (bytes, cut)));
    let stored = |(bytes, is_cut)| StoredBody { bytes, is_cut };
    let notes = text("notes")?.map(String::from_utf8).transpose();
    Ok(StoredBodies {
        id,
        request: body("request", is_cut("request_cut")?)?.map(stored),
        response: body("response", is_cut("response_cut")?)?.map(stored),
        redacted: u32::try_from(count(row.get("redacted")?)).unwrap_or(u32::MAX),
        notes: notes.map_err(|error| sqlx::Error::Decode(error.into()))?,
    })
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, sqlx::Error> {
    decompress_to_vec_with_limit(packed, TEXT_BYTES_MAX).map_err(|error| sqlx::Error::Decode(error.to_string().into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::{BODIES_TAKEN_MAX, Keep, Retention};

    use super::*;

    const AT_MS: u64 = 1_790_000_000_000;

    fn id(n: u64) -> u128 {
        u128::from(AT_MS + n) << 80 | 7 << 40 | u128::from(n)
    }

    fn body(text: &str) -> StoredBody {
        StoredBody { bytes: text.as_bytes().to_vec(), is_cut: false }
    }

    fn said(n: u64) -> StoredBodies {
        let request = Some(body(&format!("{{\"n\":{n}}}")));
        StoredBodies { id: id(n), request, response: Some(body("")), ..StoredBodies::default() }
    }

    async fn what_is_kept_of_a_request_comes_back_whichever_part_came_first(place: &str) {
        let (store, mut table) = (Store::open(place).await.unwrap(), Bodies::at(place).unwrap());
        let notes = |n| StoredBodies { id: id(n), notes: Some("{\"é\":1}".to_owned()), ..StoredBodies::default() };
        let cut = StoredBody { bytes: vec![0, 0xff, 7], is_cut: true };
        let said = |n| StoredBodies { response: Some(cut.clone()), redacted: 3, ..said(n) };
        table.put(&[notes(1), said(1), said(2), notes(3)]).await.unwrap();
        table.put(&[notes(2)]).await.unwrap();
        for n in [1, 2] {
            let all = StoredBodies { notes: notes(n).notes, ..said(n) };
            assert_eq!(store.bodies(id(n)).await.unwrap(), Some(all));
        }
        assert_eq!(store.bodies(id(3)).await.unwrap(), Some(notes(3)));
        assert_eq!(store.bodies(id(4)).await.unwrap(), None);
        table.close().await.unwrap();
    }

    async fn what_is_too_old_or_too_much_goes_oldest_first(place: &str) {
        let (store, mut table) = (Store::open(place).await.unwrap(), Bodies::at(place).unwrap());
        let all: Vec<_> = (0..BODIES_TAKEN_MAX + 10).map(said).collect();
        table.put(&all).await.unwrap();
        let mut retention = Retention::of_bodies_at(place).unwrap();
        let last = BODIES_TAKEN_MAX + 9;
        let old = retention.too_much(Keep { age_ms: Some(last - 2), bytes: None }, AT_MS + last).await.unwrap();
        assert_eq!(retention.take_some(old).await.unwrap(), 2);
        assert_eq!(store.bodies(id(1)).await.unwrap(), None);
        assert_eq!(store.bodies(id(2)).await.unwrap(), Some(said(2)));
        // A row takes a hundred bytes and a few; so three have room and not four.
        let few = Keep { age_ms: None, bytes: Some(4 * ROW_BYTES as u64) };
        let much = retention.too_much(few, AT_MS).await.unwrap();
        assert_eq!(retention.take_some(much).await.unwrap(), BODIES_TAKEN_MAX);
        assert_eq!(retention.take_some(much).await.unwrap(), 5);
        assert_eq!(store.bodies(id(last - 3)).await.unwrap(), None);
        assert_eq!(store.bodies(id(last - 2)).await.unwrap(), Some(said(last - 2)));
        assert_eq!(retention.too_much(few, AT_MS).await.unwrap(), crate::Before::nothing());
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        what_is_kept_of_a_request_comes_back_whichever_part_came_first(&place("bodies_1")).await;
        what_is_too_old_or_too_much_goes_oldest_first(&place("bodies_2")).await;
    }

    #[test]
    fn what_people_said_is_not_shown_in_debug_output() {
        assert!(!format!("{:?}", said(77)).contains("77}"));
    }
}
