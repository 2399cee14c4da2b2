//! Which pending job is claimed first.

use taskyard_shared::job::{JobId, JobState};

use super::TestYard;
use super::yard::{after, completed, job, retry_at};
use crate::store::ops::{JobInsert, PriorityResult};

/// One job for each of these priorities.
fn with_priorities(yard: &mut TestYard, priorities: &[i16]) -> Vec<JobId> {
    let with = |priority: &i16| JobInsert { priority: *priority, ..job("demo", "a job") };
    yard.add_jobs(priorities.iter().map(with).collect())
}

pub fn a_claim_takes_the_highest_priority_and_of_that_the_lowest_id(mut yard: TestYard) {
    let ids = with_priorities(&mut yard, &[0, -100, 100, 0, 100]);
    assert_eq!(yard.detail(ids[2]).job.priority, 100);
    assert_eq!(yard.claim_ids("demo", 3), [ids[2], ids[4], ids[0]]);
    assert_eq!(yard.claim_ids("demo", 3), [ids[3], ids[1]]);
}

pub fn the_oldest_of_a_claim_go_first_whatever_their_priority(mut yard: TestYard) {
    let ids = with_priorities(&mut yard, &[-5, 0, 7, -5, 9]);
    assert_eq!(yard.claim_oldest("demo", 3, 1), [ids[0], ids[4], ids[2]]);
    assert_eq!(yard.claim_oldest("demo", 1, 5), [ids[1]], "no more than the limit");
    assert_eq!(yard.claim_oldest("demo", 5, 0), [ids[3]]);
}

pub fn another_priority_counts_from_the_next_claim(mut yard: TestYard) {
    let ids = with_priorities(&mut yard, &[0, 0, 0]);
    let PriorityResult::Set(row) = yard.set_priority(ids[2], 3) else { panic!() };
    assert_eq!((row.priority, row.state), (3, JobState::Pending));
    assert_eq!(*row, yard.detail(ids[2]).job);
    yard.set_priority(ids[0], -3);
    assert_eq!(yard.claim_ids("demo", 3), [ids[2], ids[1], ids[0]]);
    yard.assert_counts_are_exact();
}

pub fn a_priority_can_be_set_until_the_job_begins(mut yard: TestYard) {
    let running = yard.run("demo");
    assert_eq!(yard.set_priority(running, 5), PriorityResult::WrongState(JobState::Processing));
    let waiting = yard.add_job(after(&[running], Default::default()));
    yard.finish(running, 1, retry_at(90_000));
    for id in [running, waiting] {
        let PriorityResult::Set(row) = yard.set_priority(id, 5) else { panic!() };
        assert_eq!(row.priority, 5);
    }
    assert_eq!((yard.state(running), yard.state(waiting)), (JobState::Scheduled, JobState::Waiting));
    let ended = yard.run("other");
    yard.finish(ended, 1, completed());
    assert_eq!(yard.set_priority(ended, 5), PriorityResult::WrongState(JobState::Completed));
    for unknown in [JobId(0), JobId(77), JobId(u64::MAX)] {
        assert_eq!(yard.set_priority(unknown, 5), PriorityResult::NotFound);
    }
}

pub fn setting_the_same_priority_is_no_change(mut yard: TestYard) {
    let id = with_priorities(&mut yard, &[4])[0];
    let before = yard.writer.load().unwrap().commit;
    assert!(matches!(yard.set_priority(id, 4), PriorityResult::Set(_)));
    assert_eq!(yard.writer.load().unwrap().commit, before);
}

pub fn a_retried_job_keeps_its_priority(mut yard: TestYard) {
    let ids = with_priorities(&mut yard, &[1, 2]);
    yard.claim("demo", 2);
    yard.cancel(ids[0]);
    yard.cancel(ids[1]);
    yard.retry(ids[0]);
    yard.retry(ids[1]);
    assert_eq!(yard.claim_ids("demo", 2), [ids[1], ids[0]]);
}
