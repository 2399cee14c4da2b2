//! What the writer thread promises: order, one commit for all that waits, and that nothing gets lost.

use std::sync::mpsc::{self, Receiver};

use taskyard_shared::job::JobId;

use super::{MAX_OPS_PER_COMMIT, Ticket, WriterCounters, WriterHandle, WriterThread, Written};
use crate::store::conformance::yard::{file, job};
use crate::store::ops::{AddTerms, Committed, OpResult, StoredYard, WriteOp};
use crate::store::{CommitSeq, MemoryStore, Store, StoreError, StoreWriter};

fn insert(name: &str) -> WriteOp {
    WriteOp::Insert { jobs: vec![job("demo", name)], terms: AddTerms::default() }
}

/// One that every store refuses.
fn bad() -> WriteOp {
    let mut twice = job("demo", "bad");
    twice.inputs = vec![file("a", 'a'), file("a", 'b')];
    WriteOp::Insert { jobs: vec![twice], terms: AddTerms::default() }
}

fn start(writer: Box<dyn StoreWriter>) -> (WriterHandle, WriterThread, Receiver<Written>) {
    let (told, heard) = mpsc::channel();
    let (handle, thread) = WriterHandle::start(writer, || 42, move |written| told.send(written).unwrap());
    (handle, thread, heard)
}

/// A writer whose first call waits until it is let go, so that a backlog can build up behind it.
struct Held {
    inner: Box<dyn StoreWriter>,
    entered: mpsc::Sender<()>,
    let_go: Receiver<()>,
}

impl StoreWriter for Held {
    fn apply(&mut self, ops: &[WriteOp], now_ms: i64) -> Result<Committed, StoreError> {
        let _ = self.entered.send(());
        // Open for good once the test has dropped its end.
        let _ = self.let_go.recv();
        self.inner.apply(ops, now_ms)
    }

    fn load(&mut self) -> Result<StoredYard, StoreError> {
        self.inner.load()
    }

    fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> Result<u64, StoreError> {
        self.inner.recover_lost(max_losses, now_ms)
    }
}

/// Submits `first`, then `behind` while that is being written; gives all that was told.
fn with_backlog(behind: Vec<Vec<(Ticket, WriteOp)>>) -> (Vec<Written>, WriterCounters) {
    let (entered, has_entered) = mpsc::channel();
    let (go, let_go) = mpsc::channel();
    let inner = MemoryStore::new().writer().unwrap();
    let (handle, thread, heard) = start(Box::new(Held { inner, entered, let_go }));
    handle.submit(vec![(Ticket(0), insert("first"))]);
    has_entered.recv().unwrap();
    for batch in behind {
        handle.submit(batch);
    }
    drop(go);
    let counters = handle.counters.clone();
    drop(handle);
    thread.join();
    (heard.into_iter().collect(), counters.read())
}

fn tickets(written: &Written) -> Vec<u64> {
    match written {
        Written::Committed { results, .. } => results.iter().map(|(ticket, _)| ticket.0).collect(),
        Written::Failed { ops, .. } => ops.iter().map(|(ticket, _)| ticket.0).collect(),
        Written::Loaded { .. } => Vec::new(),
    }
}

#[test]
fn all_that_waits_is_one_commit() {
    let behind = (1..=50).map(|ticket| vec![(Ticket(ticket), insert("more"))]).collect();
    let (told, counters) = with_backlog(behind);
    assert_eq!(told.len(), 2);
    assert_eq!(tickets(&told[1]), (1..=50).collect::<Vec<_>>());
    assert!(matches!(told[1], Written::Committed { commit: CommitSeq(2), .. }));
    assert_eq!(counters, WriterCounters { commits: 2, ops: 51, largest_batch: 50, failed_ops: 0 });
}

#[test]
fn a_commit_has_a_bound_and_order_is_kept_across_it() {
    let count = MAX_OPS_PER_COMMIT as u64 * 2 + 10;
    let behind = (1..=count).map(|ticket| vec![(Ticket(ticket), insert("more"))]).collect();
    let (told, counters) = with_backlog(behind);
    assert_eq!(told.len(), 4);
    assert_eq!(counters.largest_batch, MAX_OPS_PER_COMMIT as u64);
    let all: Vec<u64> = told.iter().flat_map(tickets).collect();
    assert_eq!(all, (0..=count).collect::<Vec<_>>());
}

