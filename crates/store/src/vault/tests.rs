//! What is sealed and what opens it, on both engines and in files.

use super::*;
use crate::{Appended, NewRevision, NewSecret, Revisions, SecretTable};

const ONE: &str = "one key of thirty-two characters";
const OTHER: &str = "another key, which is longer still";

fn ring(stated: &str, previous: Option<&str>) -> Keyring {
    Keyring::new(Some(stated), previous, "/nowhere")
}

fn secret<'a>(name: &'a str, value: &'a str) -> NewSecret<'a> {
    NewSecret { name, value, set_ms: 1_790_000_000_000, set_by: "ada" }
}

fn document(base: u64) -> NewRevision<'static> {
    NewRevision { base, at_ms: 1, who: "ada", note: "", document: "a = 'canary'\n" }
}

async fn run(place: &str, sql: &'static str) {
    Place::parse(Path::new(place)).unwrap().connect().await.unwrap().run(sql).await.unwrap();
}

/// Whatever the database holds of secrets and documents, as text.
async fn kept(place: &str) -> String {
    let mut conn = Place::parse(Path::new(place)).unwrap().connect().await.unwrap();
    let all = "SELECT document AS text, sealed FROM config_revisions UNION ALL SELECT name, sealed FROM secrets";
    let rows = conn.fetch(all, &[]).await.unwrap();
    let shown = |row: &crate::conn::Row| {
        let sealed: Option<Vec<u8>> = row.get("sealed").unwrap();
        row.get::<String, _>("text").unwrap() + &String::from_utf8_lossy(&sealed.unwrap_or_default())
    };
    rows.iter().map(shown).collect()
}

async fn secrets_are_kept_sealed_and_counted(place: &str) {
    let mut table = SecretTable::at(place, &ring(ONE, None)).unwrap();
    assert_eq!(table.all().await.unwrap(), crate::OpenSecrets::default());
    assert!(table.put(secret("b", "canary-1")).await.unwrap());
    assert!(table.put(secret("a", "canary-2")).await.unwrap());
    assert!(table.put(NewSecret { set_by: "eve", ..secret("b", "canary-3") }).await.unwrap());
    let mut other = SecretTable::at(place, &ring(ONE, None)).unwrap();
    let found = other.all().await.unwrap();
    let values: Vec<_> = found.values.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
    assert_eq!((found.revision, values), (3, vec![("a", Some("canary-2")), ("b", Some("canary-3"))]));
    let told: Vec<_> = other.list().await.unwrap().into_iter().map(|row| (row.name, row.set_by)).collect();
    assert_eq!(told, [("a".to_owned(), "ada".to_owned()), ("b".to_owned(), "eve".to_owned())]);
    assert!(!kept(place).await.contains("canary"));
    assert!(other.remove("b").await.unwrap() && !other.remove("b").await.unwrap());
    assert_eq!(table.all().await.unwrap().values.len(), 1);
}

async fn another_key_neither_opens_nor_seals(place: &str) {
    let (right, wrong) = (ring(ONE, None), ring(OTHER, None));
    assert!(SecretTable::at(place, &right).unwrap().put(secret("a", "canary")).await.unwrap());
    let mut table = SecretTable::at(place, &wrong).unwrap();
    let told = |error: StoreError| {
        let StoreError::Key(error) = error else { panic!("{error}") };
        error.to_string()
    };
    let error = told(table.all().await.unwrap_err());
    assert!(error.contains("than the one in `TRUNKLINE_SECRET_KEY`; start with"), "{error}");
    assert_eq!(told(table.put(secret("b", "c")).await.unwrap_err()), error);
    assert_eq!(told(Revisions::at(place, &wrong).unwrap().append(document(0)).await.unwrap_err()), error);
    assert_eq!(Revisions::at(place, &right).unwrap().current().await.unwrap(), None, "nothing was left half done");
    assert_eq!(table.list().await.unwrap().len(), 1, "names are no secrets");
    let none = Keyring::new(None, None, "/nowhere");
    let error = told(SecretTable::at(place, &none).unwrap().all().await.unwrap_err());
    assert!(error.contains("there is no key: set `TRUNKLINE_SECRET_KEY`, or bring \"/nowhere/secret.key\""), "{error}");
    let short = Keyring::new(Some("short"), None, "/nowhere");
    let error = told(SecretTable::at(place, &short).unwrap().all().await.unwrap_err());
    assert!(error.starts_with("`TRUNKLINE_SECRET_KEY` is shorter than 32 characters"), "{error}");
}

