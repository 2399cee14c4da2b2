//! Limits on how often jobs start.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limit::{Limit, Rate};

use super::TestYard;
use super::yard::{completed, in_queue, job, limit, per_second};
use crate::limits::Admission;

/// Starts what may start, for as long as this, as the core does it; gives the times of the starts.
fn starts(yard: &mut TestYard, for_ms: i64) -> Vec<i64> {
    let mut times = Vec::new();
    let end_ms = yard.now_ms + for_ms;
    let mut next_at_ms = Some(yard.now_ms);
    while let Some(at_ms) = next_at_ms.filter(|at_ms| *at_ms < end_ms) {
        let at_ms = at_ms.max(yard.now_ms);
        yard.now_ms = at_ms;
        let promoted = yard.promote(100);
        let claimed = yard.claim_all("demo", 100);
        assert_eq!(claimed.blocked, None);
        times.extend(claimed.jobs.iter().filter_map(|claimed| claimed.job.started_at_ms));
        next_at_ms =
            promoted.next_at_ms.into_iter().chain(claimed.due_at_ms).filter(|due| *due > at_ms).min();
    }
    times
}

pub fn a_rate_holds_back_until_the_next_start_is_due(mut yard: TestYard) {
    yard.set_limit(per_second(10, 1));
    let ids = yard.add_jobs(vec![job("demo", "a job"); 3]);
    yard.now_ms = 5_000;
    let claimed = yard.claim_all("demo", 9);
    assert_eq!((claimed.jobs.len(), claimed.due_at_ms), (1, Some(5_100)));
    assert_eq!(yard.writer.load().unwrap().due_at_ms, Some(5_100));
    yard.finish(ids[0], 1, completed());
    assert!(yard.claim("demo", 9).is_empty(), "an end is not a start");
    yard.now_ms = 5_099;
    assert_eq!(yard.promote(9).released.len(), 0);
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]]);
    assert_eq!(yard.state(ids[2]), JobState::Pending);
}

pub fn a_rate_starts_as_many_as_it_says_and_evenly(mut yard: TestYard) {
    yard.set_limit(per_second(10, 1));
    yard.add_jobs(vec![job("demo", "a job"); 40]);
    let times = starts(&mut yard, 2_000);
    assert!((19..=20).contains(&times.len()), "{times:?}");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 100), "{times:?}");
}

pub fn a_burst_may_start_at_once(mut yard: TestYard) {
    yard.set_limit(per_second(10, 4));
    yard.add_jobs(vec![job("demo", "a job"); 40]);
    let times = starts(&mut yard, 1_000);
    assert!((13..=14).contains(&times.len()), "{times:?}");
    assert!(times[3] - times[0] < 10 && times[4] - times[3] >= 90, "{times:?}");
}

pub fn a_rate_and_a_concurrency_hold_together(mut yard: TestYard) {
    yard.set_limit(Limit { concurrency: Some(1), ..per_second(10, 5) });
    let ids = yard.add_jobs(vec![job("demo", "a job"); 4]);
    yard.now_ms = 5_000;
    assert_eq!(yard.claim_ids("demo", 9), ids[..1], "one at a time, whatever the burst");
    assert_eq!(yard.writer.load().unwrap().due_at_ms, None, "no time helps");
    yard.finish(ids[0], 1, completed());
    assert_eq!(yard.claim_ids("demo", 9), ids[1..2]);
}

pub fn a_rate_of_a_whole_queue_says_when_the_claim_may_go_on(mut yard: TestYard) {
    let rate = Some(Rate { count: 2, per_ms: 1_000, burst: 1 });
    yard.set_limit(Limit { queue: Some("demo".to_owned()), rate, ..limit("queue") });
    let ids = yard.add_jobs(vec![job("demo", "a job"); 2]);
    yard.now_ms = 5_000;
    let claimed = yard.claim_all("demo", 9);
    assert_eq!((claimed.jobs.len(), claimed.due_at_ms), (1, None));
    assert_eq!(claimed.blocked, Some(Admission::NotBefore { at_ms: 5_500 }));
    yard.now_ms = 5_500;
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]]);
}

pub fn a_restart_does_not_start_the_rate_anew(mut yard: TestYard) {
    yard.set_limit(per_second(1, 1));
    yard.add_jobs(vec![job("demo", "a job"); 2]);
    yard.now_ms = 5_000;
    assert_eq!(yard.claim("demo", 9).len(), 1);
    yard.recover();
    yard.promote(9);
    let claimed = yard.claim_all("demo", 9);
    assert_eq!((claimed.jobs.len(), claimed.due_at_ms), (0, Some(6_000)));
}

pub fn a_raised_rate_counts_from_the_next_promotion(mut yard: TestYard) {
    yard.set_limit(per_second(1, 1));
    let ids: Vec<JobId> = yard.add_jobs(vec![job("demo", "a job"); 2]);
    yard.now_ms = 5_000;
    yard.claim("demo", 9);
    yard.set_limit(per_second(100, 100));
    yard.now_ms = 5_100;
    yard.promote(9);
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]], "long before 6,000");
}
