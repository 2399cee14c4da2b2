//! Jobs that are added again and again.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{NewJob, OnConflict};
use taskyard_shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};

use super::TestYard;
use super::yard::{completed, file, job, unique};
use crate::store::ops::{
    Fire, FireResult, InsertError, InsertOutcome, JobInsert, NextRun, OpResult, StoredSchedule, WriteOp,
};

fn schedule(name: &str) -> StoredSchedule {
    let schedule = Schedule {
        name: name.to_owned(),
        cron: "0 9 * * *".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        job: NewJob::new("demo", serde_json::json!({})),
        overlap: Overlap::Skip,
        missed: Missed::RunOnce,
        paused: false,
    };
    let status = ScheduleStatus {
        schedule,
        next_run_at_ms: Some(9_000),
        last_run_at_ms: None,
        last_job: None,
        skipped: 0,
    };
    StoredSchedule { status, job: job("demo", "report") }
}

fn fire(name: &str, unless_unfinished: bool) -> Fire {
    let (job, run_at_ms) = (job("demo", "report"), 9_000);
    Fire { name: name.to_owned(), job, run_at_ms, next_run: NextRun::At(Some(18_000)), unless_unfinished }
}

fn status(yard: &mut TestYard) -> ScheduleStatus {
    yard.writer.load().unwrap().schedules.remove(0).status
}

pub fn a_schedule_is_stored_in_place_of_the_one_of_its_name(mut yard: TestYard) {
    yard.set_schedule(schedule("b"));
    yard.set_schedule(schedule("a"));
    let mut paused = schedule("b");
    paused.status.schedule.paused = true;
    paused.job.priority = 9;
    yard.set_schedule(paused.clone());
    assert_eq!(yard.writer.load().unwrap().schedules, [schedule("a"), paused]);
    let remove = |name: &str| WriteOp::RemoveSchedule { name: name.to_owned() };
    assert_eq!(yard.apply(remove("b")), OpResult::ScheduleRemoved { existed: true });
    assert_eq!(yard.apply(remove("b")), OpResult::ScheduleRemoved { existed: false });
    assert_eq!(yard.writer.load().unwrap().schedules, [schedule("a")]);
}

pub fn a_run_adds_its_job_and_moves_the_schedule_on(mut yard: TestYard) {
    yard.set_schedule(schedule("a"));
    let FireResult::Fired { outcome, status: told } = yard.fire(fire("a", false)) else { panic!() };
    let InsertOutcome::Added(row) = outcome else { panic!() };
    assert_eq!(*row, yard.detail(row.id).job);
    assert_eq!((told.next_run_at_ms, told.last_run_at_ms), (Some(18_000), Some(9_000)));
    assert_eq!((told.last_job, told.skipped), (Some(row.id), 0));
    assert_eq!(status(&mut yard), *told);
    let last = Fire { next_run: NextRun::At(None), ..fire("a", false) };
    let FireResult::Fired { status, .. } = yard.fire(last) else { panic!() };
    assert_eq!((status.next_run_at_ms, status.last_job), (None, Some(JobId(2))));
    yard.assert_counts_are_exact();
}

pub fn a_run_is_left_out_while_the_job_before_has_not_ended(mut yard: TestYard) {
    yard.set_schedule(schedule("a"));
    let FireResult::Fired { status: first, .. } = yard.fire(fire("a", false)) else { panic!() };
    let before = first.last_job;
    let FireResult::Skipped { status: told } = yard.fire(fire("a", true)) else { panic!() };
    assert_eq!((told.skipped, told.last_job, told.next_run_at_ms), (1, before, Some(18_000)));
    assert_eq!(told.last_run_at_ms, first.last_run_at_ms);
    assert_eq!(status(&mut yard), *told);
    assert_eq!(yard.counts("demo").total(), 1);
    yard.claim("demo", 1);
    yard.finish(JobId(1), 1, completed());
    assert!(matches!(yard.fire(fire("a", true)), FireResult::Fired { .. }));
    yard.claim("demo", 1);
    yard.finish(JobId(2), 1, completed());
    yard.clear(None, i64::MAX, 9);
    assert!(matches!(yard.fire(fire("a", true)), FireResult::Fired { .. }), "it is gone");
}

