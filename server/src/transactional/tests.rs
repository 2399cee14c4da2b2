//! Jobs added from outside: they are there or they are not, the counts are exact, and each runs once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{NewJob, OnConflict, Unique};
use taskyard_shared::queue::{QueueChange, StateCounts};
use tempfile::{TempDir, tempdir};

use super::{TransactionError, add};
use crate::kinds::{JobContext, JobResult, Label, QueueDefaults, Worker};
use crate::queue::messages::Panic;
use crate::testing::TestYard;
use crate::{Yard, YardBuilder};

/// Counts how often each order was packed.
#[derive(Clone, Default)]
struct Pack(Arc<Mutex<BTreeMap<i64, u32>>>);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PackArgs {
    #[schemars(range(min = 1))]
    order: i64,
}

impl Worker for Pack {
    const KIND: &'static str = "pack";
    const DESCRIPTION: &'static str = "Packs an order.";
    type Args = PackArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: "warehouse", concurrency: 8 }
    }

    fn label(&self, args: &PackArgs) -> Label {
        Label { name: format!("Order {}", args.order), detail: String::new() }
    }

    async fn perform(&self, args: PackArgs, _: JobContext) -> JobResult {
        *self.0.lock().unwrap().entry(args.order).or_default() += 1;
        Ok(().into())
    }
}

impl Pack {
    fn packed(&self) -> BTreeMap<i64, u32> {
        self.0.lock().unwrap().clone()
    }
}

struct Shop {
    yard: TestYard,
    db: Connection,
    pack: Pack,
    _folder: TempDir,
}

fn builder(folder: &Path, pack: &Pack) -> YardBuilder {
    Yard::builder().data_dir(folder).worker(pack.clone())
}

async fn shop() -> Shop {
    let folder = tempdir().unwrap();
    let pack = Pack::default();
    let yard = TestYard::start(builder(folder.path(), &pack)).await.unwrap();
    let db = yard.connect().unwrap();
    db.execute_batch("CREATE TABLE shop_order (id INTEGER PRIMARY KEY)").unwrap();
    Shop { yard, db, pack, _folder: folder }
}

