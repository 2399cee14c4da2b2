//! However lines, reads and frames fall, a tab ends up with the newest lines of the log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use proptest::prelude::*;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_VIEW_ROWS;
use taskyard_shared::log::{LogLine, apply_lines};

use super::model::Model;
use crate::pubsub::{CommitEvents, JobChange};
use crate::store::{LogPage, StoreReader};
use crate::views::content::Effect;
use crate::views::counters::LiveCounters;
use crate::views::log_view::LogView;

const JOB: JobId = JobId(1);

#[derive(Clone, Debug)]
enum Step {
    /// The job, or another one, writes lines.
    Write {
        other: bool,
        attempt: u32,
        count: u32,
    },
    Remove,
    /// Publishes this many of the commits that wait.
    Publish(u8),
    /// The queue restarted: what waits is never published.
    Lose,
    /// A read looks at the store / its page arrives.
    Read,
    Loaded,
    Frame,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let count = prop_oneof![4 => 0..30_u32, 1 => 300..700_u32];
    let step = prop_oneof![
        60 => (any::<bool>(), 1..4_u32, count)
            .prop_map(|(other, attempt, count)| Step::Write { other, attempt, count }),
        1 => Just(Step::Remove),
        40 => (1..8_u8).prop_map(Step::Publish),
        4 => Just(Step::Lose),
        20 => Just(Step::Read),
        20 => Just(Step::Loaded),
        30 => Just(Step::Frame),
    ];
    prop::collection::vec(step, 1..120)
}

/// The view with its reads and its tab, driven by hand.
struct Bench {
    model: Model,
    view: LogView,
    counters: Arc<LiveCounters>,
    unpublished: VecDeque<Arc<CommitEvents>>,
    /// A read that is under way, and what was published since it began.
    page: Option<LogPage>,
    kept: Vec<Arc<CommitEvents>>,
    as_of: u64,
    tab: Option<Vec<LogLine>>,
}

impl Bench {
    fn new() -> Self {
        let model = Model::default();
        model.add("a", "the job");
        model.add("a", "another");
        model.write(JOB, 1, 20);
        let counters = Arc::new(LiveCounters::default());
        let mut bench = Bench {
            view: LogView::new(JOB, Arc::clone(&counters)),
            counters,
            model,
            unpublished: VecDeque::new(),
            page: None,
            kept: Vec::new(),
            as_of: 0,
            tab: None,
        };
        bench.read();
        bench.loaded();
        bench
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Write { other, attempt, count } => {
                let job = if *other { JobId(2) } else { JOB };
                let events = self.model.write(job, *attempt, *count);
                self.unpublished.push_back(events);
            }
            Step::Remove => {
                let events = self.model.commit(vec![JobChange::Removed(vec![JOB])]);
                self.unpublished.push_back(events);
            }
            Step::Publish(count) => self.publish(usize::from(*count)),
            Step::Lose => {
                self.unpublished.clear();
                self.read();
            }
            Step::Read => self.read(),
            Step::Loaded => self.loaded(),
            Step::Frame => self.frame(),
        }
    }

    fn publish(&mut self, count: usize) {
        for events in self.unpublished.drain(..count.min(self.unpublished.len())) {
            if self.page.is_some() {
                self.kept.push(Arc::clone(&events));
            }
            if events.commit.0 > self.as_of && self.view.apply(&events) == Effect::StartsOver {
                self.tab = Some(self.view.snapshot());
            }
        }
    }

    fn read(&mut self) {
        self.kept.clear();
        self.page = Some(self.model.log(JOB, None, MAX_VIEW_ROWS).expect("the model reads"));
    }

    fn loaded(&mut self) {
        let Some(page) = self.page.take() else { return };
        self.as_of = page.as_of.0;
        self.kept.retain(|events| events.commit > page.as_of);
        let effect = self.view.load(&page, &self.kept);
        if self.tab.is_none() {
            assert_eq!(effect, Effect::Changed, "the first lines lead on from none");
            let _ = self.view.take_delta();
        }
        if self.tab.is_none() || effect == Effect::StartsOver {
            self.tab = Some(self.view.snapshot());
        }
    }

    fn frame(&mut self) {
        if let (Some(tab), Some(lines)) = (&mut self.tab, self.view.take_delta()) {
            assert!(!lines.is_empty(), "a frame says something");
            apply_lines(tab, &lines);
        }
        assert_eq!(self.tab, Some(self.view.snapshot()), "a tab that follows has what a new one gets");
    }

    fn settle(&mut self) {
        self.publish(usize::MAX);
        self.loaded();
        self.frame();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn snapshot_and_deltas_lead_to_the_newest_lines(steps in steps()) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.step(step);
            let (sent, unsent) = bench.view.known_lines();
            prop_assert!(sent <= MAX_VIEW_ROWS as usize && unsent <= MAX_VIEW_ROWS as usize);
        }
        // What was lost is only found by a read.
        bench.publish(usize::MAX);
        bench.read();
        bench.settle();
        prop_assert_eq!(bench.tab.clone(), Some(bench.model.lines(JOB, MAX_VIEW_ROWS)));
    }
}

#[test]
fn lines_that_come_too_fast_cost_one_full_frame_and_are_counted() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        bench.step(&Step::Write { other: false, attempt: 1, count: 300 });
    }
    bench.publish(usize::MAX);
    assert_eq!(bench.view.known_lines(), (20, 500));
    assert_eq!(bench.counters.log_lines_skipped.load(Relaxed), 700);
    bench.frame();
    assert_eq!(bench.tab, Some(bench.model.lines(JOB, MAX_VIEW_ROWS)));
}

#[test]
fn what_was_never_published_is_a_delta_after_a_reload_where_it_leads_on() {
    let mut bench = Bench::new();
    bench.model.write(JOB, 2, 5);
    bench.read();
    let page = bench.page.take().expect("read");
    assert_eq!(bench.view.load(&page, &[]), Effect::Changed);
    let lines = bench.view.take_delta().expect("lines were added");
    assert_eq!((lines.len(), lines[0].attempt, lines[0].number), (5, 2, 1));
}

#[test]
fn a_log_that_lost_its_oldest_lines_starts_over_after_a_reload() {
    let mut bench = Bench::new();
    let mut page = bench.model.log(JOB, None, MAX_VIEW_ROWS).expect("the model reads");
    page.lines.drain(..10);
    assert_eq!(bench.view.load(&page, &[]), Effect::StartsOver);
    assert_eq!(bench.view.snapshot(), page.lines);
}

#[test]
fn the_log_of_a_deleted_job_is_empty_and_starts_over_only_once() {
    let mut bench = Bench::new();
    let removed = bench.model.commit(vec![JobChange::Removed(vec![JOB])]);
    assert_eq!(bench.view.apply(&removed), Effect::StartsOver);
    assert_eq!((bench.view.snapshot(), bench.view.take_delta()), (Vec::new(), None));
    assert_eq!(bench.view.apply(&removed), Effect::Nothing);
}
