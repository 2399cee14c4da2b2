//! Windows of the list.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::TestYard;
use super::yard::{job, top};
use crate::store::ops::JobInsert;
use crate::store::{JobsPage, SEARCH_BUDGET_ROWS};

fn ids(page: &JobsPage) -> Vec<u64> {
    page.rows.iter().map(|row| row.id.0).collect()
}

/// Jobs of every state in two queues, and gaps where jobs were cleared.
fn mixed(yard: &mut TestYard) -> Vec<Arc<JobSummary>> {
    for (queue, name) in [("photos", "Sunrise"), ("demo", "Été"), ("people", "moon 7")] {
        for state in [JobState::Completed, JobState::Failed, JobState::Cancelled] {
            yard.add_ended(queue, state);
        }
        let waiting = (0..200 / queue.len()).map(|_| JobInsert { kind: "image".into(), ..job(queue, name) });
        yard.add_jobs(waiting.collect());
        yard.claim(queue, 5);
        yard.clear(Some("photos"), i64::MAX, 2);
    }
    yard.all(&JobFilter::default())
}

pub fn a_list_begins_at_its_top_in_either_order(mut yard: TestYard) {
    for _ in 0..5 {
        yard.add("demo");
    }
    let page = yard.list(&JobsQuery { limit: 3, ..top(SortOrder::Newest) });
    assert_eq!((ids(&page), page.more), (vec![5, 4, 3], true));
    let page = yard.list(&JobsQuery { limit: 5, ..top(SortOrder::Oldest) });
    assert_eq!((ids(&page), page.more, page.scanned_to), (vec![1, 2, 3, 4, 5], false, None));
}

pub fn a_list_begins_after_a_job_whether_that_still_exists_or_not(mut yard: TestYard) {
    for _ in 0..2 {
        yard.add("demo");
    }
    yard.cancel(JobId(2));
    yard.clear(None, i64::MAX, 1);
    yard.add("demo");
    let after = |id, sort| JobsQuery { start: WindowStart::After { id: JobId(id) }, ..top(sort) };
    assert_eq!(ids(&yard.list(&after(2, SortOrder::Newest))), [1]);
    assert_eq!(ids(&yard.list(&after(2, SortOrder::Oldest))), [3]);
    assert_eq!(ids(&yard.list(&after(u64::MAX, SortOrder::Newest))), [3, 1]);
    assert!(yard.list(&after(u64::MAX, SortOrder::Oldest)).rows.is_empty());
    assert_eq!(ids(&yard.list(&after(0, SortOrder::Oldest))), [1, 3]);
}

pub fn a_list_begins_after_an_offset_of_rows_that_pass(mut yard: TestYard) {
    let all = mixed(&mut yard);
    let filters = [
        JobFilter::default(),
        JobFilter { states: vec![JobState::Pending, JobState::Processing], ..JobFilter::default() },
        JobFilter { queue: Some("demo".to_owned()), ..JobFilter::default() },
        JobFilter { text: "MOON".to_owned(), ..JobFilter::default() },
    ];
    for filter in filters {
        let passing: Vec<u64> = all.iter().filter(|row| filter.matches(row)).map(|row| row.id.0).collect();
        for offset in [0, 1, 3, passing.len() - 1, passing.len(), passing.len() + 1] {
            let start = WindowStart::Offset { rows: offset as u64 };
            for sort in [SortOrder::Newest, SortOrder::Oldest] {
                let page = yard.list(&JobsQuery { filter: filter.clone(), sort, start, limit: 2 });
                let ordered: Vec<u64> = match sort {
                    SortOrder::Newest => passing.clone(),
                    SortOrder::Oldest => passing.iter().rev().copied().collect(),
                };
                let expected: Vec<u64> = ordered.iter().skip(offset).take(2).copied().collect();
                assert_eq!(ids(&page), expected, "{filter:?} {sort:?} {offset}");
                assert_eq!(page.more, offset + 2 < passing.len());
            }
        }
    }
    let beyond = WindowStart::Offset { rows: u64::MAX };
    assert!(yard.list(&JobsQuery { start: beyond, ..top(SortOrder::Newest) }).rows.is_empty());
}

pub fn every_filter_lets_pass_what_matches_and_nothing_else(mut yard: TestYard) {
    let all = mixed(&mut yard);
    let states = [vec![], vec![JobState::Completed], vec![JobState::Failed, JobState::Processing]];
    for states in states {
        for kind in [None, Some("image"), Some("none")] {
            for queue in [None, Some("photos"), Some("unknown")] {
                for text in ["", " sUN ", "été", "broke", "#9", "%"] {
                    let filter = JobFilter {
                        states: states.clone(),
                        kind: kind.map(str::to_owned),
                        queue: queue.map(str::to_owned),
                        batch: None,
                        text: text.to_owned(),
                    };
                    let expected: Vec<_> = all.iter().filter(|row| filter.matches(row)).cloned().collect();
                    assert_eq!(yard.all(&filter), expected, "{filter:?}");
                }
            }
        }
    }
}

