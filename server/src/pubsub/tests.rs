//! What `PubSub` promises to those who publish and to those who listen.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, SystemService, WrapFuture};
use taskyard_shared::queue::StateCounts;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::{CommitEvents, GetCounters, PubSub, Publish, Subscribe};
use crate::store::CommitSeq;
use crate::views::tests::model::queue;

/// Takes nothing in until the gate opens.
struct Listener {
    gate: watch::Receiver<bool>,
    heard: UnboundedSender<Arc<CommitEvents>>,
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut gate = self.gate.clone();
        let open = async move {
            // A gate that is gone is open.
            let _ = gate.wait_for(|open| *open).await;
        };
        ctx.wait(open.into_actor(self));
    }
}

impl Handler<Publish> for Listener {
    type Result = ();

    fn handle(&mut self, Publish(events): Publish, _: &mut Self::Context) {
        // The test may have ended.
        let _ = self.heard.send(events);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for Listener {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

struct Ear {
    addr: Addr<Listener>,
    gate: watch::Sender<bool>,
    heard: UnboundedReceiver<Arc<CommitEvents>>,
}

fn listen(open: bool) -> Ear {
    let (gate, receiver) = watch::channel(open);
    let (sender, heard) = unbounded_channel();
    let addr = Listener { gate: receiver, heard: sender }.start();
    PubSub::from_registry().do_send(Subscribe { subscriber: addr.clone().recipient() });
    Ear { addr, gate, heard }
}

fn events(commit: u64) -> Arc<CommitEvents> {
    let counts = StateCounts { pending: commit, ..StateCounts::default() };
    let queue = queue(&format!("queue-{}", commit % 3), counts);
    Arc::new(CommitEvents { commit: CommitSeq(commit), queues: vec![queue], ..CommitEvents::default() })
}

async fn publish(commits: std::ops::RangeInclusive<u64>) {
    for commit in commits {
        PubSub::from_registry().send(Publish(events(commit))).await.expect("PubSub lives");
    }
}

#[actix_web::test]
async fn every_subscriber_gets_the_same_value_in_commit_order() {
    let (mut one, mut other) = (listen(true), listen(true));
    let sent = events(1);
    PubSub::from_registry().do_send(Publish(Arc::clone(&sent)));
    for ear in [&mut one, &mut other] {
        assert!(Arc::ptr_eq(&ear.heard.recv().await.expect("heard"), &sent));
    }
    publish(2..=50).await;
    for commit in 2..=50 {
        assert_eq!(one.heard.recv().await.expect("heard").commit, CommitSeq(commit));
    }
}

#[actix_web::test]
async fn a_subscriber_that_is_stuck_delays_nobody_and_is_told_to_reload_afterwards() {
    let (mut stuck, mut lively) = (listen(false), listen(true));
    publish(1..=1000).await;
    for commit in 1..=1000 {
        let heard = lively.heard.recv().await.expect("heard");
        assert_eq!((heard.commit, heard.reload), (CommitSeq(commit), false));
    }
    stuck.gate.send_replace(true);
    let mut kept = 0;
    let reload = loop {
        let heard = stuck.heard.recv().await.expect("heard");
        if heard.reload {
            break heard;
        }
        kept += 1;
        assert_eq!(heard.commit, CommitSeq(kept));
    };
    assert!(kept < 30, "a stuck subscriber's mailbox held {kept}");
    assert_eq!(reload.commit, CommitSeq(1000));
    let pending: Vec<u64> = reload.queues.iter().map(|queue| queue.counts.pending).collect();
    assert_eq!(pending, [999, 1000, 998], "the latest of each queue");
    publish(1001..=1001).await;
    assert_eq!(*stuck.heard.recv().await.expect("heard"), *events(1001));
    let counters = PubSub::from_registry().send(GetCounters).await.expect("PubSub lives");
    assert_eq!(counters.skipped.load(Relaxed), 1000 - kept);
}

#[actix_web::test]
async fn a_subscriber_that_is_gone_is_dropped() {
    let gone = listen(true);
    gone.addr.send(Stop).await.expect("it lived");
    let mut other = listen(true);
    let counters = PubSub::from_registry().send(GetCounters).await.expect("PubSub lives");
    let mut commit = 0;
    while counters.dropped.load(Relaxed) == 0 {
        commit += 1;
        publish(commit..=commit).await;
        other.heard.recv().await.expect("heard");
    }
    assert!(other.addr.connected());
}
