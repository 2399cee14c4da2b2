//! Everything that the store keeps beside its jobs can be counted anew from them, whatever happened before. The other
//! stores answer as this one does, so this is where their counts are checked too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use taskyard_shared::job::{DependencyState, JobId, JobState};
use taskyard_shared::view::{JobsQuery, SortOrder};

use super::super::MemoryStore;
use super::super::lists;
use super::super::meters::MeterId;
use super::super::yard::Yard;
use crate::store::conformance::TestYard;
use crate::store::conformance::random::Random;
use crate::store::conformance::yard::top;

const SEQUENCES: u64 = 60;
const BATCHES: usize = 80;

#[test]
fn every_count_is_that_of_a_recount_after_random_operations() {
    for seed in 1_000..1_000 + SEQUENCES {
        let mut random = Random::new(seed);
        let store = MemoryStore::new();
        let mut yard = TestYard::new(store.clone(), ());
        for _ in 0..BATCHES {
            let ops = random.batch();
            yard.now_ms = random.now_ms;
            // Some are refused, and change nothing then.
            let _ = yard.try_apply(&ops);
            if random.once_in(40) {
                yard.writer.recover_lost(2, random.now_ms).unwrap();
            }
            assert_recount(&store.shared.read(), &format!("{random}: {ops:#?}"));
            let newest = yard.list(&JobsQuery { limit: 1, ..top(SortOrder::Newest) });
            let stored = yard.writer.load().unwrap();
            random.learn(&stored, newest.rows.first().map(|row| row.id));
        }
        yard.assert_counts_are_exact();
    }
}

fn assert_recount(yard: &Yard, context: &str) {
    assert_lists(yard, context);
    assert_meters(yard, context);
    assert_edges(yard, context);
    for (key, id) in &yard.unique_keys {
        assert_eq!(yard.jobs[id].options.unique_key.as_ref(), Some(key), "{context}");
    }
}

fn assert_lists(yard: &Yard, context: &str) {
    let mut scheduled = BTreeSet::new();
    for queue in &yard.lists.queues {
        let of_queue = || yard.jobs.values().filter(|job| *job.row.queue == *queue.name);
        let in_state = |state| of_queue().filter(move |job| job.row.state == state);
        for state in JobState::ALL {
            assert_eq!(queue.counts[state], in_state(state).count() as u64, "{context}");
        }
        let ready = in_state(JobState::Pending).filter(|job| job.held_by.is_none());
        assert_eq!(queue.ready, ready.map(|job| lists::turn(&job.row)).collect(), "{context}");
        let oldest: BTreeSet<JobId> = queue.oldest(u32::MAX).into_iter().collect();
        assert_eq!(oldest, queue.ready.iter().map(|(_, id)| *id).collect(), "{context}");
        assert_eq!(
            queue.processing,
            in_state(JobState::Processing).map(|job| job.row.id).collect(),
            "{context}"
        );
        let finished =
            of_queue().filter_map(|job| Some((job.row.state, job.row.finished_at_ms?, job.row.id)));
        assert_eq!(queue.finished, finished.collect(), "{context}");
        scheduled
            .extend(in_state(JobState::Scheduled).filter_map(|job| Some((job.row.run_at_ms?, job.row.id))));
    }
    assert_eq!(yard.lists.scheduled, scheduled, "{context}");
}

fn assert_meters(yard: &Yard, context: &str) {
    let mut running = BTreeMap::<MeterId, u32>::new();
    for meter in yard.uses.values().flatten() {
        *running.entry(*meter).or_default() += 1;
    }
    let mut held = BTreeMap::<MeterId, BTreeMap<usize, BTreeSet<_>>>::new();
    for job in yard.jobs.values() {
        if let Some(meter) = job.held_by {
            assert_eq!(job.row.state, JobState::Pending, "{context}");
            let queue = yard.lists.index(&job.row.queue);
            held.entry(meter).or_default().entry(queue).or_default().insert(lists::turn(&job.row));
        }
    }
    yard.meters.assert_counts(&running, &held, context);
}

fn assert_edges(yard: &Yard, context: &str) {
    let mut unmet = HashMap::<JobId, usize>::new();
    for id in yard.jobs.keys() {
        for dependency in yard.edges.after(*id) {
            let seen_from_there = yard.edges.before(dependency.job).any(|other| other.job == *id);
            assert!(seen_from_there, "{context}");
            *unmet.entry(*id).or_default() += usize::from(dependency.state != DependencyState::Met);
        }
        let count = unmet.get(id).copied().unwrap_or_default();
        assert_eq!(yard.edges.unmet_count(*id), count, "{context}");
        if yard.jobs[id].row.state == JobState::Waiting {
            assert!(count > 0, "{id} waits for nothing: {context}");
        }
    }
}