async fn a_rotation_seals_everything_anew(place: &str) {
    let before = ring(ONE, None);
    assert!(SecretTable::at(place, &before).unwrap().put(secret("a", "canary")).await.unwrap());
    let mut revisions = Revisions::at(place, &before).unwrap();
    assert_eq!(revisions.append(document(0)).await.unwrap(), Appended::Kept(1));
    let hash = revisions.current().await.unwrap().unwrap().hash;
    let both = ring(OTHER, Some(ONE));
    assert_eq!(SecretTable::at(place, &both).unwrap().all().await.unwrap().values.len(), 1, "either opens");
    assert_eq!(rotate_key(place, &both).await.unwrap(), Rotated { secrets: 1, revisions: 1 });
    let after = ring(OTHER, None);
    let found = SecretTable::at(place, &after).unwrap().all().await.unwrap();
    assert_eq!((found.revision, found.values["a"].as_deref()), (2, Some("canary")));
    let mut revisions = Revisions::at(place, &after).unwrap();
    let current = revisions.current().await.unwrap().unwrap();
    assert_eq!((current.document.as_str(), current.hash != hash), (document(0).document, true));
    assert_eq!(revisions.append(document(1)).await.unwrap(), Appended::Same(1));
    assert!(SecretTable::at(place, &before).unwrap().all().await.is_err());
    assert!(rotate_key(place, &before).await.is_err());
    assert_eq!(rotate_key(place, &after).await.unwrap(), Rotated { secrets: 1, revisions: 1 }, "again, to no harm");
}

async fn what_was_kept_in_the_open_is_read_and_then_sealed(place: &str) {
    let ring = ring(ONE, None);
    let mut revisions = Revisions::at(place, &ring).unwrap();
    assert_eq!(revisions.current_number().await.unwrap(), 0);
    let plain = "INSERT INTO config_revisions (number, at_ms, who, note, hash, document) VALUES \
         (1, 1, 'ada', '', 'h', 'a = \"canary-1\"'), (2, 1, 'ada', '', 'h', 'a = \"canary-2\"'); \
         UPDATE config_current SET number = 2";
    run(place, plain).await;
    assert_eq!(revisions.current().await.unwrap().unwrap().document, "a = \"canary-2\"");
    let same = NewRevision { document: "a = \"canary-2\"", ..document(2) };
    assert_eq!(revisions.append(same).await.unwrap(), Appended::Same(2));
    assert!(kept(place).await.contains("canary"));
    assert_eq!(revisions.append(document(2)).await.unwrap(), Appended::Kept(3));
    assert!(!kept(place).await.contains("canary"));
    assert_eq!(revisions.get(1).await.unwrap().unwrap().document, "a = \"canary-1\"");
}

async fn what_somebody_has_changed_is_told_of(place: &str) {
    let ring = ring(ONE, None);
    let (mut table, mut revisions) = (SecretTable::at(place, &ring).unwrap(), Revisions::at(place, &ring).unwrap());
    assert!(table.put(secret("a", "one")).await.unwrap() && table.put(secret("b", "other")).await.unwrap());
    assert_eq!(revisions.append(document(0)).await.unwrap(), Appended::Kept(1));
    let swap = "UPDATE secrets SET sealed = (SELECT o.sealed FROM secrets AS o WHERE o.name = 'b') WHERE name = 'a'; \
         UPDATE config_revisions SET sealed = (SELECT o.sealed FROM secrets AS o WHERE o.name = 'b')";
    run(place, swap).await;
    let values = table.all().await.unwrap().values;
    assert_eq!((values["a"].as_deref(), values["b"].as_deref()), (None, Some("other")));
    let error = revisions.current().await.unwrap_err().to_string();
    assert!(error.starts_with("revision 1 of the configuration cannot be opened"), "{error}");
    let error = rotate_key(place, &ring).await.unwrap_err().to_string();
    assert!(error.starts_with("the secret \"a\" cannot be opened"), "{error}");
}

