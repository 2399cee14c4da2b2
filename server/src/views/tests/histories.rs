//! All views at once, over random histories: tabs that keep up, that stall and that come and go, a hub that
//! restarts, and a queue that restarts and loses what it did not publish. In the end every tab shows the truth.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_VIEW_ROWS;
use taskyard_shared::view::{JobsWindow, ViewId, ViewQuery, ViewSnapshot};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::model::{Inbox, Model, Tab, newest, newest_jobs};
use super::yard::{limit, operation, schedule};
use crate::pubsub::{CommitEvents, JobChange};
use crate::views::counters::LiveCounters;
use crate::views::hub::{Hub, HubLimits, StartRead};
use crate::views::messages::{ReadDone, SessionId, ToSession, Watch};
use crate::views::pages::Page;

const LOGGED: JobId = JobId(1);
const ROWS: u32 = 10;

#[derive(Clone, Debug)]
enum Step {
    Add,
    Remove(u8),
    Write { attempt: u32, count: u32 },
    Schedule(u64),
    Limit(u64),
    Operation(u64),
    Publish(u8),
    QueueRestarts,
    HubRestarts,
    BeginReads,
    Look,
    Load,
    Frame,
    Stall(usize),
    Ask(usize),
    Reconnect(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tab = || 0..3_usize;
    let count = prop_oneof![5 => 1..20_u32, 1 => 200..600_u32];
    let step = prop_oneof![
        6 => Just(Step::Add),
        4 => (1..30_u8).prop_map(Step::Remove),
        12 => (1..4_u32, count).prop_map(|(attempt, count)| Step::Write { attempt, count }),
        4 => (0..3_u64).prop_map(Step::Schedule),
        4 => (0..3_u64).prop_map(Step::Limit),
        4 => (0..3_u64).prop_map(Step::Operation),
        20 => (1..6_u8).prop_map(Step::Publish),
        2 => Just(Step::QueueRestarts),
        2 => Just(Step::HubRestarts),
        8 => Just(Step::BeginReads),
        8 => Just(Step::Look),
        8 => Just(Step::Load),
        20 => Just(Step::Frame),
        4 => tab().prop_map(Step::Stall),
        6 => tab().prop_map(Step::Ask),
        4 => tab().prop_map(Step::Reconnect),
    ];
    prop::collection::vec(step, 1..150)
}

fn queries() -> [ViewQuery; 4] {
    [ViewQuery::Queues {}, newest(ROWS), ViewQuery::Yard {}, ViewQuery::Log { job: LOGGED }]
}

/// One connection that watches everything.
struct Watcher {
    session: SessionId,
    inbox: Addr<Inbox>,
    inbound: UnboundedReceiver<ToSession>,
    /// By the place of their query.
    views: BTreeMap<usize, (ViewId, Tab)>,
    /// Views of which a frame was missed.
    stale: Vec<ViewId>,
}

impl Watcher {
    fn new(number: u64) -> Self {
        let (sender, inbound) = unbounded_channel();
        let (views, stale) = (BTreeMap::new(), Vec::new());
        Watcher { session: SessionId(number), inbox: Inbox(sender).start(), inbound, views, stale }
    }

    fn watch_all(&self, hub: &mut Hub, now: Instant) {
        for (place, query) in queries().into_iter().enumerate() {
            let resume = self.views.get(&place).and_then(|(view, tab)| Some((*view, tab.seq?)));
            let (session, to, request) = (self.session, self.inbox.clone().recipient(), place as u64);
            hub.watch(Watch { session, to, request, query, resume }, now);
        }
    }

    /// Takes in everything that was sent so far.
    async fn take_in(&mut self) {
        let end = ViewId(u64::MAX);
        self.inbox.send(ToSession::Missed { view: end }).await.expect("the inbox lives");
        loop {
            match self.inbound.recv().await.expect("the inbox lives") {
                ToSession::Missed { view } if view == end => return,
                ToSession::Missed { view } => self.stale.push(view),
                ToSession::Watching { request, view } => {
                    let (id, tab) = self.views.entry(request as usize).or_insert((view, Tab::default()));
                    if *id != view {
                        (*id, *tab) = (view, Tab::default());
                    }
                }
                ToSession::Snapshot { view, text, .. } => {
                    self.stale.retain(|stale| *stale != view);
                    self.show(view, &text);
                }
                ToSession::Delta { view, text, .. } => {
                    assert!(!self.stale.contains(&view), "who missed something gets no delta");
                    self.show(view, &text);
                }
                ToSession::Resumed { view, texts, .. } => {
                    texts.iter().for_each(|text| self.show(view, text));
                }
                ToSession::Refused { error, .. } => panic!("refused: {error}"),
            }
        }
    }

    fn show(&mut self, view: ViewId, text: &str) {
        let of_view = |(_, (id, _)): &(&usize, &mut (ViewId, Tab))| *id == view;
        let (place, (_, tab)) = self.views.iter_mut().find(of_view).expect("a view that is watched");
        tab.take(text, &queries()[*place]);
    }

