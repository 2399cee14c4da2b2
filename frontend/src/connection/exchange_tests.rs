//! The client's half of the protocol, frame by frame.

use taskyard_shared::job::JobId;
use taskyard_shared::queue::QueueStatus;

use super::*;

fn hello(instance: &str) -> ServerFrame {
    ServerFrame::Hello { version: PROTOCOL_VERSION, server: "t".into(), instance: instance.into() }
}

fn snapshot(seq: u64) -> ServerFrame {
    ServerFrame::Snapshot { view: ViewId(7), seq, snapshot: ViewSnapshot::Queues { queues: Vec::new() } }
}

fn delta(seq: u64) -> ServerFrame {
    let queues: Vec<QueueStatus> = Vec::new();
    ServerFrame::Delta { view: ViewId(7), seq, delta: ViewDelta::Queues { queues } }
}

fn watched(exchange: &mut Exchange) -> WatchKey {
    exchange.received(hello("a"));
    let (key, effects) = exchange.watch(ViewQuery::Queues {});
    let [Effect::Send(ClientFrame::Watch { id, .. })] = effects[..] else { panic!("{effects:?}") };
    exchange.received(ServerFrame::Reply { id, reply: Reply::Watching { view: ViewId(7) } });
    key
}

#[test]
fn command_without_a_connection_fails_at_once() {
    let mut exchange = Exchange::default();
    assert_eq!(exchange.command(Command::ListKinds {}).err(), Some(Failure::Offline));
}

#[test]
fn command_in_flight_when_the_socket_closes_has_an_unknown_outcome() {
    let mut exchange = Exchange::default();
    exchange.received(hello("a"));
    let (id, _) = exchange.command(Command::CancelJob { id: JobId(1) }).expect("live");
    assert_eq!(exchange.closed(), [Effect::Resolve { id, outcome: Err(Failure::OutcomeUnknown) }]);
    assert_eq!(exchange.closed(), []);
}

#[test]
fn frames_are_told_in_sequence_and_then_acknowledged() {
    let mut exchange = Exchange::default();
    let key = watched(&mut exchange);
    let effects = exchange.received(snapshot(4));
    assert!(matches!(effects[0], Effect::Tell { key: told, update: ViewUpdate::Snapshot(_) } if told == key));
    assert_eq!(effects[1], Effect::Send(ClientFrame::Ack { view: ViewId(7), seq: 4 }));
    assert!(matches!(exchange.received(delta(5))[0], Effect::Tell { update: ViewUpdate::Delta(_), .. }));
}

#[test]
fn gap_makes_the_client_watch_again_from_scratch() {
    let mut exchange = Exchange::default();
    watched(&mut exchange);
    exchange.received(snapshot(4));
    let effects = exchange.received(delta(6));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Tell { .. })));
    assert!(effects.iter().any(|e| matches!(e, Effect::Send(ClientFrame::Watch { resume: None, .. }))));
    // What still arrives of the broken sequence is acknowledged, but not told.
    assert_eq!(exchange.received(delta(7)).len(), 1);
}

#[test]
fn reconnection_resumes_with_the_last_frame_of_the_same_instance_only() {
    for (instance, resumes) in [("a", true), ("b", false)] {
        let mut exchange = Exchange::default();
        watched(&mut exchange);
        exchange.received(snapshot(4));
        exchange.closed();
        let effects = exchange.received(hello(instance));
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Send(ClientFrame::Watch { resume, .. }) => Some(resume.clone()),
            _ => None,
        });
        assert_eq!(asked.flatten().map(|resume| resume.seq), resumes.then_some(4));
    }
}

#[test]
fn another_version_ends_the_talk_with_a_sentence() {
    let mut exchange = Exchange::default();
    let frame = ServerFrame::Hello { version: 99, server: String::new(), instance: String::new() };
    assert!(matches!(exchange.received(frame)[..], [Effect::GiveUp(_)]));
    assert!(!exchange.is_live());
}

#[test]
fn leaving_a_view_before_its_answer_still_unwatches_it() {
    let mut exchange = Exchange::default();
    exchange.received(hello("a"));
    let (key, effects) = exchange.watch(ViewQuery::Queues {});
    let [Effect::Send(ClientFrame::Watch { id, .. })] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(exchange.unwatch(key), []);
    let effects = exchange.received(ServerFrame::Reply { id, reply: Reply::Watching { view: ViewId(3) } });
    assert_eq!(effects, [Effect::Send(ClientFrame::Unwatch { view: ViewId(3) })]);
}
