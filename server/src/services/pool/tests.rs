//! Pools over a real SQLite file. SMTP is tried with the `email` kind.

use std::path::Path;
use std::time::{Duration, Instant};

use actix::{Addr, Supervisor};
use taskyard_shared::job::JobId;
use taskyard_shared::service::PoolStatus;
use tempfile::TempDir;

use super::messages::Panic;
use super::*;
use crate::services::ServiceError;

/// A pool "books" over a file in a folder of its own.
struct Shelf {
    pools: Pools,
    addr: Addr<ConnectionPool>,
    folder: TempDir,
}

const NOBODY: Option<JobId> = None;

fn make_database(path: &Path) {
    let database = rusqlite::Connection::open(path).expect("opened");
    database
        .execute_batch("CREATE TABLE books (title TEXT); INSERT INTO books VALUES ('Emma');")
        .expect("made");
}

fn start(folder: TempDir, change: impl FnOnce(&mut PoolSettings)) -> Shelf {
    let target = PoolTarget::Sqlite(SqliteSettings { path: folder.path().join("books.db") });
    let mut settings = PoolSettings::new(target);
    change(&mut settings);
    let pools = [("books".to_owned(), settings)].into();
    let pool = ConnectionPool::new(ConnectionPoolConfig { pools, ..ConnectionPoolConfig::default() });
    let pool = pool.map_err(|(name, error)| format!("{name}: {error}")).expect("set up");
    let addr = Supervisor::start(|_| pool);
    Shelf { pools: Pools::new(addr.clone()), addr, folder }
}

fn shelf(change: impl FnOnce(&mut PoolSettings)) -> Shelf {
    let folder = tempfile::tempdir().expect("a folder");
    make_database(&folder.path().join("books.db"));
    start(folder, change)
}

impl Shelf {
    async fn take(&self, job: u64) -> Pooled<SqliteConnector> {
        self.pools.sqlite("books", JobId(job)).await.expect("a connection")
    }

    async fn status(&self) -> PoolStatus {
        self.pools.status().await.expect("answered").remove(0)
    }

