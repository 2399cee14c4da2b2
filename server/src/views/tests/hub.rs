//! Who gets what when, with time and reads in the test's hands.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use actix::{Actor, Addr, Context, Handler};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::{JobId, Progress};
use taskyard_shared::view::{JobFilter, JobsQuery, ViewId, ViewQuery};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::model::{Inbox, Model, Tab, newest, newest_jobs};
use crate::pubsub::{CommitEvents, JobChange};
use crate::views::counters::LiveCounters;
use crate::views::hub::{Hub, HubLimits};
use crate::views::messages::{ReadDone, SessionId, ToSession, Watch};

/// A session that is stuck: its mailbox fills up.
struct Stuck;

impl Actor for Stuck {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        use actix::{AsyncContext, WrapFuture};
        ctx.wait(std::future::pending::<()>().into_actor(self));
    }
}

impl Handler<ToSession> for Stuck {
    type Result = ();

    fn handle(&mut self, _: ToSession, _: &mut Self::Context) {}
}

struct Bench {
    hub: Hub,
    model: Model,
    counters: Arc<LiveCounters>,
    now: Instant,
}

impl Bench {
    fn new(limits: HubLimits) -> Self {
        let counters = Arc::new(LiveCounters::default());
        let model = Model::default();
        let mut hub = Hub::new(limits, Arc::clone(&counters));
        hub.published(&model.reload());
        Bench { hub, model, counters, now: Instant::now() }
    }

    fn watch(&mut self, session: u64, query: ViewQuery, resume: Option<(ViewId, u64)>) -> Inbound {
        let (sender, receiver) = unbounded_channel();
        let inbox = Inbox(sender).start();
        let to = inbox.clone().recipient();
        self.hub.watch(Watch { session: SessionId(session), to, request: 1, query, resume }, self.now);
        self.read();
        Inbound { _keep: inbox, receiver }
    }

    /// Does every read that is due, at once.
    fn read(&mut self) {
        for start in self.hub.start_reads(self.now) {
            let page = start.what.run(&self.model).map_err(|error| error.to_string());
            self.hub.read_ended();
            self.hub.read_done(ReadDone { view: start.view, read: start.read, page }, self.now);
        }
    }

    fn publish(&mut self, events: &Arc<CommitEvents>) {
        self.hub.published(events);
    }

    fn frame(&mut self) {
        self.now += Duration::from_millis(50);
        self.hub.flush(self.now);
    }
}

struct Inbound {
    _keep: Addr<Inbox>,
    receiver: UnboundedReceiver<ToSession>,
}

impl Inbound {
    async fn next(&mut self) -> ToSession {
        self.receiver.recv().await.expect("the session lives")
    }

    async fn watching(&mut self) -> ViewId {
        match self.next().await {
            ToSession::Watching { view, .. } => view,
            other => panic!("not watching: {other:?}"),
        }
    }

    async fn text(&mut self) -> String {
        match self.next().await {
            ToSession::Snapshot { text, .. } | ToSession::Delta { text, .. } => text.to_string(),
            other => panic!("no frame: {other:?}"),
        }
    }
}