/// Every rule, each on a place of its own, which `place` makes by its name.
pub(crate) async fn all(place: &impl Fn(&str) -> String) {
    secrets_are_kept_sealed_and_counted(&place("vault_1")).await;
    another_key_neither_opens_nor_seals(&place("vault_2")).await;
    a_rotation_seals_everything_anew(&place("vault_3")).await;
    what_was_kept_in_the_open_is_read_and_then_sealed(&place("vault_4")).await;
    what_somebody_has_changed_is_told_of(&place("vault_5")).await;
}

mod files {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Every byte of every file in a folder.
    fn everything(folder: &Path) -> Vec<u8> {
        let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.flatten().collect()
    }

    #[tokio::test]
    async fn nothing_of_what_was_plain_stays_in_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x.db");
        let ring = Keyring::new(None, None, folder.path());
        let mut revisions = Revisions::at(&place, &ring).unwrap();
        assert_eq!(revisions.current_number().await.unwrap(), 0);
        let long = format!("a = 'canary{}'", "-canary".repeat(3_000));
        let mut conn = Place::parse(&place).unwrap().connect().await.unwrap();
        let insert = "INSERT INTO config_revisions (number, at_ms, who, note, hash, document) \
             VALUES (1, 1, 'ada', '', 'h', $1)";
        conn.execute(insert, &[(&long).into()]).await.unwrap();
        conn.run("UPDATE config_current SET number = 1").await.unwrap();
        let has_canary = || everything(folder.path()).windows(6).any(|bytes| bytes == b"canary");
        assert!(has_canary());
        assert_eq!(rotate_key(&place, &ring).await.unwrap(), Rotated { secrets: 0, revisions: 1 });
        assert!(!has_canary());
        assert_eq!(revisions.current().await.unwrap().unwrap().document, long);
    }

    #[tokio::test]
    async fn a_key_file_is_rotated_under_those_who_use_it() {
        let folder = tempfile::tempdir().unwrap();
        let (place, path) = (folder.path().join("x.db"), folder.path().join("secret.key"));
        let ring = Keyring::new(None, None, folder.path());
        let mut table = SecretTable::at(&place, &ring).unwrap();
        assert!(table.put(secret("a", "one")).await.unwrap());
        let before = std::fs::read_to_string(&path).unwrap();
        assert_eq!(rotate_key(&place, &ring).await.unwrap(), Rotated { secrets: 1, revisions: 0 });
        assert_ne!(std::fs::read_to_string(&path).unwrap(), before);
        assert_eq!(table.all().await.unwrap().values["a"].as_deref(), Some("one"));
        // Stopped between the two: the key that is in force is still in the other file.
        std::fs::rename(&path, folder.path().join("secret.key.next")).unwrap();
        std::fs::write(&path, &before).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(table.all().await.unwrap().values["a"].as_deref(), Some("one"));
        assert_eq!(rotate_key(&place, &ring).await.unwrap(), Rotated { secrets: 1, revisions: 0 });
        assert_eq!(table.all().await.unwrap().values["a"].as_deref(), Some("one"));
        assert!(!folder.path().join("secret.key.next").exists());
        // And into a variable.
        let stated = Keyring::new(Some(ONE), None, folder.path());
        assert_eq!(rotate_key(&place, &stated).await.unwrap(), Rotated { secrets: 1, revisions: 0 });
        let alone = Keyring::new(Some(ONE), None, "/nowhere");
        assert_eq!(SecretTable::at(&place, &alone).unwrap().all().await.unwrap().values.len(), 1);
    }
}