    fn shown(&self) -> Vec<Option<ViewSnapshot>> {
        self.views.values().map(|(_, tab)| tab.shown.clone()).collect()
    }
}

struct World {
    hub: Hub,
    model: Model,
    now: Instant,
    unpublished: VecDeque<Arc<CommitEvents>>,
    reads: VecDeque<(StartRead, Option<Page>)>,
    watchers: Vec<Watcher>,
}

impl World {
    fn new() -> Self {
        let (model, now) = (Model::default(), Instant::now());
        let mut hub = Hub::new(HubLimits::default(), Arc::new(LiveCounters::default()));
        let watchers: Vec<_> = (0..3).map(Watcher::new).collect();
        watchers.iter().for_each(|watcher| watcher.watch_all(&mut hub, now));
        let unpublished = VecDeque::from([model.reload(), model.add("a", "the first")]);
        World { hub, model, now, unpublished, reads: VecDeque::new(), watchers }
    }

    fn step(&mut self, step: &Step) {
        let (hub, now) = (&mut self.hub, self.now);
        match step {
            Step::Add => self.unpublished.push_back(self.model.add("a", "x")),
            Step::Remove(id) => {
                // The job whose log is watched goes as rarely as it is drawn.
                let removed = JobChange::Removed(vec![JobId(u64::from(*id))]);
                self.unpublished.push_back(self.model.commit(vec![removed]));
            }
            Step::Write { attempt, count } => {
                self.unpublished.push_back(self.model.write(LOGGED, *attempt, *count));
            }
            Step::Schedule(skipped) => self.unpublished.push_back(
                self.model.change_yard(|yard| yard.schedules = vec![schedule("nightly", *skipped)]),
            ),
            Step::Limit(running) => self
                .unpublished
                .push_back(self.model.change_yard(|yard| yard.limits = vec![limit("calls", *running)])),
            Step::Operation(done) => self
                .unpublished
                .push_back(self.model.change_yard(|yard| yard.operations = vec![operation(1, *done)])),
            Step::Publish(count) => self.publish(usize::from(*count)),
            Step::QueueRestarts => self.unpublished = VecDeque::from([self.model.reload()]),
            Step::HubRestarts => hub.start_over(),
            Step::BeginReads => {
                self.reads.extend(hub.start_reads(now).into_iter().map(|start| (start, None)));
            }
            Step::Look => self.look(),
            Step::Load => self.load(),
            Step::Frame => hub.flush(now),
            Step::Stall(tab) => self.stall(*tab),
            Step::Ask(tab) => self.ask(*tab),
            Step::Reconnect(tab) => {
                let watcher = &mut self.watchers[*tab];
                hub.session_ended(watcher.session, now);
                watcher.stale.clear();
                watcher.watch_all(hub, now);
            }
        }
    }

    fn publish(&mut self, count: usize) {
        for events in self.unpublished.drain(..count.min(self.unpublished.len())) {
            self.hub.published(&events);
        }
    }

    fn look(&mut self) {
        for (start, page) in self.reads.iter_mut().filter(|(_, page)| page.is_none()) {
            *page = Some(start.what.run(&self.model).expect("the model reads"));
        }
    }

    fn load(&mut self) {
        let arrives = |(_, page): &mut (StartRead, Option<Page>)| page.is_some();
        if let Some((start, Some(page))) = self.reads.pop_front_if(arrives) {
            self.hub.read_ended();
            self.hub.read_done(ReadDone { view: start.view, read: start.read, page: Ok(page) }, self.now);
        }
    }

    /// What a session does that drops a frame for want of credit.
    fn stall(&mut self, tab: usize) {
        let watcher = &mut self.watchers[tab];
        for (view, _) in watcher.views.values() {
            self.hub.pause(watcher.session, *view);
            watcher.stale.push(*view);
        }
    }

    /// What it does when there is credit again.
    fn ask(&mut self, tab: usize) {
        let watcher = &mut self.watchers[tab];
        for view in &watcher.stale {
            self.hub.resync(watcher.session, *view);
        }
    }

    async fn take_in(&mut self) {
        for watcher in &mut self.watchers {
            watcher.take_in().await;
        }
        self.now += Duration::from_millis(17);
    }

    /// Lets everything that is under way arrive.
    async fn settle(&mut self) {
        self.publish(usize::MAX);
        for _ in 0..4 {
            self.now += Duration::from_millis(50);
            self.step(&Step::BeginReads);
            self.look();
            (0..self.reads.len()).for_each(|_| self.load());
            self.hub.flush(self.now);
            (0..self.watchers.len()).for_each(|tab| self.ask(tab));
            self.take_in().await;
        }
    }

    fn truth(&self) -> Vec<Option<ViewSnapshot>> {
        let page = self.model.page(&newest_jobs(ROWS));
        let window = JobsWindow {
            rows: page.rows.iter().map(|row| (**row).clone()).collect(),
            offset: Some(0),
            total: Some(self.model.total(&newest_jobs(ROWS))),
            more: page.more,
        };
        vec![
            Some(ViewSnapshot::Queues { queues: self.model.queues() }),
            Some(ViewSnapshot::Jobs { window }),
            Some(ViewSnapshot::Yard { yard: self.model.yard() }),
            Some(ViewSnapshot::Log { lines: self.model.lines(LOGGED, MAX_VIEW_ROWS) }),
        ]
    }
}

#[test]
fn every_tab_shows_the_truth_in_the_end_whatever_happened() {
    let system = actix_web::rt::System::new();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(250) };
    let run = |steps: Vec<Step>| {
        system.block_on(async {
            let mut world = World::new();
            for step in &steps {
                world.step(step);
                world.take_in().await;
            }
            world.settle().await;
            for watcher in &world.watchers {
                prop_assert_eq!(watcher.shown(), world.truth());
            }
            Ok(())
        })
    };
    TestRunner::new(config).run(&steps(), run).expect("every history ends well");
}
