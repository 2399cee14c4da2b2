//! Numbers, sharing and forgetting of frames.

use taskyard_shared::view::{JobsDelta, ViewDelta, ViewId, ViewSnapshot};

use crate::views::frames::FrameLog;

fn delta(total: u64) -> ViewDelta {
    ViewDelta::Jobs { changes: JobsDelta { total: Some(total), ..JobsDelta::default() } }
}

fn nothing() -> ViewSnapshot {
    ViewSnapshot::Queues { queues: Vec::new() }
}

#[test]
fn frames_are_numbered_and_the_missing_ones_can_be_had_again() {
    let mut log = FrameLog::new(ViewId(1));
    let texts: Vec<_> = (1..=5).map(|number| log.push(delta(number)).text).collect();
    let since: Vec<_> = log.since(2).expect("all are kept").into_iter().map(|frame| frame.text).collect();
    assert_eq!(since, texts[2..]);
    assert_eq!(log.since(5).map(|frames| frames.len()), Some(0));
    assert!(log.since(6).is_none(), "a number from the future");
}

#[test]
fn only_so_many_frames_and_bytes_are_kept() {
    let mut log = FrameLog::new(ViewId(1));
    for number in 1..=1000 {
        log.push(delta(number));
    }
    assert!(log.since(1000 - 256).is_some());
    assert!(log.since(1000 - 257).is_none());

    let removed = (0..20_000).map(taskyard_shared::job::JobId).collect();
    let large = ViewDelta::Jobs { changes: JobsDelta { removed, ..JobsDelta::default() } };
    log.push(large.clone());
    log.push(large);
    assert!(log.since(1000).is_none(), "two of these are more than is kept");
}

#[test]
fn a_snapshot_is_made_once_for_each_number_and_only_when_asked_for() {
    let mut log = FrameLog::new(ViewId(1));
    let mut made = 0;
    for expected in [1, 1, 1] {
        log.snapshot(|| {
            made += 1;
            nothing()
        });
        assert_eq!(made, expected);
    }
    log.push(delta(1));
    assert_eq!(log.snapshot(nothing).seq, 1);
    log.snapshot(|| panic!("made already"));
}

#[test]
fn after_a_restart_no_earlier_number_leads_on() {
    let mut log = FrameLog::new(ViewId(1));
    log.push(delta(1));
    log.restart();
    assert!(log.since(1).is_none() && log.since(0).is_none());
    assert_eq!(log.push(delta(2)).seq, 3);
}
