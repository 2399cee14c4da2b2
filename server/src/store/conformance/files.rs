//! Files that jobs were given or made.

use super::TestYard;
use super::yard::{completed, failed, file, job};

pub fn files_are_referred_to_while_their_job_exists(mut yard: TestYard) {
    let mut with_files = job("demo", "photo");
    with_files.inputs = vec![file("in.png", 'a')];
    let id = yard.add_job(with_files);
    yard.claim("demo", 1);
    yard.finish_with(id, 1, completed(), vec![file("small.png", 'c'), file("large.png", 'b')]);
    let detail = yard.detail(id);
    assert_eq!(detail.inputs, [file("in.png", 'a')]);
    assert_eq!(detail.artifacts, [file("large.png", 'b'), file("small.png", 'c')]);
    assert_eq!(yard.reader.artifact(id, "small.png").unwrap(), Some(file("small.png", 'c')));
    assert_eq!(yard.reader.artifact(id, "in.png").unwrap(), None, "an input is no artifact");
    let sums: Vec<_> = ['d', 'a', 'b', 'c', 'e'].iter().map(|c| c.to_string().repeat(64)).collect();
    assert_eq!(yard.reader.unreferenced(&sums).unwrap(), ["d".repeat(64), "e".repeat(64)]);
}

pub fn an_artifact_replaces_one_of_the_same_name(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.finish_with(id, 1, failed("half done"), vec![file("a.png", 'a'), file("b.png", 'b')]);
    assert_eq!(yard.detail(id).artifacts.len(), 2);
    yard.retry(id);
    yard.claim("demo", 1);
    yard.finish_with(id, 2, completed(), vec![file("a.png", 'c')]);
    assert_eq!(yard.detail(id).artifacts, [file("a.png", 'c'), file("b.png", 'b')]);
}

pub fn a_stale_outcome_leaves_no_artifacts(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.cancel(id);
    assert!(yard.finish_with(id, 1, completed(), vec![file("a.png", 'a')]).is_none());
    assert!(yard.detail(id).artifacts.is_empty());
    assert_eq!(yard.reader.unreferenced(&["a".repeat(64)]).unwrap().len(), 1);
}