#[test]
fn one_bad_operation_takes_no_other_with_it() {
    let behind = [insert("a"), bad(), insert("b")];
    let behind = (1..).map(Ticket).zip(behind).map(|op| vec![op]).collect();
    let (told, counters) = with_backlog(behind);
    let order: Vec<_> =
        told.iter().map(|written| (matches!(written, Written::Committed { .. }), tickets(written))).collect();
    let expected = [(true, vec![0]), (true, vec![1]), (false, vec![2]), (true, vec![3])];
    assert_eq!(order, expected);
    let Written::Failed { ops, error } = &told[2] else { panic!() };
    assert_eq!(ops[0].1, bad(), "it is given back");
    assert!(matches!(error, StoreError::Refused(_)));
    assert_eq!(counters.failed_ops, 1);
}

#[test]
fn a_load_is_answered_after_everything_submitted_before_it() {
    let (handle, thread, heard) = start(MemoryStore::new().writer().unwrap());
    for ticket in 0..20 {
        handle.submit(vec![(Ticket(ticket), insert("a"))]);
    }
    handle.load(7);
    handle.submit(vec![(Ticket(20), insert("b"))]);
    drop(handle);
    thread.join();
    let told: Vec<Written> = heard.into_iter().collect();
    let place = told.iter().position(|written| matches!(written, Written::Loaded { .. })).unwrap();
    let Written::Loaded { generation: 7, yard: Ok(yard) } = &told[place] else { panic!("{told:?}") };
    assert_eq!(yard.queues[0].counts.pending, 20);
    assert_eq!(told[..place].iter().flat_map(tickets).count(), 20);
    assert_eq!(told[place + 1..].iter().flat_map(tickets).collect::<Vec<_>>(), [20]);
}

#[test]
fn everything_submitted_is_written_when_the_last_handle_is_dropped() {
    let store = MemoryStore::new();
    let (handle, thread, heard) = start(store.writer().unwrap());
    let other = handle.clone();
    handle.submit((0..500).map(|ticket| (Ticket(ticket), insert("a"))).collect());
    drop(handle);
    other.submit(vec![(Ticket(500), insert("b"))]);
    drop(other);
    thread.join();
    assert_eq!(heard.into_iter().map(|written| tickets(&written).len()).sum::<usize>(), 501);
    assert!(store.reader().job(JobId(501)).unwrap().is_some());
}

/// Fails, or panics, as told by the first job's name.
struct Broken;

impl StoreWriter for Broken {
    fn apply(&mut self, ops: &[WriteOp], _now_ms: i64) -> Result<Committed, StoreError> {
        let Some(WriteOp::Insert { jobs, .. }) = ops.first() else {
            return Err(StoreError::Io("full".into()));
        };
        assert_ne!(jobs[0].name, "panic", "boom");
        match jobs[0].name.as_str() {
            "io" => Err(StoreError::Io("the disk is full".to_owned())),
            _ => Ok(Committed {
                commit: CommitSeq(1),
                results: vec![OpResult::QueueConfigured; ops.len()],
                limits: None,
                outside: None,
            }),
        }
    }

    fn load(&mut self) -> Result<StoredYard, StoreError> {
        panic!("boom")
    }

    fn recover_lost(&mut self, _max_losses: u32, _now_ms: i64) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[test]
fn a_panic_in_the_store_is_a_failure_and_the_thread_goes_on() {
    let (handle, thread, heard) = start(Box::new(Broken));
    handle.submit(vec![(Ticket(1), insert("panic"))]);
    let Written::Failed { ops, error } = heard.recv().unwrap() else { panic!() };
    assert_eq!(ops[0].0, Ticket(1));
    assert!(error.to_string().contains("boom"), "{error}");
    handle.load(1);
    assert!(matches!(heard.recv().unwrap(), Written::Loaded { generation: 1, yard: Err(_) }));
    handle.submit(vec![(Ticket(2), insert("fine"))]);
    assert_eq!(tickets(&heard.recv().unwrap()), [2]);
    drop(handle);
    thread.join();
}

#[test]
fn a_failing_disk_gives_everything_back_at_once() {
    let (handle, thread, heard) = start(Box::new(Broken));
    handle.submit((1..=30).map(|ticket| (Ticket(ticket), insert("io"))).collect());
    let written = heard.recv().unwrap();
    assert!(matches!(&written, Written::Failed { error: StoreError::Io(_), .. }));
    assert_eq!(tickets(&written), (1..=30).collect::<Vec<_>>());
    drop(handle);
    thread.join();
    assert!(heard.recv().is_err(), "nothing was tried one by one");
}