    /// Waits until the pool stands as `wanted`.
    async fn until(&self, wanted: impl Fn(&PoolStatus) -> bool) -> PoolStatus {
        let begun = Instant::now();
        loop {
            let status = self.status().await;
            if wanted(&status) {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{status:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn titles(connection: &Pooled<SqliteConnector>) -> i64 {
    connection.query_row("SELECT count(*) FROM books", [], |row| row.get(0)).expect("counted")
}

/// Leaves a mark on a connection, to know it again.
fn mark(connection: &Pooled<SqliteConnector>) {
    connection.pragma_update(None, "cache_size", 4321).expect("marked");
}

fn is_marked(connection: &Pooled<SqliteConnector>) -> bool {
    connection.pragma_query_value(None, "cache_size", |row| row.get::<_, i64>(0)).expect("read") == 4321
}

#[actix::test]
async fn a_connection_reads_cannot_write_and_is_used_again() {
    let shelf = shelf(|_| {});
    let connection = shelf.take(7).await;
    assert_eq!(titles(&connection), 1);
    assert!(connection.execute("DELETE FROM books", []).is_err());
    mark(&connection);
    let status = shelf.until(|status| status.users.len() == 1).await;
    assert_eq!((status.users[0].job, status.size, status.idle, status.waiting), (Some(JobId(7)), 1, 0, 0));
    drop(connection);
    let status = shelf.until(|status| status.users.is_empty()).await;
    assert_eq!((status.size, status.idle, status.checkouts, status.errors), (1, 1, 1, 0));
    assert!(is_marked(&shelf.take(8).await));
}

#[actix::test]
async fn a_connection_in_the_middle_of_something_is_closed_when_it_comes_back() {
    let shelf = shelf(|_| {});
    let mut connection = shelf.take(1).await;
    mark(&connection);
    connection.begin_exchange();
    drop(connection);
    let connection = shelf.take(1).await;
    assert!(!is_marked(&connection));
    mark(&connection);
    connection.execute_batch("BEGIN").expect("begun");
    drop(connection);
    let mut connection = shelf.take(1).await;
    assert!(!is_marked(&connection), "a transaction was open");
    mark(&connection);
    connection.begin_exchange();
    connection.end_exchange();
    drop(connection);
    assert!(is_marked(&shelf.take(1).await));
}

#[actix::test]
async fn callers_wait_in_line_and_not_longer_than_they_may() {
    let shelf = shelf(|settings| {
        settings.max_size = 1;
        settings.timeout = Duration::from_millis(300);
    });
    let held = shelf.take(1).await;
    let error = shelf.pools.sqlite("books", NOBODY).await.err().expect("all are in use");
    assert_eq!(error, CheckoutError::Busy { pool: "books".to_owned(), timeout_s: 0 });
    assert!(!error.is_final());
    let status = shelf.until(|status| status.waiting == 0).await;
    assert_eq!((status.errors, status.users.len()), (1, 1));
    assert!(status.last_error.expect("told").message.contains("became free"));

    let waiting = shelf.take(2);
    let giving_back = async {
        shelf.until(|status| status.waiting == 1).await;
        drop(held);
    };
    let (second, ()) = tokio::join!(waiting, giving_back);
    assert_eq!(shelf.until(|status| status.waiting == 0).await.users[0].job, Some(JobId(2)));
    assert_eq!(titles(&second), 1);
}

#[actix::test]
async fn a_user_that_panics_or_is_cancelled_gives_its_connection_back() {
    let shelf = shelf(|settings| settings.max_size = 1);
    let pools = shelf.pools.clone();
    let panicking = tokio::spawn(async move {
        let _connection = pools.sqlite("books", JobId(1)).await.expect("a connection");
        panic!("on purpose");
    });
    assert!(panicking.await.expect_err("panicked").is_panic());
    let pools = shelf.pools.clone();
    let (got, has_it) = tokio::sync::oneshot::channel();
    let cancelled = tokio::spawn(async move {
        let _connection = pools.sqlite("books", JobId(2)).await.expect("a connection");
        let _ = got.send(());
        std::future::pending::<()>().await;
    });
    has_it.await.expect("it has the connection");
    // One that waits and is cancelled leaves the line.
    let pools = shelf.pools.clone();
    let waiting = tokio::spawn(async move { pools.sqlite("books", JobId(3)).await.map(drop) });
    shelf.until(|status| status.waiting == 1).await;
    waiting.abort();
    shelf.until(|status| status.waiting == 0).await;
    cancelled.abort();
    let status = shelf.until(|status| status.users.is_empty()).await;
    assert_eq!((status.size, status.idle), (1, 1));
    assert_eq!(titles(&shelf.take(4).await), 1);
}

#[actix::test]
async fn connections_end_with_their_lifetime_and_when_nobody_needs_them() {
    let old = shelf(|settings| settings.max_lifetime = Duration::ZERO);
    let connection = old.take(1).await;
    mark(&connection);
    drop(connection);
    assert!(!is_marked(&old.take(1).await));
    let idle = shelf(|settings| settings.idle_timeout = Duration::from_millis(50));
    drop(idle.take(1).await);
    let status = idle.until(|status| status.size == 0).await;
    assert_eq!((status.idle, status.errors), (0, 0));
}

#[actix::test]
async fn a_pool_that_cannot_connect_says_so_from_the_start_and_works_once_it_can() {
    let shelf = start(tempfile::tempdir().expect("a folder"), |_| {});
    let status = shelf.until(|status| status.errors > 0).await;
    let said = status.last_error.expect("told").message;
    assert!(said.starts_with("cannot connect to ") && said.contains("unable to open"), "{said}");
    let error = shelf.pools.sqlite("books", NOBODY).await.err().expect("no file");
    assert!(matches!(&error, CheckoutError::NoConnection { is_final: false, .. }), "{error}");
    assert_eq!(shelf.until(|status| status.errors == 2).await.waiting, 0);
    make_database(&shelf.folder.path().join("books.db"));
    assert_eq!(titles(&shelf.take(1).await), 1);
}

#[actix::test]
async fn a_broken_connection_is_replaced() {
    let shelf = shelf(|_| {});
    let connection = shelf.take(1).await;
    mark(&connection);
    drop(connection);
    let path = shelf.folder.path().join("books.db");
    std::fs::write(&path, "This is no database any more. ".repeat(1_000)).expect("written");
    let error = shelf.pools.sqlite("books", NOBODY).await.err().expect("no database");
    assert!(error.to_string().contains("not a database"), "{error}");
    let status = shelf.until(|status| status.waiting == 0).await;
    assert_eq!((status.errors, status.size), (2, 0), "the one found broken, and the one not made");
    std::fs::remove_file(&path).expect("removed");
    make_database(&path);
    assert!(!is_marked(&shelf.take(1).await));
}

#[actix::test]
async fn a_wrong_name_or_kind_is_refused_for_good() {
    let shelf = shelf(|_| {});
    let error = shelf.pools.sqlite("boks", NOBODY).await.err().expect("no such pool");
    assert_eq!(error.to_string(), "there is no pool \"boks\"; there is books");
    assert!(error.is_final());
    let error = shelf.pools.smtp("books", NOBODY).await.err().expect("another kind");
    assert_eq!(error.to_string(), "the pool \"books\" is of the kind sqlite, not smtp");
}

#[actix::test]
async fn after_a_panic_callers_recover_within_a_second_and_connections_in_use_survive() {
    let shelf = shelf(|settings| settings.max_size = 1);
    let connection = shelf.take(1).await;
    let begun = Instant::now();
    let answer = shelf.addr.send(Panic).await.expect("answered");
    assert_eq!(answer, Err(ServiceError::Restarting("connection pool")));
    assert_eq!(titles(&connection), 1);
    let status = shelf.status().await;
    assert_eq!((status.users.len(), status.size), (1, 1));
    // Given back while the actor restarts again: it is heard.
    shelf.addr.do_send(Panic);
    drop(connection);
    assert_eq!(titles(&shelf.take(2).await), 1);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(shelf.until(|status| status.users.is_empty()).await.checkouts == 2);
}