pub fn runs_of_one_batch_see_the_jobs_of_each_other(mut yard: TestYard) {
    yard.set_schedule(schedule("a"));
    let run = || WriteOp::FireSchedule { fire: Box::new(fire("a", true)) };
    let results = yard.try_apply(&[run(), run()]).expect("both are accepted").results;
    assert!(matches!(results[0], OpResult::Fired(FireResult::Fired { .. })), "{results:?}");
    assert!(matches!(results[1], OpResult::Fired(FireResult::Skipped { .. })), "{results:?}");
    assert_eq!(yard.counts("demo").total(), 1);
}

pub fn a_run_that_was_asked_for_moves_nothing(mut yard: TestYard) {
    yard.set_schedule(schedule("a"));
    yard.fire(Fire { next_run: NextRun::Unmoved, ..fire("a", false) });
    assert_eq!(status(&mut yard).next_run_at_ms, Some(9_000));
}

pub fn a_run_does_not_end_a_pause(mut yard: TestYard) {
    let mut paused = schedule("a");
    paused.status.schedule.paused = true;
    paused.status.next_run_at_ms = None;
    yard.set_schedule(paused);
    for next_run in [NextRun::At(Some(18_000)), NextRun::Unmoved] {
        let FireResult::Fired { status: told, .. } = yard.fire(Fire { next_run, ..fire("a", false) }) else {
            panic!()
        };
        assert_eq!((told.next_run_at_ms, status(&mut yard).next_run_at_ms), (None, None));
    }
}

pub fn a_run_that_adds_nothing_is_left_out_and_moves_the_schedule_on(mut yard: TestYard) {
    yard.set_schedule(schedule("a"));
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let with = |on_conflict| Fire { job: unique("k", on_conflict), ..fire("a", false) };
    let FireResult::Fired { outcome, status } = yard.fire(with(OnConflict::Reject)) else { panic!() };
    assert_eq!(outcome, InsertOutcome::Refused(InsertError::Taken(first)));
    assert_eq!(
        (status.next_run_at_ms, status.last_run_at_ms, status.last_job, status.skipped),
        (Some(18_000), None, None, 1)
    );
    let FireResult::Fired { outcome, status } = yard.fire(with(OnConflict::Existing)) else { panic!() };
    assert_eq!(outcome, InsertOutcome::Existing(first));
    assert_eq!((status.last_run_at_ms, status.last_job, status.skipped), (None, None, 2));
    let FireResult::Fired { outcome, status } = yard.fire(with(OnConflict::Replace)) else { panic!() };
    assert!(matches!(outcome, InsertOutcome::Replaced(_)), "{outcome:?}");
    assert_eq!((status.last_run_at_ms, status.last_job, status.skipped), (Some(9_000), Some(first), 2));
}

pub fn a_schedule_that_is_gone_does_not_run(mut yard: TestYard) {
    let before = yard.writer.load().unwrap();
    assert_eq!(yard.fire(fire("a", false)), FireResult::NoSuchSchedule);
    assert_eq!(yard.writer.load().unwrap(), before);
}

pub fn a_run_may_add_a_job_for_later(mut yard: TestYard) {
    yard.set_schedule(schedule("a"));
    let later = JobInsert { run_at_ms: Some(90_000), ..job("new", "later") };
    yard.fire(Fire { job: later, ..fire("a", false) });
    assert_eq!(yard.state(JobId(1)), JobState::Scheduled);
    assert_eq!(yard.counts("new").scheduled, 1);
}

pub fn the_files_of_its_job_are_referred_to_while_it_exists(mut yard: TestYard) {
    let with_inputs = |inputs| {
        let schedule = schedule("daily");
        StoredSchedule { job: JobInsert { inputs, ..schedule.job }, ..schedule }
    };
    let sums: Vec<String> = ["a", "b", "c"].iter().map(|content| content.repeat(64)).collect();
    let unreferenced = |yard: &TestYard| yard.reader.unreferenced(&sums).unwrap();
    yard.set_schedule(with_inputs(vec![file("one", 'a'), file("two", 'b'), file("again", 'b')]));
    assert_eq!(unreferenced(&yard), sums[2..]);
    yard.set_schedule(with_inputs(vec![file("one", 'c')]));
    assert_eq!(unreferenced(&yard), sums[..2]);
    yard.apply(WriteOp::RemoveSchedule { name: "daily".to_owned() });
    assert_eq!(unreferenced(&yard), sums);
}
