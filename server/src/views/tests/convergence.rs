//! However events, reads and frames fall, a tab ends up with what a fresh list shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use taskyard_shared::job::{JobId, JobState, Progress};
use taskyard_shared::view::{JobFilter, JobsDelta, JobsQuery, JobsWindow, SortOrder, WindowStart};

use super::model::{Model, job, newest_jobs};
use crate::pubsub::{CommitEvents, JobChange};
use crate::store::CommitSeq;
use crate::store::JobsPage;
use crate::views::jobs_view::JobsView;
use crate::views::queue_book::QueueBook;
use crate::views::reading::Reading;

#[derive(Clone, Debug)]
enum Step {
    Add {
        queue: bool,
        name: u8,
    },
    Become {
        job: u8,
        state: JobState,
    },
    Progress {
        job: u8,
        progress: u16,
    },
    Remove {
        jobs: Vec<u8>,
    },
    /// Publishes this many of the commits that wait.
    Publish(u8),
    /// A read that was begun looks at the store / its page arrives.
    Read,
    Loaded,
    Frame,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let state = prop::sample::select(JobState::ALL.to_vec());
    let step = prop_oneof![
        4 => (any::<bool>(), 0..4_u8).prop_map(|(queue, name)| Step::Add { queue, name }),
        6 => (any::<u8>(), state).prop_map(|(job, state)| Step::Become { job, state }),
        2 => (any::<u8>(), 0..1000_u16).prop_map(|(job, progress)| Step::Progress { job, progress }),
        3 => prop::collection::vec(any::<u8>(), 1..12).prop_map(|jobs| Step::Remove { jobs }),
        6 => (1..8_u8).prop_map(Step::Publish),
        3 => Just(Step::Read),
        3 => Just(Step::Loaded),
        3 => Just(Step::Frame),
    ];
    prop::collection::vec(step, 1..300)
}

fn queries() -> impl Strategy<Value = JobsQuery> {
    let states = prop::sample::subsequence(JobState::ALL.to_vec(), 0..3);
    let start = prop_oneof![
        Just(WindowStart::Top),
        (0..60_u64).prop_map(|id| WindowStart::After { id: JobId(id) }),
        (0..40_u64).prop_map(|rows| WindowStart::Offset { rows }),
    ];
    let text = prop::sample::select(vec!["", "", "name1", "#7"]);
    (states, prop::option::of(Just("a".to_owned())), text, any::<bool>(), start, 1..40_u32).prop_map(
        |(states, queue, text, newest, start, limit)| JobsQuery {
            filter: JobFilter { states, queue, text: text.to_owned(), ..JobFilter::default() },
            sort: if newest { SortOrder::Newest } else { SortOrder::Oldest },
            start,
            limit,
        },
    )
}

/// The view with its reads and its tab, driven by hand.
struct Bench {
    model: Model,
    unpublished: Vec<Arc<CommitEvents>>,
    book: QueueBook,
    view: JobsView,
    reading: Reading,
    page: Option<JobsPage>,
    as_of: u64,
    tab: Option<JobsWindow>,
    query: JobsQuery,
    reads: u64,
}

impl Bench {
    fn new(query: JobsQuery) -> Self {
        let model = Model::default();
        for _ in 0..80 {
            model.add("a", "old");
        }
        let mut book = QueueBook::default();
        book.apply(&model.reload());
        Bench {
            view: JobsView::new(&query),
            reading: Reading::new(Duration::ZERO),
            unpublished: Vec::new(),
            page: None,
            as_of: 0,
            tab: None,
            reads: 0,
            book,
            model,
            query,
        }
    }

    fn commit(&mut self, changes: Vec<JobChange>) {
        let events = self.model.commit(changes);
        self.unpublished.push(events);
    }