impl Shop {
    /// Every count is what the rows say, in the file and in the queue's memory.
    async fn assert_exact(&self) {
        for queue in self.yard.queues().await.unwrap() {
            let mut counted = StateCounts::default();
            let mut states = self
                .db
                .prepare("SELECT state FROM job WHERE queue_id = (SELECT id FROM queue WHERE name = ?1)")
                .unwrap();
            for state in states.query_map([&queue.name], |row| row.get::<_, usize>(0)).unwrap() {
                let state = match state.unwrap() {
                    7 => JobState::Pending,
                    5 => JobState::Scheduled,
                    6 => JobState::Waiting,
                    code => [
                        JobState::Pending,
                        JobState::Processing,
                        JobState::Completed,
                        JobState::Failed,
                        JobState::Cancelled,
                    ][code],
                };
                counted[state] += 1;
            }
            assert_eq!(queue.counts, counted, "queue {} in memory", queue.name);
            let kept: (u64, u64) = self
                .db
                .query_row("SELECT pending, completed FROM queue WHERE name = ?1", [&queue.name], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .unwrap();
            assert_eq!(kept, (counted.pending, counted.completed), "queue {} in the file", queue.name);
        }
    }
}

fn order(order: i64) -> crate::kinds::JobBuilder {
    Pack::job(PackArgs { order })
}

#[actix_web::test]
async fn a_job_is_there_after_the_commit_and_leaves_nothing_when_rolled_back() {
    let Shop { yard, mut db, pack, _folder } = shop().await;
    let refused: Result<(), TransactionError> = yard.transaction(&mut db, |tx| {
        tx.add(order(1))?;
        tx.execute("INSERT INTO no_such_table VALUES (1)", [])?;
        Ok(())
    });
    assert!(matches!(refused, Err(TransactionError::Database(_))));
    assert!(yard.drain().await.is_empty());
    assert!(yard.added::<Pack>().await.is_empty());

    let id = yard
        .transaction(&mut db, |tx| {
            tx.execute("INSERT INTO shop_order (id) VALUES (2)", [])?;
            tx.add(order(2))
        })
        .unwrap();
    let ran = yard.drain().await;
    assert_eq!(ran.iter().map(|ran| (ran.id, ran.state)).collect::<Vec<_>>(), [(id, JobState::Completed)]);
    assert_eq!(pack.packed(), BTreeMap::from([(2, 1)]));
    let shop = Shop { yard, db, pack, _folder };
    shop.assert_exact().await;
    shop.yard.stop().await;
}

#[actix_web::test]
async fn adding_from_both_sides_at_once_keeps_every_count_and_runs_each_job_once() {
    const ORDERS: i64 = 300;
    let Shop { yard, mut db, pack, _folder } = shop().await;
    let within = std::thread::spawn({
        let yard = Yard::clone(&yard);
        move || {
            let mut random = fastrand::Rng::with_seed(4);
            let mut kept = Vec::new();
            for number in 1..=ORDERS {
                let (several, rolls_back) = (random.i64(1..=3), random.u8(0..4) == 0);
                let done = yard.transaction(&mut db, |tx| {
                    for part in 0..several {
                        let mut job = order(number * 10 + part);
                        if random.bool() {
                            job = job.queue(format!("queue-{}", random.u8(0..4)));
                        }
                        tx.add(job)?;
                    }
                    if rolls_back { Err(TransactionError::InMemory) } else { Ok(()) }
                });
                assert_eq!(done.is_err(), rolls_back, "{done:?}");
                if !rolls_back {
                    kept.extend((0..several).map(|part| number * 10 + part));
                }
                if number == ORDERS / 2 {
                    yard.queue().do_send(Panic);
                }
            }
            (db, kept)
        }
    });
    let mut expected = Vec::new();
    for number in 1..=ORDERS {
        // While the queue restarts it answers so, and nothing was stored or it was: the caller cannot know.
        if yard.add(order(100_000 + number)).await.is_ok() {
            expected.push(100_000 + number);
        }
    }
    let (db, kept) = actix_web::web::block(move || within.join().unwrap()).await.unwrap();
    // The restart was told to the recorder, which so does not know everything.
    yard.idle().await;
    expected.extend(kept);
    let packed = pack.packed();
    assert!(packed.values().all(|times| *times == 1), "{packed:?}");
    for number in &expected {
        assert!(packed.contains_key(number), "order {number} was not packed");
    }
    let shop = Shop { yard, db, pack, _folder };
    shop.assert_exact().await;
    let stored: u64 =
        shop.db.query_row("SELECT count(*) FROM job WHERE state = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, packed.len() as u64);
    shop.yard.stop().await;
}

#[actix_web::test]
async fn what_the_queue_was_not_told_of_is_found_with_its_next_write_and_at_the_next_start() {
    let Shop { yard, mut db, pack, _folder } = shop().await;
    let without_telling = |db: &mut Connection, yard: &Yard, number| {
        let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        let id = add(&tx, yard, order(number)).unwrap();
        tx.commit().unwrap();
        id
    };
    let first = without_telling(&mut db, &yard, 1);
    let second = yard.add(order(2)).await.unwrap();
    assert_eq!((first, second), (JobId(1), JobId(2)));
    assert_eq!(yard.drain().await.len(), 2);

    without_telling(&mut db, &yard, 3);
    yard.stop().await;
    assert_eq!(pack.packed(), BTreeMap::from([(1, 1), (2, 1)]));
    let pack_again = pack.clone();
    let folder = _folder.path().to_owned();
    drop(db);
    // A System has one yard only.
    std::thread::spawn(move || {
        actix::System::new().block_on(async {
            let yard = TestYard::start(builder(&folder, &pack_again)).await.unwrap();
            yard.idle().await;
            yard.stop().await;
        });
    })
    .join()
    .unwrap();
    assert_eq!(pack.packed(), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
}

#[actix_web::test]
async fn unique_keys_dependencies_and_queue_settings_hold_inside_too() {
    let Shop { yard, mut db, pack, _folder } = shop().await;
    let hour = std::time::Duration::from_secs(3600);
    let unique = |on_conflict| Unique { key: Some("k".into()), period_ms: None, states: None, on_conflict };
    let kept = yard.add(order(1).delay(hour).unique(unique(OnConflict::Reject))).await.unwrap();
    yard.transaction(&mut db, |tx| {
        let taken = tx.add(order(2).unique(unique(OnConflict::Reject)));
        assert!(matches!(taken, Err(TransactionError::Refused(error)) if error.code == ErrorCode::Conflict));
        assert_eq!(tx.add(order(3).unique(unique(OnConflict::Existing)))?, kept);
        // Moved to now, by its new arguments.
        assert_eq!(tx.add(order(4).unique(unique(OnConflict::Replace)))?, kept);
        tx.add(order(5).after(kept))?;
        Ok::<_, TransactionError>(())
    })
    .unwrap();
    yard.idle().await;
    // After a job that has ended.
    yard.transaction(&mut db, |tx| tx.add(order(6).after(kept))).unwrap();
    yard.idle().await;
    assert_eq!(pack.packed(), BTreeMap::from([(4, 1), (5, 1), (6, 1)]));

    let change = QueueChange { draining: Some(true), ..QueueChange::default() };
    yard.configure("warehouse".to_owned(), change).await.unwrap();
    let refused = yard.transaction(&mut db, |tx| tx.add(order(7))).unwrap_err();
    assert_eq!(refused.to_string(), "queue \"warehouse\" takes no more jobs: it is being drained");
    let shop = Shop { yard, db, pack, _folder };
    shop.assert_exact().await;
    shop.yard.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_added_says_why_and_the_transaction_goes_on() {
    let Shop { yard, mut db, pack, _folder } = shop().await;
    yard.transaction(&mut db, |tx| {
        let wrong = tx.add(order(0));
        assert!(
            matches!(&wrong, Err(TransactionError::Refused(error)) if error.fields[0].field == "/order"),
            "{wrong:?}"
        );
        let unknown = tx.add(NewJob::new("unpack", serde_json::json!({}))).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no kind \"unpack\"; there are pack");
        tx.add(order(1))
    })
    .unwrap();
    yard.drain().await;
    assert_eq!(pack.packed(), BTreeMap::from([(1, 1)]));

    let mut elsewhere = Connection::open_in_memory().unwrap();
    let refused = yard.transaction(&mut elsewhere, |tx| tx.add(order(2))).unwrap_err();
    assert!(matches!(refused, TransactionError::AnotherFile { found: None, .. }), "{refused}");
    db.execute_batch("CREATE TEMP TABLE job (id INTEGER)").unwrap();
    let refused = yard.transaction(&mut db, |tx| tx.add(order(2))).unwrap_err();
    assert!(matches!(&refused, TransactionError::Hidden(name) if name == "job"), "{refused}");
    yard.stop().await;
}

#[actix_web::test]
async fn a_yard_in_memory_says_that_it_takes_no_part_in_transactions() {
    let yard = TestYard::start(Yard::builder().worker(Pack::default())).await.unwrap();
    assert!(matches!(yard.connect(), Err(TransactionError::InMemory)));
    let mut db = Connection::open_in_memory().unwrap();
    let refused = yard.transaction(&mut db, |tx| tx.add(order(1)));
    assert!(matches!(refused, Err(TransactionError::InMemory)));
    yard.stop().await;
}

#[actix_web::test]
async fn thousands_in_one_transaction_are_all_taken_in() {
    const JOBS: i64 = 1_500;
    let Shop { yard, mut db, pack, _folder } = shop().await;
    yard.transaction(&mut db, |tx| (1..=JOBS).try_for_each(|number| tx.add(order(number)).map(drop)))
        .unwrap();
    yard.idle().await;
    assert_eq!(pack.packed().len(), JOBS as usize);
    let shop = Shop { yard, db, pack, _folder };
    shop.assert_exact().await;
    shop.yard.stop().await;
}
