//! Random sequences of everything that may happen.

use proptest::prelude::*;
use serde_json::json;
use taskyard_shared::job::JobId;
use taskyard_shared::limit::{Limit, Rate};
use taskyard_shared::operation::{BulkAction, NewOperation, OperationId};
use taskyard_shared::queue::{Keep, QueueChange, RetentionChange};
use taskyard_shared::schedule::{Missed, Overlap, Schedule};
use taskyard_shared::view::JobFilter;

use super::jobs::{KINDS, Shape, shape};
use super::stories::schedules::{every_minute, set_schedule};
use super::world::{QUEUES, World};
use crate::queue::core::Input;
use crate::store::{AfterFailure, AttemptEnd};

#[derive(Clone, Debug)]
enum Step {
    Add { jobs: Vec<Shape> },
    Cancel { id: u64 },
    Retry { id: u64 },
    Delete { id: u64 },
    SetPriority { id: u64, priority: i16 },
    Clear { queue: Option<usize> },
    Configure { queue: usize, change: QueueChange },
    SetLimit { limit: Limit },
    RemoveLimit { name: usize },
    SetSchedule { name: usize, overlap: Overlap, missed: Missed, paused: bool },
    PauseSchedule { name: usize, paused: bool },
    RunSchedule { name: usize },
    RemoveSchedule { name: usize },
    StartOperation { operation: NewOperation },
    UndoOperation { id: u64 },
    Commit { count: usize },
    Refuse { count: usize },
    RefuseAlone { count: usize },
    Complete { pick: usize },
    Fail { pick: usize, then: AfterFailure },
    Snooze { pick: usize, ms: i64 },
    ReportAgain { pick: usize },
    Progress { pick: usize, thousandths: u16 },
    PassTime { ms: i64 },
    CrashQueue,
    CrashProcess,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![20 => callers(), 10 => managers(), 40 => the_world()]
}

fn callers() -> impl Strategy<Value = Step> {
    let queue = 0..QUEUES.len();
    prop_oneof![
        8 => prop::collection::vec(shape(), 1..4).prop_map(|jobs| Step::Add { jobs }),
        4 => (1..30_u64).prop_map(|id| Step::Cancel { id }),
        3 => (1..30_u64).prop_map(|id| Step::Retry { id }),
        1 => (1..30_u64).prop_map(|id| Step::Delete { id }),
        2 => (1..30_u64, -2..3_i16).prop_map(|(id, priority)| Step::SetPriority { id, priority }),
        1 => prop::option::of(queue).prop_map(|queue| Step::Clear { queue }),
    ]
}

fn managers() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..QUEUES.len(), change()).prop_map(|(queue, change)| Step::Configure { queue, change }),
        4 => limit().prop_map(|limit| Step::SetLimit { limit }),
        1 => (0..LIMITS.len()).prop_map(|name| Step::RemoveLimit { name }),
        2 => operation().prop_map(|operation| Step::StartOperation { operation }),
        1 => (1..4_u64).prop_map(|id| Step::UndoOperation { id }),
        4 => schedules(),
    ]
}

fn schedules() -> impl Strategy<Value = Step> {
    let name = 0..SCHEDULES.len();
    let overlap = prop_oneof![Just(Overlap::Allow), Just(Overlap::Skip), Just(Overlap::Replace)];
    let missed = prop_oneof![Just(Missed::RunOnce), Just(Missed::Skip), Just(Missed::RunAll)];
    let set = (name.clone(), overlap, missed, any::<bool>());
    prop_oneof![
        2 => set.prop_map(|(name, overlap, missed, paused)| Step::SetSchedule { name, overlap, missed, paused }),
        2 => (name.clone(), any::<bool>()).prop_map(|(name, paused)| Step::PauseSchedule { name, paused }),
        1 => name.clone().prop_map(|name| Step::RunSchedule { name }),
        1 => name.prop_map(|name| Step::RemoveSchedule { name }),
    ]
}

