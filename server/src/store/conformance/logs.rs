//! What jobs write while they run.

use taskyard_shared::job::JobId;
use taskyard_shared::log::{LogLevel, LogLine};

use super::TestYard;
use super::yard::failed;

fn line(attempt: u32, number: u32) -> LogLine {
    let text = format!("line {number} of attempt {attempt}");
    LogLine { attempt, number, at_ms: 100 + i64::from(number), level: LogLevel::Warn, text }
}

fn numbers(yard: &TestYard, id: JobId, limit: u32) -> Vec<(u32, u32)> {
    let page = yard.reader.log(id, None, limit).unwrap();
    page.lines.iter().map(|line| (line.attempt, line.number)).collect()
}

pub fn lines_are_kept_with_all_they_say(mut yard: TestYard) {
    let id = yard.run("demo");
    let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
    let lines: Vec<_> =
        (1..).zip(levels).map(|(number, level)| (id, LogLine { level, ..line(1, number) })).collect();
    assert_eq!(yard.log(lines.clone()), lines);
    let page = yard.reader.log(id, None, 9).unwrap();
    assert_eq!(page.lines, lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>());
    assert_eq!(page.as_of, yard.writer.load().unwrap().commit);
}

pub fn the_newest_lines_are_shown_oldest_first(mut yard: TestYard) {
    let (id, other) = (yard.run("demo"), yard.run("other"));
    yard.log((1..=5).map(|number| (id, line(1, number))).collect());
    yard.log(vec![(other, line(1, 1))]);
    yard.finish(id, 1, failed("no"));
    yard.retry(id);
    yard.claim("demo", 1);
    yard.log(vec![(id, line(2, 1)), (id, line(2, 2))]);
    let of_attempt = |attempt, limit| {
        let page = yard.reader.log(id, Some(attempt), limit).unwrap();
        page.lines.iter().map(|line| (line.attempt, line.number)).collect::<Vec<_>>()
    };
    assert_eq!(of_attempt(1, 2), [(1, 4), (1, 5)]);
    assert_eq!(of_attempt(2, 9), [(2, 1), (2, 2)]);
    assert_eq!(of_attempt(3, 9), []);
    assert_eq!(numbers(&yard, id, 4), [(1, 4), (1, 5), (2, 1), (2, 2)]);
    assert_eq!(numbers(&yard, other, 4), [(1, 1)]);
}

pub fn lines_of_jobs_that_do_not_exist_are_dropped(mut yard: TestYard) {
    let id = yard.run("demo");
    let lines = vec![(JobId(77), line(1, 1)), (id, line(1, 1)), (JobId(u64::MAX), line(1, 1))];
    assert_eq!(yard.log(lines), [(id, line(1, 1))]);
    let before = yard.writer.load().unwrap().commit;
    assert_eq!(yard.log(vec![(JobId(77), line(1, 1))]), []);
    assert_eq!(yard.writer.load().unwrap().commit, before);
    assert_eq!(numbers(&yard, JobId(77), 9), []);
    assert_eq!(numbers(&yard, JobId(u64::MAX), 9), []);
}

pub fn a_number_has_one_line(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.log(vec![(id, line(1, 1))]);
    let again = LogLine { text: "again".to_owned(), ..line(1, 1) };
    assert_eq!(yard.log(vec![(id, again), (id, line(1, 2))]), [(id, line(1, 2))]);
    assert_eq!(yard.reader.log(id, None, 9).unwrap().lines, [line(1, 1), line(1, 2)]);
}

pub fn late_lines_are_kept_in_their_place(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.log(vec![(id, line(1, 3))]);
    yard.finish(id, 1, failed("no"));
    yard.log(vec![(id, line(1, 2))]);
    assert_eq!(numbers(&yard, id, 9), [(1, 2), (1, 3)]);
}

pub fn a_log_goes_with_its_job(mut yard: TestYard) {
    let ids = [yard.run("a"), yard.run("b")];
    for id in ids {
        yard.log(vec![(id, line(1, 1))]);
        yard.cancel(id);
    }
    yard.delete(ids[0]);
    yard.clear(None, i64::MAX, 9);
    assert_eq!((numbers(&yard, ids[0], 9), numbers(&yard, ids[1], 9)), (vec![], vec![]));
}
