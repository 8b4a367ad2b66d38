//! Replicas of one store, each as it runs in a process of its own, save for the requests.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use trunkline_config::{Env, Overrides, Secret};
use trunkline_proxy::Health as _;
use trunkline_store::{Appended, ClientKeyTable, NewRevision, Put, Revision, StoredKey, Watch};
use trunkline_testkit::postgres::Postgres;

use super::*;
use crate::keys::follow::Follower;
use crate::state::Discard;
use crate::wakes;

/// Guards the tests against waiting for good; whether something takes long is not what they are about.
const WAIT_MAX: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

struct Replica {
    shared: Arc<Shared>,
    state: Arc<State>,
    reasons: mpsc::Sender<Reason>,
    tasks: Vec<JoinHandle<()>>,
    _data: TempDir,
}

impl Replica {
    /// One that serves the document `config`, a path or `store`.
    async fn start(config: &str, store: &str, variables: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let overrides = Overrides {
            data_dir: Some(data.path().to_owned()),
            store_url: Some(Secret::new(store)),
            ..Overrides::default()
        };
        let env: Env = variables.iter().copied().collect();
        let source = Source::find(Some(PathBuf::from(config)), env, overrides);
        let (seen, in_force) = (source.stamp(), source.read().await.unwrap());
        let loaded = source.resolve(in_force.as_ref(), &[]).unwrap();
        let shared = Shared::new(loaded.snapshot, Arc::new(Discard), Box::new(State::default()), Box::new(Discard));
        let (state, wakes) = (Arc::new(State::default()), Wakes::default());
        let place = Secret::new(store);
        let keys = Follower::start(&place, &shared).await.unwrap();
        let keys_wake = wakes.keys.clone();
        let beginning = Beginning { source, seen, in_force, found: Found::default() };
        let of_process = (Arc::clone(&shared), Arc::clone(&state));
        let (reloader, history) = Reloader::new(beginning, &place, of_process, wakes.clone()).unwrap();
        let (reasons, inbox) = mpsc::channel(1);
        let tasks = vec![
            tokio::spawn(reloader.follow(inbox)),
            tokio::spawn(history),
            tokio::spawn(wakes::call(Watch::at(store).unwrap(), wakes)),
            tokio::spawn(keys.follow(Arc::clone(&shared), keys_wake)),
        ];
        Self { shared, state, reasons, tasks, _data: data }
    }

    fn serves(&self, model: &str) -> bool {
        self.shared.snapshot().models.contains_key(model)
    }

