use super::*;

fn now() -> u64 {
    now_s()
}

fn answer(owner: &str, id: &str, bytes: usize) -> KeptResponse {
    let text = || "[]".to_owned();
    let response = "x".repeat(bytes);
    KeptResponse {
        owner: owner.to_owned(),
        id: id.to_owned(),
        created_s: now(),
        input: text(),
        output: text(),
        response,
    }
}

fn desk(folder: &tempfile::TempDir, ttl: Duration) -> (ResponseDesk, JoinHandle<()>) {
    let place = folder.path().join("x.db");
    let (queue, inbox) = mpsc::channel(QUEUED_MAX);
    let counts = Arc::new(Counts::default());
    let clerk = Clerk { table: Responses::at(place).unwrap(), counts: Arc::clone(&counts) };
    (ResponseDesk { queue, ttl, counts }, tokio::spawn(clerk.work(inbox)))
}

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_question_sees_what_was_kept_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (desk, _task) = desk(&folder, DAY);
    for number in 0..20 {
        let mine = answer("me", &format!("resp_{number}"), 10);
        desk.keep(mine.clone());
        assert_eq!(desk.find("me", &mine.id).await, Ok(Some(mine.clone())));
        assert_eq!(desk.find("you", &mine.id).await, Ok(None));
    }
    assert_eq!(desk.forget("you", "resp_3").await, Ok(false));
    assert_eq!(desk.forget("me", "resp_3").await, Ok(true));
    assert_eq!(desk.find("me", "resp_3").await, Ok(None));
    assert_eq!(desk.dropped(), 0);
}

#[tokio::test]
async fn what_was_queued_when_it_stops_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (first, task) = desk(&folder, DAY);
    let mine = answer("", "resp_1", 10);
    first.keep(mine.clone());
    first.stop(task).await;
    assert_eq!(first.find("", "resp_1").await, Err(StoreDown), "nobody is left to ask");
    let (second, _task) = desk(&folder, DAY);
    assert_eq!(second.find("", "resp_1").await, Ok(Some(mine)));
}

#[tokio::test]
async fn what_has_no_room_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (desk, _task) = desk(&folder, DAY);
    // The task does not run before this one waits.
    for number in 0..10 {
        desk.keep(answer("me", &number.to_string(), QUEUED_BYTES_MAX / 8));
    }
    assert_eq!(desk.dropped(), 3);
    assert!(desk.find("me", "0").await.unwrap().is_some());
    assert_eq!(desk.find("me", "9").await, Ok(None));
    desk.keep(answer("me", "later", 1));
    assert!(desk.find("me", "later").await.unwrap().is_some());
    assert_eq!((desk.dropped(), desk.counts.queued_bytes.load(Ordering::Relaxed)), (3, 0));
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_down_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("later");
    let (queue, inbox) = mpsc::channel(QUEUED_MAX);
    let counts = Arc::new(Counts::default());
    let table = Responses::at(inner.join("x.db")).unwrap();
    let _task = tokio::spawn(Clerk { table, counts: Arc::clone(&counts) }.work(inbox));
    let desk = ResponseDesk { queue, ttl: DAY, counts };
    desk.keep(answer("me", "1", 1));
    assert_eq!(desk.find("me", "1").await, Err(StoreDown));
    assert_eq!((desk.dropped(), desk.failing()), (1, true));
    std::fs::create_dir(inner).unwrap();
    assert_eq!(desk.find("me", "1").await, Ok(None));
    assert!(!desk.failing());
}

#[tokio::test]
async fn no_time_to_live_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (desk, _task) = desk(&folder, Duration::ZERO);
    assert!(!desk.keeps());
    desk.keep(answer("me", "1", 1));
    assert_eq!(desk.find("me", "1").await, Ok(None));
}
