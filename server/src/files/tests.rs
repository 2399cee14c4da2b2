//! What the file store promises.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobSummary};
use taskyard_shared::view::JobsQuery;

use super::{CHUNK_PATIENCE, FileError, FileStore, media_type_of};
use crate::store::{
    CommitSeq, EndedJob, IdempotencyKey, InsertResult, JobsPage, LogPage, StoreError, StoreReader,
    WaitingFacts,
};

const HOUR: Duration = Duration::from_secs(3600);
/// `printf hello | sha256sum`
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn store() -> (tempfile::TempDir, Arc<FileStore>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = FileStore::open(dir.path()).expect("an empty store");
    (dir, Arc::new(store))
}

/// Everything below the folder that is a file.
fn files_in(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(files_in(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

fn make_old(store: &FileStore, sha256: &str) {
    let file = File::options().append(true).open(store.path(sha256).expect("a sum")).expect("it exists");
    file.set_modified(SystemTime::now() - 2 * HOUR).expect("set");
}

/// A store in which jobs refer to these sums.
struct Referring(HashSet<String>);

impl StoreReader for Referring {
    fn list(&self, _: &JobsQuery) -> Result<JobsPage, StoreError> {
        Ok(JobsPage { rows: Vec::new(), more: false, as_of: CommitSeq(0), scanned_to: None })
    }
    fn job(&self, _: JobId) -> Result<Option<JobDetail>, StoreError> {
        Ok(None)
    }
    fn artifact(&self, _: JobId, _: &str) -> Result<Option<FileRef>, StoreError> {
        Ok(None)
    }
    fn log(&self, _: JobId, _: Option<u32>, _: u32) -> Result<LogPage, StoreError> {
        Ok(LogPage::default())
    }
    fn answered(&self, _: &IdempotencyKey, _: i64) -> Result<Option<InsertResult>, StoreError> {
        Ok(None)
    }
    fn batch(&self, _: BatchId) -> Result<Option<BatchStatus>, StoreError> {
        Ok(None)
    }
    fn waiting_facts(&self, _: JobId) -> Result<Option<WaitingFacts>, StoreError> {
        Ok(None)
    }
    fn ended(&self, _: EndedJob, _: u32) -> Result<Vec<Arc<JobSummary>>, StoreError> {
        Ok(Vec::new())
    }
    fn unreferenced(&self, sha256: &[String]) -> Result<Vec<String>, StoreError> {
        Ok(sha256.iter().filter(|sum| !self.0.contains(*sum)).cloned().collect())
    }
}

#[test]
fn content_is_found_again_by_its_sum_and_stored_once() {
    let (dir, store) = store();
    let file = store.put("a.txt", "text/plain", b"hello").expect("stored");
    assert_eq!((file.sha256.as_str(), file.bytes), (HELLO, 5));
    let again = store.put("b.txt", "text/markdown", b"hello").expect("stored");
    assert_eq!((again.sha256.as_str(), again.name.as_str()), (HELLO, "b.txt"));
    assert_eq!(store.read(HELLO).expect("read"), b"hello");
    assert_eq!(files_in(dir.path()).len(), 1);
    assert!(dir.path().join("2c").join(&HELLO[2..]).is_file());
}

#[test]
fn names_that_are_not_plain_are_refused() {
    let (dir, store) = store();
    let long = "x".repeat(256);
    let bad = ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", " a", "a\u{202e}gpj.exe", &long];
    for name in bad {
        let refused = store.put(name, "text/plain", b"x");
        assert!(matches!(refused, Err(FileError::BadName(_))), "{name:?}");
    }
    for name in ["a", ".hidden", "Grüße aus Köln.jpeg", "a b (1).png", "..x"] {
        assert!(store.put(name, "text/plain", b"x").is_ok(), "{name:?}");
    }
    assert_eq!(files_in(dir.path()).len(), 1);
}

#[test]
fn what_is_not_a_sum_names_no_file() {
    let (_dir, store) = store();
    for sum in ["", "../../etc/passwd", &HELLO.to_uppercase(), &HELLO[1..], HELLO] {
        assert!(matches!(store.open_file(sum), Err(FileError::NotFound(_))), "{sum}");
        assert!(!store.exists(sum));
        assert!(matches!(store.describe(sum, "x"), Err(FileError::NotFound(_))), "{sum}");
    }
}

#[test]
fn leftovers_of_a_crash_are_removed_at_start_and_stored_files_stay() {
    let (dir, store) = store();
    store.put("a.txt", "text/plain", b"hello").expect("stored");
    fs::write(dir.path().join("incoming").join("half"), b"hal").expect("written");
    drop(store);
    let store = FileStore::open(dir.path()).expect("opened again");
    assert_eq!(files_in(dir.path()).len(), 1);
    assert!(store.exists(HELLO));
}

#[tokio::test(start_paused = true)]
async fn a_sender_from_whom_nothing_more_comes_is_given_up_and_leaves_nothing() {
    let (dir, store) = store();
    let began = tokio::time::Instant::now();
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"hel"))]).chain(stream::pending());
    let refused = store.receive("a", 100, chunks).await;
    assert!(matches!(refused, Err(FileError::TooSlow)), "{refused:?}");
    assert_eq!(began.elapsed(), CHUNK_PATIENCE);
    assert!(files_in(dir.path()).is_empty());
}

