//! The actor after a panic, and a store that fails for a while.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix::{Actor, Supervisor};
use tokio::sync::mpsc::unbounded_channel;

use super::model::{Inbox, Model, Tab, newest};
use crate::pubsub::Publish;
use crate::supervision::Supervision;
use crate::views::messages::{Panic, SessionId, ToSession, Watch};
use crate::views::{HubLimits, LiveCounters, ViewHub, ViewHubConfig};

#[actix_web::test]
async fn a_restarted_hub_reads_anew_and_goes_on_with_its_mailbox() {
    let model = Model::default();
    let counters = Arc::new(LiveCounters::default());
    let config = ViewHubConfig {
        reader: Arc::new(model.clone()),
        counters: Arc::clone(&counters),
        limits: HubLimits { frame_interval: Duration::from_millis(1), ..HubLimits::default() },
        supervision: Supervision::default(),
    };
    let hub = Supervisor::start(|_| ViewHub::new(config));
    hub.do_send(Publish(model.reload()));
    let (sender, mut messages) = unbounded_channel();
    let inbox = Inbox(sender).start();
    let to = inbox.clone().recipient();
    hub.do_send(Watch { session: SessionId(1), to, request: 1, query: newest(10), resume: None });
    let mut tab = Tab::default();
    for round in 1..=5 {
        model.add("a", "lost to a panic");
        hub.do_send(Panic);
        hub.do_send(Publish(model.add("a", "behind it in the mailbox")));
        while tab.shown.is_none() || tab.rows().len() < 2 * round {
            match messages.recv().await.expect("the session lives") {
                ToSession::Watching { .. } => (),
                ToSession::Snapshot { text, .. } | ToSession::Delta { text, .. } => {
                    tab.take(&text, &newest(10));
                }
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
    assert_eq!(counters.hub_restarts.load(Relaxed), 5);
    assert_eq!(tab.rows().len(), 10);
}