#[actix_web::test]
async fn a_job_that_changes_ten_times_is_sent_once_and_progress_as_a_pair() {
    let mut bench = Bench::new(HubLimits::default());
    bench.model.add("a", "x");
    let mut inbox = bench.watch(1, newest(10), None);
    inbox.watching().await;
    let mut tab = Tab::default();
    tab.take(&inbox.text().await, &newest(10));
    for progress in 1..=10 {
        let change = JobChange::Progressed(JobId(1), Progress::from_thousandths(progress * 100));
        let events = bench.model.commit(vec![change]);
        bench.publish(&events);
    }
    bench.frame();
    let text = inbox.text().await;
    assert!(text.contains(r#""changes":{"progress":[[1,1000]]"#), "{text}");
    tab.take(&text, &newest(10));
    assert_eq!((tab.deltas, tab.rows()[0].progress), (1, Progress::DONE));
}

#[actix_web::test]
async fn the_first_change_after_a_quiet_time_is_due_at_once_and_the_next_after_the_interval() {
    let mut bench = Bench::new(HubLimits::default());
    let _inbox = bench.watch(1, newest(10), None);
    assert_eq!(bench.hub.next_due(bench.now), None, "nothing is to be done when nothing happens");
    let events = bench.model.add("a", "first");
    bench.publish(&events);
    assert_eq!(bench.hub.next_due(bench.now), Some(bench.now));
    bench.hub.flush(bench.now);
    assert_eq!(bench.hub.next_due(bench.now), None);
    let events = bench.model.add("a", "second");
    bench.publish(&events);
    assert_eq!(bench.hub.next_due(bench.now), Some(bench.now + Duration::from_millis(50)));
}

#[actix_web::test]
async fn watchers_of_one_query_cost_one_view_one_read_and_one_text() {
    let mut bench = Bench::new(HubLimits::default());
    let mut inboxes: Vec<_> = (0..100).map(|session| bench.watch(session, newest(10), None)).collect();
    assert_eq!(bench.counters.views.load(Relaxed), 1);
    assert_eq!(bench.counters.view_reads.load(Relaxed), 1);
    let events = bench.model.add("a", "x");
    bench.publish(&events);
    bench.frame();
    let mut texts = Vec::new();
    for inbox in &mut inboxes {
        inbox.watching().await;
        inbox.next().await;
        match inbox.next().await {
            ToSession::Delta { text, .. } => texts.push(text),
            other => panic!("no delta: {other:?}"),
        }
    }
    let first = texts[0].as_bytes().as_ptr();
    assert!(texts.iter().all(|text| text.as_bytes().as_ptr() == first), "they share the bytes");
}

#[actix_web::test]
async fn a_session_that_is_stuck_is_sent_a_constant_number_of_frames() {
    let mut bench = Bench::new(HubLimits::default());
    let stuck = Stuck.start();
    tokio::task::yield_now().await;
    let to = stuck.clone().recipient();
    let message = Watch { session: SessionId(1), to, request: 1, query: newest(10), resume: None };
    bench.hub.watch(message, bench.now);
    bench.read();
    for _ in 0..1000 {
        let events = bench.model.add("a", "x");
        bench.publish(&events);
        bench.frame();
    }
    assert!(bench.counters.frames_sent.load(Relaxed) <= 20);
    assert_eq!(bench.counters.frames_dropped.load(Relaxed), 1, "then it is not even tried");
}

#[actix_web::test]
async fn a_paused_session_gets_one_snapshot_when_it_asks() {
    let mut bench = Bench::new(HubLimits::default());
    let mut inbox = bench.watch(1, newest(10), None);
    let view = inbox.watching().await;
    inbox.text().await;
    bench.hub.pause(SessionId(1), view);
    for _ in 0..5 {
        let events = bench.model.add("a", "x");
        bench.publish(&events);
        bench.frame();
    }
    bench.hub.resync(SessionId(1), view);
    let mut tab = Tab::default();
    tab.take(&inbox.text().await, &newest(10));
    assert_eq!((tab.seq, tab.rows().len()), (Some(5), 5));
    let events = bench.model.add("a", "x");
    bench.publish(&events);
    bench.frame();
    tab.take(&inbox.text().await, &newest(10));
}

#[actix_web::test]
async fn a_view_nobody_watches_is_kept_for_the_grace_time_and_then_dropped() {
    let mut bench = Bench::new(HubLimits::default());
    let mut inbox = bench.watch(1, newest(10), None);
    let view = inbox.watching().await;
    bench.hub.session_ended(SessionId(1), bench.now);
    bench.now += Duration::from_secs(29);
    bench.hub.tidy(bench.now);
    let mut back = bench.watch(2, newest(10), None);
    assert_eq!(back.watching().await, view);
    bench.hub.unwatch(SessionId(2), view, bench.now);
    bench.now += Duration::from_secs(30);
    bench.hub.tidy(bench.now);
    assert_eq!(bench.counters.views.load(Relaxed), 0);
}

#[actix_web::test]
async fn when_there_are_too_many_views_the_longest_unwatched_goes_or_else_the_watcher() {
    let mut bench = Bench::new(HubLimits { max_views: 2, ..HubLimits::default() });
    let mut one = bench.watch(1, newest(1), None);
    let mut two = bench.watch(2, newest(2), None);
    let (one, two) = (one.watching().await, two.watching().await);
    let mut refused = bench.watch(3, newest(3), None);
    match refused.next().await {
        ToSession::Refused { error, .. } => assert_eq!(error.code, ErrorCode::Overloaded),
        other => panic!("not refused: {other:?}"),
    }
    bench.hub.unwatch(SessionId(2), two, bench.now);
    bench.now += Duration::from_secs(1);
    bench.hub.unwatch(SessionId(1), one, bench.now);
    bench.watch(3, newest(3), None).watching().await;
    let mut back = bench.watch(1, newest(1), None);
    assert_eq!(back.watching().await, one, "the other one went");
}

#[actix_web::test]
async fn different_ways_to_ask_for_the_same_rows_share_a_view() {
    use taskyard_shared::job::JobState::{Completed, Failed};
    let mut bench = Bench::new(HubLimits::default());
    let with = |states: &[_], text: &str| {
        let filter = JobFilter { states: states.to_vec(), text: text.to_owned(), ..JobFilter::default() };
        ViewQuery::Jobs { query: JobsQuery { filter, ..newest_jobs(5) } }
    };
    let one = bench.watch(1, with(&[Failed, Completed], " Tea"), None).watching().await;
    let other = bench.watch(2, with(&[Completed, Failed, Failed], "tea "), None).watching().await;
    assert_eq!(one, other);
}

#[actix_web::test]
async fn no_view_reads_more_often_than_the_interval_and_never_twice_at_once() {
    let mut bench = Bench::new(HubLimits::default());
    for _ in 0..100 {
        bench.model.add("a", "x");
    }
    let _inbox = bench.watch(1, newest(10), None);
    let remove = |bench: &mut Bench, ids: std::ops::Range<u64>| {
        let events = bench.model.commit(vec![JobChange::Removed(ids.map(JobId).collect())]);
        bench.publish(&events);
    };
    remove(&mut bench, 70..101);
    assert_eq!(bench.hub.start_reads(bench.now).len(), 0, "the first read was just now");
    let due = bench.hub.next_due(bench.now).expect("frames are due first");
    assert!(due <= bench.now);
    bench.now += Duration::from_millis(50);
    assert_eq!(bench.hub.start_reads(bench.now).len(), 1);
    remove(&mut bench, 40..70);
    bench.now += Duration::from_millis(50);
    assert_eq!(bench.hub.start_reads(bench.now).len(), 0, "one is under way");
}

#[actix_web::test]
async fn a_reload_reads_every_view_anew() {
    let mut bench = Bench::new(HubLimits::default());
    let mut inbox = bench.watch(1, newest(10), None);
    inbox.watching().await;
    let mut tab = Tab::default();
    tab.take(&inbox.text().await, &newest(10));
    // Committed, but never published.
    bench.model.add("a", "lost");
    let reload = CommitEvents { commit: bench.model.commit_seq(), reload: true, ..CommitEvents::default() };
    bench.publish(&Arc::new(reload));
    bench.now += Duration::from_millis(50);
    bench.read();
    bench.frame();
    tab.take(&inbox.text().await, &newest(10));
    assert_eq!((tab.deltas, tab.rows().len()), (1, 1));
}
