//! What is sealed, all of it, and the one key that it is sealed with.

use std::path::Path;

use crate::StoreError;
use crate::conn::{Conn, Value, count};
use crate::keyring::{KeyError, Keyring};
use crate::place::Place;
use crate::seal::{Name, SealingKey};
use crate::watch::Change;

const PROOF: &str = "SELECT proof FROM vault";

/// Whoever else wants to change something waits from here on.
const LOCK: &str = "UPDATE vault SET revision = revision + 1 RETURNING revision";

const REVISION: &str = "SELECT revision FROM vault";

/// Nobody rotates the key until this transaction is over.
const HOLD: &str = "UPDATE vault SET revision = revision RETURNING proof";

const PROVE: &str = "UPDATE vault SET proof = $1";

const SECRETS: &str = "SELECT name, sealed FROM secrets ORDER BY name";

const RESEAL_SECRET: &str = "UPDATE secrets SET sealed = $2 WHERE name = $1";

const REVISIONS: &str = "SELECT number FROM config_revisions ORDER BY number";

const PLAIN_REVISIONS: &str = "SELECT number FROM config_revisions WHERE sealed IS NULL ORDER BY number";

const DOCUMENT: &str = "SELECT document, sealed FROM config_revisions WHERE number = $1";

const RESEAL_REVISION: &str = "UPDATE config_revisions SET hash = $2, document = '', sealed = $3 WHERE number = $1";

/// What came of a new master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Secrets that it opens.
    pub secrets: usize,
    /// Revisions of the document likewise.
    pub revisions: usize,
}

/// The key that the database is sealed with; `None` when nothing is sealed yet.
pub(crate) async fn key_in_force(conn: &mut Conn, keyring: &Keyring) -> Result<Option<SealingKey>, StoreError> {
    let proof = proof(conn, PROOF).await.map_err(StoreError::Read)?;
    Ok(proof.map(|proof| keyring.key_for(Some(&proof))).transpose()?)
}

/// The key to seal with, until the transaction is over; the first one makes its proof.
pub(crate) async fn key_to_seal(conn: &mut Conn, keyring: &Keyring) -> Result<SealingKey, StoreError> {
    let proof = proof(conn, HOLD).await.map_err(StoreError::Write)?;
    let key = keyring.key_for(proof.as_deref())?;
    if proof.is_none() {
        prove(conn, &key).await.map_err(StoreError::Write)?;
    }
    Ok(key)
}

async fn prove(conn: &mut Conn, key: &SealingKey) -> Result<(), sqlx::Error> {
    conn.execute(PROVE, &[Value::Bytes(Some(&key.seal(Name::Proof, b"")))]).await.map(drop)
}

/// Takes the turn to change secrets; the revision that the change makes.
pub(crate) async fn lock(conn: &mut Conn) -> Result<u64, sqlx::Error> {
    conn.first(LOCK, &[]).await?.map_or(Ok(1), |row| row.get(0)).map(count)
}

/// How often the secrets have changed.
pub(crate) async fn revision(conn: &mut Conn) -> Result<u64, sqlx::Error> {
    conn.first(REVISION, &[]).await?.map_or(Ok(0), |row| row.get(0)).map(count)
}

async fn proof(conn: &mut Conn, sql: &'static str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    conn.first(sql, &[]).await?.map_or(Ok(None), |row| row.get(0))
}

/// Seals the revisions that were kept before there was sealing, within a transaction.
pub(crate) async fn seal_plain(conn: &mut Conn, key: &SealingKey) -> Result<(), StoreError> {
    reseal(conn, PLAIN_REVISIONS, key, key).await.map(drop)
}

/// Seals everything anew, all of it or nothing, with the key that the variable holds now, else with a new one.
///
/// # Errors
/// When the database cannot be used, a key is not to be had, or something does not open.
pub async fn rotate_key(place: impl AsRef<Path>, keyring: &Keyring) -> Result<Rotated, StoreError> {
    let mut conn = Place::parse(place.as_ref())?.connect_to_disk().await?;
    conn.overwrite_what_goes().await.map_err(StoreError::Write)?;
    if let Some(proof) = proof(&mut conn, PROOF).await.map_err(StoreError::Read)? {
        keyring.mend(&proof)?;
    }
    conn.begin().await.map_err(StoreError::Write)?;
    lock(&mut conn).await.map_err(StoreError::Write)?;
    let (before, next) = (key_to_seal(&mut conn, keyring).await?, keyring.next()?);
    let secrets = reseal_secrets(&mut conn, &before, &next.key).await?;
    let revisions = reseal(&mut conn, REVISIONS, &before, &next.key).await?;
    prove(&mut conn, &next.key).await.map_err(StoreError::Write)?;
    Change::Secrets.tell(&mut conn).await.map_err(StoreError::Write)?;
    conn.commit().await.map_err(StoreError::Write)?;
    keyring.settle(&next)?;
    conn.forget_what_went().await.map_err(StoreError::Write)?;
    conn.close().await.map_err(StoreError::Write)?;
    Ok(Rotated { secrets, revisions })
}

async fn reseal_secrets(conn: &mut Conn, from: &SealingKey, to: &SealingKey) -> Result<usize, StoreError> {
    let rows = conn.fetch(SECRETS, &[]).await.map_err(StoreError::Read)?;
    for row in &rows {
        let name: String = row.get("name").map_err(StoreError::Read)?;
        let sealed: Vec<u8> = row.get("sealed").map_err(StoreError::Read)?;
        let shut = |_shut| KeyError::Shut { what: format!("the secret {name:?}") };
        let text = from.open(Name::Secret(&name), &sealed).map_err(shut)?;
        let sealed = to.seal(Name::Secret(&name), text.as_bytes());
        let values = [(&name).into(), Value::Bytes(Some(&sealed))];
        conn.execute(RESEAL_SECRET, &values).await.map_err(StoreError::Write)?;
    }
    Ok(rows.len())
}

/// One revision after the other: each may be megabytes.
async fn reseal(conn: &mut Conn, which: &'static str, from: &SealingKey, to: &SealingKey) -> Result<usize, StoreError> {
    let rows = conn.fetch(which, &[]).await.map_err(StoreError::Read)?;
    for row in &rows {
        let number = count(row.get("number").map_err(StoreError::Read)?);
        let Some(row) = conn.first(DOCUMENT, &[number.into()]).await.map_err(StoreError::Read)? else { continue };
        let document = document_of(&row, number, Some(from))?;
        let (hash, sealed) = (to.hash(&document), to.seal(Name::Revision(number), document.as_bytes()));
        let values = [number.into(), (&hash).into(), Value::Bytes(Some(&sealed))];
        conn.execute(RESEAL_REVISION, &values).await.map_err(StoreError::Write)?;
    }
    Ok(rows.len())
}

/// The document of a row that holds one, sealed or not.
pub(crate) fn document_of(row: &crate::conn::Row, number: u64, key: Option<&SealingKey>) -> Result<String, StoreError> {
    let sealed: Option<Vec<u8>> = row.get("sealed").map_err(StoreError::Read)?;
    match (sealed, key) {
        (None, _) => row.get("document").map_err(StoreError::Read),
        (Some(sealed), Some(key)) => {
            let opened = key.open(Name::Revision(number), &sealed);
            Ok(opened.map_err(|_shut| KeyError::Shut { what: format!("revision {number} of the configuration") })?)
        }
        (Some(_), None) => Err(KeyError::Shut { what: format!("revision {number} of the configuration") }.into()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