#[test]
fn a_file_that_is_never_finished_leaves_nothing() {
    let (dir, store) = store();
    let mut file = store.begin(10).expect("begun");
    file.write(b"hello").expect("written");
    drop(file);
    assert!(files_in(dir.path()).is_empty());
}

#[tokio::test]
async fn a_stream_is_stored_with_the_type_that_its_content_shows() {
    let (_dir, store) = store();
    let chunk = |bytes: &'static [u8]| Ok::<_, Infallible>(Bytes::from_static(bytes));
    let chunks = stream::iter([chunk(b"\x89PNG\r\n"), chunk(b"\x1a\n rest")]);
    let file = store.receive("lies.exe", 100, chunks).await.expect("stored");
    assert_eq!((file.media_type.as_str(), file.bytes, file.name.as_str()), ("image/png", 13, "lies.exe"));
    let described = store.describe(&file.sha256, "").expect("there");
    assert_eq!(described, FileRef { name: "upload.png".to_owned(), ..file });
}

#[tokio::test]
async fn an_endless_stream_is_refused_at_the_bound_and_leaves_nothing() {
    let (dir, store) = store();
    let chunk = Bytes::from(vec![0; 64 * 1024]);
    let endless = stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()));
    let refused = store.receive("zeroes", 1024 * 1024, endless).await;
    assert!(matches!(refused, Err(FileError::TooLarge { .. })));
    assert!(files_in(dir.path()).is_empty());
}

#[tokio::test]
async fn a_stream_that_breaks_off_leaves_nothing() {
    let (dir, store) = store();
    let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err("the connection was closed")]);
    let refused = store.receive("a", 100, broken).await;
    assert!(matches!(refused, Err(FileError::Interrupted(_))));
    assert!(files_in(dir.path()).is_empty());
}

#[test]
fn the_sweep_removes_only_what_is_old_and_referred_to_by_no_job() {
    let (_dir, store) = store();
    let put = |content: &[u8]| store.put("x", "text/plain", content).expect("stored").sha256;
    let (orphan, referred, young, asked_for) =
        (put(b"orphan"), put(b"referred"), put(b"young"), put(b"asked"));
    for sum in [&orphan, &referred, &asked_for] {
        make_old(&store, sum);
    }
    store.describe(&asked_for, "x").expect("there");
    let swept = store.sweep(&Referring([referred.clone()].into()), HOUR).expect("swept");
    assert_eq!((swept.files, swept.bytes), (1, 6));
    assert!(!store.exists(&orphan));
    assert!([referred, young, asked_for].iter().all(|sum| store.exists(sum)));
}