    fn knows(&self, key: &str) -> bool {
        self.shared.made_keys().known.values().any(|known| *known.name == *key)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn document(model: &str) -> String {
    format!("[models.{model}]\ntargets = [{{ provider = \"dummy\", model = \"echo-1\" }}]\n")
}

async fn push(store: &str, base: u64, document: &str) {
    let new = NewRevision { base, at_ms: 1, who: "ada", note: "", document };
    assert_eq!(Revisions::at(store).unwrap().append(new).await.unwrap(), Appended::Kept(base + 1));
}

async fn make_key(store: &str, name: &str) {
    let key = StoredKey {
        id: name.to_owned(),
        name: name.to_owned(),
        hash: format!("{:064x}", name.len()),
        tags: "[]".to_owned(),
        allowance: "{}".to_owned(),
        ..StoredKey::default()
    };
    let put = ClientKeyTable::at(store).unwrap().put(&key).await.unwrap();
    assert!(matches!(put, Put::Kept(_)), "{put:?}");
}

async fn a_change_is_everywhere(store: &str, replicas: &[Replica; 2], base: u64) {
    let (model, key) = (format!("m{base}"), "k".repeat(1 + base as usize));
    push(store, base, &document(&model)).await;
    until("both serve it", || replicas.iter().all(|replica| replica.serves(&model))).await;
    let revision =
        |replica: &Replica| replica.state.counts().iter().any(|count| *count == ("config_revision", base + 1));
    until("both say so", || replicas.iter().all(revision)).await;
    make_key(store, &key).await;
    until("both know the key", || replicas.iter().all(|replica| replica.knows(&key))).await;
}

#[tokio::test]
async fn replicas_on_postgres_follow_and_catch_up_after_it_was_away() {
    let server = Postgres::start().unwrap();
    let store = server.database("replicas").unwrap();
    let replicas = [Replica::start("store", &store, &[]).await, Replica::start("store", &store, &[]).await];
    a_change_is_everywhere(&store, &replicas, 0).await;
    a_change_is_everywhere(&store, &replicas, 1).await;
    server.stop().unwrap();
    // Somebody asks while it is away: what is in force stays.
    for replica in &replicas {
        replica.reasons.send(Reason::Asked).await.unwrap();
        replica.reasons.send(Reason::Found(Vec::new())).await.unwrap();
        assert!(replica.serves("m1"));
    }
    server.resume().unwrap();
    a_change_is_everywhere(&store, &replicas, 2).await;
}

#[tokio::test]
async fn replicas_of_a_sqlite_file_follow() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("x.db").display().to_string();
    let replicas = [Replica::start("store", &store, &[]).await, Replica::start("store", &store, &[]).await];
    a_change_is_everywhere(&store, &replicas, 0).await;
    a_change_is_everywhere(&store, &replicas, 1).await;
}

#[tokio::test]
async fn a_replica_that_cannot_use_a_revision_keeps_the_one_before_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("x.db").display().to_string();
    push(&store, 0, &document("m0")).await;
    let able = Replica::start("store", &store, &[("SECRET_OF_ONE", "sk-canary")]).await;
    let unable = Replica::start("store", &store, &[]).await;
    let provider = "[providers.groq]\nkeys = [\"${SECRET_OF_ONE}\"]\n";
    push(&store, 1, &format!("{provider}{}", document("m1"))).await;
    until("one can", || able.serves("m1")).await;
    until("the other says that it cannot", || !unable.state.problems().is_empty()).await;
    assert_eq!(
        unable.state.problems(),
        [
            "revision 2 is not in force: revision 2:2:9: providers.groq.keys[0]: the variable `SECRET_OF_ONE` is not set; \
          set it in the environment Trunkline is started with\n    keys = [******************]\n            ^"
        ]
    );
    assert_eq!(unable.state.counts(), [("config_revision", 1)]);
    assert!(unable.serves("m0") && able.state.problems().is_empty());
    push(&store, 2, &document("m2")).await;
    until("both go on", || able.serves("m2") && unable.serves("m2")).await;
    until("all is well", || unable.state.problems().is_empty()).await;
}

#[tokio::test]
async fn what_is_put_in_force_from_a_file_becomes_a_revision_and_what_is_broken_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("x.db").display().to_string();
    let file = folder.path().join("t.toml");
    // Whole or not at all, as editors do it: half a document is one, too.
    let write = |text: &str| {
        std::fs::write(folder.path().join("new"), text).unwrap();
        std::fs::rename(folder.path().join("new"), &file).unwrap();
    };
    write(&document("m0"));
    let replica = Replica::start(file.to_str().unwrap(), &store, &[]).await;
    let kept = || history(&store);
    until_kept(kept, 1).await;
    write("[models.broken]\ntargets = 7\n");
    until("it is refused", || !replica.state.problems().is_empty()).await;
    write(&document("another"));
    until("it is in force", || replica.serves("another")).await;
    let revisions = until_kept(kept, 2).await;
    let told: Vec<_> = revisions.iter().map(|row| (row.who.as_str(), Path::new(&row.note) == file)).collect();
    assert_eq!(told, [("file", true), ("file", true)]);
    assert_eq!(Revisions::at(&store).unwrap().current().await.unwrap().unwrap().document, document("another"));
    // The next start finds the same file: nothing has changed.
    drop(replica);
    let again = Replica::start(file.to_str().unwrap(), &store, &[]).await;
    write(&document("third"));
    until("it is in force", || again.serves("third")).await;
    assert_eq!(until_kept(kept, 3).await.len(), 3);
}

async fn history(store: &str) -> Vec<Revision> {
    Revisions::at(store).unwrap().list(9, None).await.unwrap()
}

async fn until_kept<F: Future<Output = Vec<Revision>>>(kept: impl Fn() -> F, count: usize) -> Vec<Revision> {
    let waiting = async {
        loop {
            let revisions = kept().await;
            if revisions.len() >= count {
                return revisions;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, waiting).await.expect("it is kept")
}
