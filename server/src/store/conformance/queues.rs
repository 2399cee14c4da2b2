//! Queues and their settings.

use super::TestYard;
use crate::store::StoreError;
use crate::store::ops::QueueSettings;

pub fn a_queue_has_the_settings_that_it_was_given_last(mut yard: TestYard) {
    yard.configure("photos", 4, false);
    yard.configure("demo", 1, true);
    yard.configure("photos", 8, true);
    let queues = yard.writer.load().unwrap().queues;
    let names: Vec<_> = queues.iter().map(|queue| &*queue.name).collect();
    assert_eq!(names, ["demo", "photos"]);
    assert_eq!(queues[0].settings, QueueSettings { paused: true, ..QueueSettings::with_concurrency(1) });
    assert_eq!(queues[1].settings, QueueSettings { paused: true, ..QueueSettings::with_concurrency(8) });
}

pub fn a_missing_queue_is_created_with_a_concurrency_of_one(mut yard: TestYard) {
    yard.add("new");
    let queues = yard.writer.load().unwrap().queues;
    assert_eq!(queues.len(), 1);
    assert_eq!(queues[0].settings, QueueSettings::with_concurrency(1));
    assert_eq!(queues[0].counts.pending, 1);
    assert!(yard.claim("unknown", 3).is_empty());
    assert_eq!(yard.writer.load().unwrap().queues.len(), 1, "a claim creates no queue");
}

pub fn there_is_only_one_writer(yard: TestYard) {
    assert!(matches!(yard.store.writer(), Err(StoreError::WriterTaken)));
}