pub fn pages_by_cursor_cover_every_row_once(mut yard: TestYard) {
    let all = mixed(&mut yard);
    for sort in [SortOrder::Newest, SortOrder::Oldest] {
        let mut query = JobsQuery { limit: 7, ..top(sort) };
        query.filter.states = vec![JobState::Pending, JobState::Failed];
        let mut expected: Vec<_> =
            all.iter().filter(|row| query.filter.matches(row)).map(|row| row.id.0).collect();
        if sort == SortOrder::Oldest {
            expected.reverse();
        }
        let mut seen = Vec::new();
        loop {
            let page = yard.list(&query);
            seen.extend(ids(&page));
            assert_eq!(page.more, seen.len() < expected.len());
            let Some(last) = page.rows.last().filter(|_| page.more) else { break };
            query.start = WindowStart::After { id: last.id };
        }
        assert_eq!(seen, expected);
    }
}

pub fn a_filter_may_name_a_state_twice(mut yard: TestYard) {
    yard.add("demo");
    yard.add("demo");
    let mut query = JobsQuery { start: WindowStart::Offset { rows: 1 }, ..top(SortOrder::Newest) };
    query.filter.states = vec![JobState::Pending; 3];
    let page = yard.list(&query);
    assert_eq!((ids(&page), page.more), (vec![1], false));
}

pub fn a_text_with_a_number_finds_that_job_alone(mut yard: TestYard) {
    for _ in 0..3 {
        yard.add("demo");
    }
    let mut query = top(SortOrder::Newest);
    query.filter.text = " #2 ".to_owned();
    assert_eq!(ids(&yard.list(&query)), [2]);
    query.start = WindowStart::After { id: JobId(2) };
    assert!(yard.list(&query).rows.is_empty());
    query.start = WindowStart::Offset { rows: 1 };
    assert!(yard.list(&query).rows.is_empty());
    query.start = WindowStart::Top;
    query.filter.states = vec![JobState::Failed];
    assert!(yard.list(&query).rows.is_empty());
}

pub fn a_search_stops_at_its_budget_and_goes_on_from_there(mut yard: TestYard) {
    yard.add_job(job("demo", "needle"));
    let hay = vec![job("demo", "hay"); SEARCH_BUDGET_ROWS];
    yard.add_jobs(hay);
    yard.add_job(job("demo", "needle"));
    let mut query = JobsQuery { limit: 2, ..top(SortOrder::Newest) };
    query.filter.text = "needle".to_owned();
    let page = yard.list(&query);
    let last = SEARCH_BUDGET_ROWS as u64 + 2;
    assert_eq!((ids(&page), page.more, page.scanned_to), (vec![last], true, Some(JobId(3))));
    query.start = WindowStart::After { id: JobId(3) };
    let page = yard.list(&query);
    assert_eq!((ids(&page), page.more, page.scanned_to), (vec![1], false, None));
}

pub fn rows_are_as_of_the_latest_commit(mut yard: TestYard) {
    assert_eq!(yard.list(&top(SortOrder::Newest)).as_of, yard.writer.load().unwrap().commit);
    for state in [JobState::Completed, JobState::Failed] {
        yard.add_ended("demo", state);
        let page = yard.list(&top(SortOrder::Newest));
        assert_eq!(page.as_of, yard.writer.load().unwrap().commit);
        assert_eq!(page.rows[0].state, state);
    }
}

/// Each commit adds one job, so a page that mixed two commits would not have as many rows as commits.
pub fn a_page_is_of_one_commit_while_others_are_made(mut yard: TestYard) {
    let reader = Arc::clone(&yard.reader);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = || {
            let query = JobsQuery { limit: 500, ..top(SortOrder::Newest) };
            let mut last = 0;
            while !is_over.load(Ordering::Relaxed) {
                let page = reader.list(&query).unwrap();
                assert_eq!(page.rows.len() as u64, page.as_of.0);
                assert!(page.as_of.0 >= last, "time goes on");
                last = page.as_of.0;
            }
        };
        // More than a store has connections, so that some wait for one.
        let watchers: Vec<_> = (0..8).map(|_| scope.spawn(watch)).collect();
        for _ in 0..100 {
            yard.add("demo");
        }
        is_over.store(true, Ordering::Relaxed);
        for watcher in watchers {
            watcher.join().unwrap();
        }
    });
}