fn the_world() -> impl Strategy<Value = Step> {
    let then = prop_oneof![3 => Just(AfterFailure::Undecided), 1 => Just(AfterFailure::Final)];
    prop_oneof![
        20 => (1..6_usize).prop_map(|count| Step::Commit { count }),
        2 => (1..4_usize).prop_map(|count| Step::Refuse { count }),
        2 => (1..4_usize).prop_map(|count| Step::RefuseAlone { count }),
        8 => any::<usize>().prop_map(|pick| Step::Complete { pick }),
        4 => (any::<usize>(), then).prop_map(|(pick, then)| Step::Fail { pick, then }),
        1 => (any::<usize>(), 0..5_000_i64).prop_map(|(pick, ms)| Step::Snooze { pick, ms }),
        3 => any::<usize>().prop_map(|pick| Step::ReportAgain { pick }),
        3 => (any::<usize>(), 0..1100_u16)
            .prop_map(|(pick, thousandths)| Step::Progress { pick, thousandths }),
        6 => prop_oneof![0..3_000_i64, 0..120_000_i64].prop_map(|ms| Step::PassTime { ms }),
        1 => Just(Step::CrashQueue),
        1 => Just(Step::CrashProcess),
    ]
}

fn change() -> impl Strategy<Value = QueueChange> {
    let keep_one = Keep { max_age_ms: Some(60_000), max_count: Some(1) };
    let (one, all) = (Some(keep_one), Some(Keep::default()));
    let retention = RetentionChange { completed: one, failed: all, cancelled: one };
    (
        prop::option::of(any::<bool>()),
        prop::option::of(1..5_u32),
        prop::option::weighted(0.1, any::<bool>()),
        prop::option::weighted(0.3, prop::option::of(1..3_u32)),
        prop::option::weighted(0.1, Just(retention)),
    )
        .prop_map(|(paused, concurrency, draining, max_attempts, retention)| QueueChange {
            paused,
            concurrency,
            draining,
            max_attempts,
            retention,
            timeout_ms: None,
        })
}

const SCHEDULES: [&str; 2] = ["tick", "tock"];
const LIMITS: [&str; 3] = ["one", "two", "three"];

fn limit() -> impl Strategy<Value = Limit> {
    let scope = (prop::option::of(0..QUEUES.len()), prop::option::of(0..KINDS.len()), any::<bool>());
    let rate = (1..4_u32, 1_000..20_000_u64, 1..4_u32);
    let bounds = (prop::option::of(1..3_u32), prop::option::of(rate));
    (0..LIMITS.len(), scope, bounds).prop_map(|(name, (queue, kind, keyed), (concurrency, rate))| Limit {
        name: LIMITS[name].to_owned(),
        queue: queue.map(|queue| QUEUES[queue].to_owned()),
        kind: kind.map(|kind| KINDS[kind].to_owned()),
        key: keyed.then(|| "/customer".to_owned()),
        concurrency: if rate.is_none() { Some(concurrency.unwrap_or(1)) } else { concurrency },
        rate: rate.map(|(count, per_ms, burst)| Rate { count, per_ms, burst: burst.min(count) }),
    })
}