    fn some_job(&self, number: u8) -> JobId {
        JobId(u64::from(number) % self.model.next_id())
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Add { queue, name } => {
                let queue = if *queue { "a" } else { "b" };
                let new = job(self.model.next_id(), queue, &format!("Name{name}"));
                self.commit(vec![JobChange::Changed(Arc::new(new))]);
            }
            Step::Become { job, state } => {
                if let Some(mut job) = self.model.get(self.some_job(*job).0) {
                    job.state = *state;
                    self.commit(vec![JobChange::Changed(Arc::new(job))]);
                }
            }
            Step::Progress { job, progress } => {
                let change =
                    JobChange::Progressed(self.some_job(*job), Progress::from_thousandths(*progress));
                self.commit(vec![change]);
            }
            Step::Remove { jobs } => {
                let ids = jobs.iter().map(|job| self.some_job(*job)).collect();
                self.commit(vec![JobChange::Removed(ids)]);
            }
            Step::Publish(count) => self.publish(usize::from(*count)),
            Step::Read => self.read(),
            Step::Loaded => self.loaded(),
            Step::Frame => self.frame(),
        }
    }

    fn publish(&mut self, count: usize) {
        let count = count.min(self.unpublished.len());
        for events in self.unpublished.drain(..count) {
            self.book.apply(&events);
            self.reading.keep(&events);
            if events.commit.0 > self.as_of {
                for change in &events.changes {
                    self.view.apply(change);
                }
            }
        }
        if self.view.needs_rows() {
            self.reading.want();
        }
    }

    fn read(&mut self) {
        let now = Instant::now();
        if self.reading.is_wanted() {
            self.reads += 1;
            self.reading.begin(self.reads, now);
        }
        if self.page.is_none() && self.reading.is_under_way() {
            self.page = self.view.read_query().map(|query| self.model.page(&query));
        }
    }

    fn loaded(&mut self) {
        let Some(page) = self.page.take() else { return };
        assert!(self.reading.end(self.reads));
        let newer = self.reading.newer_than(page.as_of).expect("few events");
        self.view.load(&page);
        self.as_of = page.as_of.0;
        for change in newer.iter().flat_map(|events| &events.changes) {
            self.view.apply(change);
        }
        if self.view.needs_rows() {
            self.reading.want();
        }
        if self.tab.is_none() {
            self.delta();
            self.tab = Some(self.view.snapshot());
        }
    }

    fn delta(&mut self) -> Option<JobsDelta> {
        self.view.set_total(self.book.total(self.view.filter()));
        self.view.take_delta()
    }

    fn frame(&mut self) {
        if self.tab.is_none() {
            return;
        }
        let delta = self.delta();
        if let (Some(tab), Some(delta)) = (&mut self.tab, delta) {
            let text = serde_json::to_string(&delta).expect("JSON");
            let delta: JobsDelta = serde_json::from_str(&text).expect("what was written can be read");
            tab.apply(&delta, self.query.sort, self.query.limit);
        }
        assert_eq!(self.tab, Some(self.view.snapshot()), "a tab that follows has what a new one gets");
    }

    /// Lets everything that is under way arrive.
    fn settle(&mut self) {
        self.publish(usize::MAX);
        for _ in 0..4 {
            self.read();
            self.loaded();
        }
        assert!(!self.reading.is_wanted() || self.view.read_query().is_none(), "reads come to an end");
        self.frame();
    }

    fn expected(&self) -> JobsWindow {
        let Some(read) = self.view.read_query() else {
            return JobsWindow {
                rows: Vec::new(),
                offset: self.tab.as_ref().and_then(|tab| tab.offset),
                total: self.expected_total(),
                more: false,
            };
        };
        let page = self.model.page(&JobsQuery { limit: self.query.limit, ..read });
        JobsWindow {
            rows: page.rows.iter().map(|row| (**row).clone()).collect(),
            offset: match self.query.start {
                WindowStart::Top => Some(0),
                WindowStart::After { .. } => None,
                WindowStart::Offset { rows } => Some(rows),
            },
            total: self.expected_total(),
            more: page.more,
        }
    }

    fn expected_total(&self) -> Option<u64> {
        self.query.filter.text.is_empty().then(|| self.model.total(&self.query))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn snapshot_and_deltas_lead_to_what_a_fresh_list_shows(query in queries(), steps in steps()) {
        let mut bench = Bench::new(query);
        bench.read();
        bench.loaded();
        for step in &steps {
            bench.step(step);
        }
        bench.settle();
        prop_assert_eq!(bench.tab.clone(), Some(bench.expected()));
    }

    #[test]
    fn a_view_never_holds_more_rows_than_its_bound(query in queries(), steps in steps()) {
        let mut bench = Bench::new(query);
        let bound = bench.query.limit as usize + 2 * 128;
        bench.read();
        bench.loaded();
        for step in &steps {
            bench.step(step);
            bench.publish(usize::MAX);
            prop_assert!(bench.view.known_rows() <= bound);
        }
    }
}

#[test]
fn rows_that_leave_are_replaced_from_the_spare_ones_without_a_read() {
    let mut bench = Bench::new(newest_jobs(20));
    bench.read();
    bench.loaded();
    let reads = bench.reads;
    for id in 66..=80 {
        bench.commit(vec![JobChange::Removed(vec![JobId(id)])]);
    }
    bench.publish(usize::MAX);
    bench.read();
    bench.frame();
    assert_eq!(bench.reads, reads);
    assert_eq!(bench.tab, Some(bench.expected()));
}

#[test]
fn a_full_window_learns_that_nothing_follows_any_more() {
    let mut bench = Bench::new(newest_jobs(20));
    bench.read();
    bench.loaded();
    // First the spare rows, so that exactly the window is known; then all that lies beyond.
    bench.commit(vec![JobChange::Removed((45..=60).map(JobId).collect())]);
    bench.settle();
    assert!(bench.tab.as_ref().is_some_and(|tab| tab.more));
    bench.commit(vec![JobChange::Removed((1..45).map(JobId).collect())]);
    bench.settle();
    assert_eq!(bench.tab, Some(bench.expected()));
    assert!(bench.tab.as_ref().is_some_and(|tab| !tab.more));
}

#[test]
fn a_window_opened_with_an_offset_stays_with_its_rows_when_jobs_are_added_above() {
    let start = WindowStart::Offset { rows: 10 };
    let mut bench = Bench::new(JobsQuery { start, ..newest_jobs(5) });
    bench.read();
    bench.loaded();
    let before = bench.tab.clone().expect("loaded");
    assert_eq!(before.rows[0].id, JobId(70));
    for _ in 0..30 {
        bench.step(&Step::Add { queue: true, name: 1 });
    }
    bench.settle();
    let after = bench.tab.clone().expect("loaded");
    assert_eq!((after.rows, after.offset), (before.rows, Some(10)));
    assert_eq!(after.total, Some(110));
}

#[test]
fn a_search_that_stopped_at_its_budget_is_not_done_again_and_says_that_more_may_follow() {
    let query = JobsQuery {
        filter: JobFilter { text: "needle".to_owned(), ..JobFilter::default() },
        sort: SortOrder::Newest,
        start: WindowStart::Top,
        limit: 20,
    };
    for rows in [vec![], vec![Arc::new(job(100, "a", "needle"))]] {
        let mut view = JobsView::new(&query);
        view.load(&JobsPage { rows, more: true, scanned_to: Some(JobId(50)), as_of: CommitSeq(1) });
        let _ = view.take_delta();
        assert!(!view.needs_rows());
        assert!(view.snapshot().more);
        assert!(!view.apply(&JobChange::Changed(Arc::new(job(49, "a", "needle")))), "beyond the edge");
        assert!(!view.needs_rows());
    }
}
