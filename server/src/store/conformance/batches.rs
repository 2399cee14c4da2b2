//! Jobs that were added together.

use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{AddMode, OnConflict};
use taskyard_shared::queue::StateCounts;
use taskyard_shared::view::{JobFilter, SortOrder};

use super::TestYard;
use super::yard::{completed, job, top, unique};
use crate::store::ops::{AddTerms, InsertResult, JobInsert};

fn terms(name: &str) -> AddTerms {
    AddTerms { batch: Some(name.to_owned()), ..AddTerms::default() }
}

fn add_batch(yard: &mut TestYard, jobs: Vec<JobInsert>, terms: AddTerms) -> Option<BatchId> {
    match yard.insert_all(jobs, terms) {
        InsertResult::Done { batch, .. } => batch,
        other => panic!("{other:?}"),
    }
}

pub fn a_batch_has_the_number_of_its_first_job_and_counts_them_all(mut yard: TestYard) {
    yard.add("demo");
    yard.now_ms = 5_000;
    let jobs = vec![job("demo", "a"), job("other", "b"), job("demo", "c")];
    assert_eq!(add_batch(&mut yard, jobs, terms("imports")), Some(BatchId(2)));
    let batch = yard.reader.batch(BatchId(2)).unwrap().expect("it exists");
    assert_eq!((batch.id, batch.name.as_str(), batch.created_at_ms), (BatchId(2), "imports", 5_000));
    assert_eq!(batch.counts, StateCounts { pending: 3, ..StateCounts::default() });
    assert_eq!(yard.detail(JobId(4)).job.batch, Some(BatchId(2)));
    assert_eq!(yard.detail(JobId(1)).job.batch, None);
    assert_eq!(yard.reader.batch(BatchId(1)).unwrap(), None);
}

pub fn the_counts_of_a_batch_follow_its_jobs(mut yard: TestYard) {
    add_batch(&mut yard, vec![job("demo", "a"); 5], terms("five"));
    yard.claim("demo", 3);
    yard.finish(JobId(1), 1, completed());
    yard.cancel(JobId(2));
    yard.cancel(JobId(5));
    let counts = |yard: &TestYard| yard.reader.batch(BatchId(1)).unwrap().expect("it exists").counts;
    let expected =
        StateCounts { pending: 1, processing: 1, completed: 1, cancelled: 2, ..StateCounts::default() };
    assert_eq!(counts(&yard), expected);
    yard.clear(None, i64::MAX, 9);
    assert_eq!(counts(&yard), StateCounts { pending: 1, processing: 1, ..StateCounts::default() });
    yard.recover();
    assert_eq!(counts(&yard), StateCounts { pending: 2, ..StateCounts::default() });
}

pub fn only_new_jobs_are_of_the_batch(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let jobs = || vec![unique("k", OnConflict::Existing), unique("k", OnConflict::Replace)];
    assert_eq!(add_batch(&mut yard, jobs(), terms("none")), None);
    let mixed: Vec<_> = jobs().into_iter().chain([job("demo", "new")]).collect();
    assert_eq!(add_batch(&mut yard, mixed, terms("one")), Some(BatchId(2)));
    assert_eq!(yard.detail(first).job.batch, None);
    let each = AddTerms { mode: AddMode::Each, ..terms("refused") };
    assert_eq!(add_batch(&mut yard, vec![unique("k", OnConflict::Reject)], each), None);
}

pub fn a_list_may_show_one_batch(mut yard: TestYard) {
    add_batch(&mut yard, vec![job("demo", "a"), job("other", "b")], terms("first"));
    yard.add("demo");
    add_batch(&mut yard, vec![job("demo", "c"); 3], terms("second"));
    yard.cancel(JobId(5));
    let ids =
        |yard: &TestYard, filter: JobFilter| yard.all(&filter).iter().map(|row| row.id.0).collect::<Vec<_>>();
    let of_batch = |id| JobFilter { batch: Some(BatchId(id)), ..JobFilter::default() };
    assert_eq!(ids(&yard, of_batch(1)), [2, 1]);
    assert_eq!(ids(&yard, of_batch(4)), [6, 5, 4]);
    assert_eq!(ids(&yard, of_batch(3)), [0; 0]);
    let pending =
        JobFilter { states: vec![JobState::Pending], queue: Some("demo".to_owned()), ..of_batch(4) };
    assert_eq!(ids(&yard, pending), [6, 4]);
    assert_eq!(ids(&yard, JobFilter { text: "B".to_owned(), ..of_batch(1) }), [2]);
    let oldest = yard.list(&taskyard_shared::view::JobsQuery {
        filter: of_batch(4),
        limit: 2,
        ..top(SortOrder::Oldest)
    });
    assert_eq!((oldest.rows[0].id.0, oldest.rows.len(), oldest.more), (4, 2, true));
}

pub fn a_batch_without_jobs_is_forgotten_in_time(mut yard: TestYard) {
    add_batch(&mut yard, vec![job("demo", "a"); 2], terms("short"));
    add_batch(&mut yard, vec![job("demo", "b")], terms("shorter"));
    for id in 1..4 {
        yard.cancel(JobId(id));
    }
    yard.delete(JobId(1));
    yard.delete(JobId(3));
    assert!(yard.tidy(1));
    assert!(!yard.tidy(1));
    assert_eq!(yard.reader.batch(BatchId(3)).unwrap(), None);
    assert_eq!(yard.reader.batch(BatchId(1)).unwrap().expect("one job is left").counts.cancelled, 1);
    yard.delete(JobId(2));
    yard.tidy(9);
    assert_eq!(yard.reader.batch(BatchId(1)).unwrap(), None);
}