#[test]
fn storing_old_content_again_keeps_it_from_the_sweep() {
    let (_dir, store) = store();
    store.put("x", "text/plain", b"hello").expect("stored");
    make_old(&store, HELLO);
    store.put("x", "text/plain", b"hello").expect("stored");
    assert_eq!(store.sweep(&Referring(HashSet::new()), HOUR).expect("swept").files, 0);
}

#[test]
fn types_come_from_content_alone() {
    assert_eq!(media_type_of(b"\xff\xd8\xff\xe0"), "image/jpeg");
    assert_eq!(media_type_of(b"GIF89a"), "image/gif");
    assert_eq!(media_type_of(b"RIFF\x10\0\0\0WEBPVP8L"), "image/webp");
    assert_eq!(media_type_of("Grüße\n".as_bytes()), "text/plain");
    assert_eq!(media_type_of(&"aü".as_bytes()[..2]), "text/plain");
    assert_eq!(media_type_of(b"<script>\0"), "application/octet-stream");
    assert_eq!(media_type_of(b""), "application/octet-stream");
}

#[test]
fn files_beyond_the_quota_are_refused_and_the_error_says_how_much_is_used() {
    let (dir, store) = store();
    drop(store);
    let store = FileStore::open(dir.path()).expect("opened").with_quota(Some(10));
    store.put("a", "text/plain", b"hello").expect("stored");
    store.put("b", "text/plain", b"12345").expect("just fits");
    let refused = store.put("c", "text/plain", b"x").expect_err("full");
    assert!(matches!(refused, FileError::QuotaReached { bytes: 1, used_bytes: 10, quota_bytes: 10 }));
    assert_eq!(WireError::from(refused).code, ErrorCode::TooLarge);
    store.put("again", "text/plain", b"hello").expect("what is stored already takes nothing");
    assert_eq!((store.used_bytes(), files_in(dir.path()).len()), (10, 2));
    let refused =
        FileError::QuotaReached { bytes: 1 << 20, used_bytes: 10_239 << 20, quota_bytes: 10_240 << 20 };
    let says =
        "a file of 1.0 MiB does not fit: 10239.0 MiB of the 10240.0 MiB for files are used. Delete jobs";
    assert!(refused.to_string().starts_with(says), "{refused}");
}

#[tokio::test]
async fn an_upload_beyond_the_quota_leaves_nothing() {
    let (dir, store) = store();
    let store = Arc::into_inner(store).expect("the only one").with_quota(Some(10));
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"eleven byte"))]);
    let refused = Arc::new(store).receive("x", 100, chunks).await;
    assert!(matches!(refused, Err(FileError::QuotaReached { .. })));
    assert!(files_in(dir.path()).is_empty());
}

#[test]
fn what_is_used_is_counted_at_start_and_less_after_a_sweep() {
    let (dir, store) = store();
    let orphan = store.put("a", "text/plain", b"hello").expect("stored").sha256;
    let kept = store.put("b", "text/plain", b"12345").expect("stored").sha256;
    fs::write(dir.path().join("2c").join("not-ours"), b"something else").expect("written");
    drop(store);
    let store = FileStore::open(dir.path()).expect("opened again");
    assert_eq!(store.used_bytes(), 10);
    make_old(&store, &orphan);
    store.sweep(&Referring([kept].into()), HOUR).expect("swept");
    assert_eq!(store.used_bytes(), 5);
}

#[test]
fn content_that_two_store_at_the_same_time_counts_once() {
    let (_dir, store) = store();
    let begin = || {
        let mut file = store.begin(10).expect("begun");
        file.write(b"hello").expect("written");
        file
    };
    let files = [begin(), begin()];
    std::thread::scope(|scope| {
        for file in files {
            scope.spawn(|| file.finish(&store, "x", None).expect("stored"));
        }
    });
    assert_eq!(store.used_bytes(), 5);
}