fn operation() -> impl Strategy<Value = NewOperation> {
    let action = prop_oneof![
        Just(BulkAction::Cancel {}),
        Just(BulkAction::Retry {}),
        Just(BulkAction::Delete {}),
        (-2..3_i16).prop_map(|priority| BulkAction::Reprioritise { priority }),
    ];
    let filter = prop::option::of(0..QUEUES.len()).prop_map(|queue| JobFilter {
        queue: queue.map(|queue| QUEUES[queue].to_owned()),
        ..JobFilter::default()
    });
    (action, filter, 0..20_000_u32).prop_map(|(action, filter, undo_ms)| NewOperation {
        action,
        filter,
        undo_ms,
    })
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Add { jobs } => {
            let now_ms = world.now_ms;
            let inserts = jobs.iter().enumerate().map(|(place, shape)| shape.insert(place, now_ms)).collect();
            world.add_jobs(inserts);
        }
        Step::Cancel { id } => ask(world, |request| Input::Cancel { request, id: JobId(id) }),
        Step::Retry { id } => ask(world, |request| Input::Retry { request, id: JobId(id) }),
        Step::Delete { id } => ask(world, |request| Input::Delete { request, id: JobId(id) }),
        Step::SetPriority { id, priority } => {
            ask(world, |request| Input::SetPriority { request, id: JobId(id), priority });
        }
        Step::Clear { queue } => {
            let queue = queue.map(|queue| QUEUES[queue].to_owned());
            ask(world, |request| Input::Clear { request, queue });
        }
        Step::Configure { queue, change } => {
            ask(world, |request| Input::Configure { request, queue: QUEUES[queue].to_owned(), change });
        }
        Step::SetLimit { limit } => ask(world, |request| Input::SetLimit { request, limit }),
        Step::RemoveLimit { name } => {
            ask(world, |request| Input::RemoveLimit { request, name: LIMITS[name].to_owned() });
        }
        Step::SetSchedule { name, overlap, missed, paused } => {
            let schedule = Schedule { overlap, missed, paused, ..every_minute(SCHEDULES[name]) };
            set_schedule(world, schedule);
        }
        Step::PauseSchedule { name, paused } => {
            let name = SCHEDULES[name].to_owned();
            ask(world, |request| Input::PauseSchedule { request, name, paused });
        }
        Step::RunSchedule { name } => {
            ask(world, |request| Input::RunSchedule { request, name: SCHEDULES[name].to_owned() });
        }
        Step::RemoveSchedule { name } => {
            ask(world, |request| Input::RemoveSchedule { request, name: SCHEDULES[name].to_owned() });
        }
        Step::StartOperation { operation } => {
            ask(world, |request| Input::StartOperation { request, operation });
        }
        Step::UndoOperation { id } => {
            ask(world, |request| Input::UndoOperation { request, id: OperationId(id) });
        }
        step => happen(world, step),
    }
}

fn ask(world: &mut World, input: impl FnOnce(crate::queue::core::RequestId) -> Input) {
    world.request(input);
}

fn happen(world: &mut World, step: Step) {
    match step {
        Step::Commit { count } => world.commit(count),
        Step::Refuse { count } => world.refuse(count),
        Step::RefuseAlone { count } => world.refuse_alone(count),
        Step::Complete { pick } => end(world, pick, completed()),
        Step::Fail { pick, then } => {
            end(world, pick, AttemptEnd::Failed { error: "failed".to_owned(), then })
        }
        Step::Snooze { pick, ms } => {
            let until_ms = world.now_ms + ms;
            end(world, pick, AttemptEnd::Snoozed { until_ms, reason: "later".to_owned() });
        }
        Step::ReportAgain { pick } => world.report_again(pick),
        Step::Progress { pick, thousandths } => world.progress(pick, thousandths),
        Step::PassTime { ms } => world.pass_time(ms),
        Step::CrashQueue => world.crash_queue(),
        Step::CrashProcess => world.crash_process(),
        other => unreachable!("take does {other:?}"),
    }
}

fn end(world: &mut World, pick: usize, end: AttemptEnd) {
    if let Some(id) = world.pick_work(pick) {
        world.end_work(id, end);
    }
}

fn completed() -> AttemptEnd {
    AttemptEnd::Completed { result: json!(1), reused: None }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(1024),
        ..ProptestConfig::default()
    })]

    /// The world checks after every step: no job twice at once, no queue beyond its concurrency, no limit exceeded,
    /// counts equal to a recount, schedules as they are stored, only legal transitions, one answer for each request; and in the end that every
    /// acknowledged job has ended, but for those that wait for one that failed.
    #[test]
    fn whatever_happens_the_invariants_hold_and_every_job_ends(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let mut world = World::new();
        for step in steps {
            take(&mut world, step);
        }
        world.run_to_the_end();
    }
}
