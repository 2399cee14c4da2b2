//! Why a job is not running, in sentences with the jobs, queues and times that they name.

use taskyard_shared::explain::Reason;
use taskyard_shared::job::JobId;

use crate::format;

/// A part of a sentence; all but text is drawn as something to follow or to watch.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Job(JobId),
    Queue(String),
    /// An instant, in milliseconds since the epoch.
    At(i64),
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

/// One plain sentence.
pub fn sentence(reason: &Reason) -> Vec<Piece> {
    match reason {
        Reason::WaitsFor { jobs, count } => around("It waits for ", named(jobs, *count), " to end."),
        Reason::DependencyFailed { job } => around(
            "",
            vec![Piece::Job(*job)],
            ", which it comes after, did not complete: retry that job, or cancel this one.",
        ),
        Reason::Expired { expired_at_ms } => around(
            "Its time to start was over at ",
            vec![Piece::At(*expired_at_ms)],
            ": it is cancelled when its turn comes.",
        ),
        Reason::RunTime { run_at_ms } => {
            around("Its time has not come: it runs at ", vec![Piece::At(*run_at_ms)], ".")
        }
        Reason::QueuePaused { queue } => around(
            "Queue ",
            vec![Piece::Queue(queue.clone())],
            " is paused: it goes on when somebody resumes the queue.",
        ),
        Reason::NoFreeSlot { queue, slots, held_by } => no_free_slot(queue, *slots, held_by),
        Reason::Limited { limit, key, free_at_ms } => limited(limit, key.as_deref(), *free_at_ms),
        Reason::Behind { jobs, at_least } => vec![text(behind(*jobs, *at_least))],
        Reason::NoWorker { kind } => {
            vec![text(format!("This server knows no jobs of kind {kind}: it waits for one that does."))]
        }
        Reason::Stopping {} => vec![text("The server is stopping: it takes up no new work.")],
        Reason::StoreFailing {} => {
            vec![text("The server cannot write to its disk at the moment; it keeps trying.")]
        }
    }
}

fn around(before: &str, mut middle: Vec<Piece>, after: &str) -> Vec<Piece> {
    if !before.is_empty() {
        middle.insert(0, text(before));
    }
    middle.push(text(after));
    middle
}

/// `#3, #4 and 5 more`, of `count` in all.
fn named(jobs: &[JobId], count: u64) -> Vec<Piece> {
    let unnamed = count.saturating_sub(jobs.len() as u64);
    let mut pieces = Vec::new();
    for (at, &job) in jobs.iter().enumerate() {
        let is_last = at + 1 == jobs.len() && unnamed == 0;
        match at {
            0 => {}
            _ if is_last => pieces.push(text(" and ")),
            _ => pieces.push(text(", ")),
        }
        pieces.push(Piece::Job(job));
    }
    match (jobs.is_empty(), unnamed) {
        (_, 0) => {}
        (true, _) => pieces.push(text(format::jobs(unnamed))),
        (false, _) => pieces.push(text(format!(" and {} more", format::count(unnamed)))),
    }
    pieces
}

fn no_free_slot(queue: &str, slots: u32, held_by: &[JobId]) -> Vec<Piece> {
    let places = if slots == 1 {
        "The one place of queue ".to_owned()
    } else {
        format!("All {} places of queue ", format::count(u64::from(slots)))
    };
    let mut pieces = vec![text(places), Piece::Queue(queue.to_owned())];
    pieces.push(text(if slots == 1 { " is taken" } else { " are taken" }));
    if !held_by.is_empty() {
        pieces.push(text(", by "));
        pieces.extend(named(held_by, u64::from(slots).max(held_by.len() as u64)));
    }
    pieces.push(text("."));
    pieces
}

fn limited(limit: &str, key: Option<&str>, free_at_ms: Option<i64>) -> Vec<Piece> {
    let of_key = key.map(|key| format!(" for “{key}”")).unwrap_or_default();
    let held = format!("Limit {limit} holds it back{of_key}: ");
    match free_at_ms {
        Some(at) => around(&format!("{held}the next may start at "), vec![Piece::At(at)], "."),
        None => vec![text(format!("{held}it may start when another job has ended."))],
    }
}

fn behind(jobs: u64, at_least: bool) -> String {
    let at_least = if at_least { "At least " } else { "" };
    let come = if jobs == 1 { "comes" } else { "come" };
    format!("{at_least}{} of its queue {come} first.", format::jobs(jobs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reason: Reason) -> String {
        let words = |piece: Piece| match piece {
            Piece::Text(text) => text,
            Piece::Job(id) => format!("#{id}"),
            Piece::Queue(name) => name,
            Piece::At(ms) => format!("<{ms}>"),
        };
        sentence(&reason).into_iter().map(words).collect()
    }

    fn waits_for(ids: &[u64], count: u64) -> String {
        read(Reason::WaitsFor { jobs: ids.iter().copied().map(JobId).collect(), count })
    }

    #[test]
    fn jobs_that_it_waits_for_are_named_and_the_others_counted() {
        assert_eq!(waits_for(&[3], 1), "It waits for #3 to end.");
        assert_eq!(waits_for(&[3, 4], 2), "It waits for #3 and #4 to end.");
        assert_eq!(waits_for(&[3, 4, 5], 1_005), "It waits for #3, #4, #5 and 1,002 more to end.");
        assert_eq!(waits_for(&[], 2), "It waits for 2 jobs to end.");
    }

    #[test]
    fn taken_places_say_by_whom() {
        let taken = |slots, ids: &[u64]| {
            let held_by = ids.iter().copied().map(JobId).collect();
            read(Reason::NoFreeSlot { queue: "web".into(), slots, held_by })
        };
        assert_eq!(taken(1, &[7]), "The one place of queue web is taken, by #7.");
        assert_eq!(taken(3, &[7, 8]), "All 3 places of queue web are taken, by #7, #8 and 1 more.");
        assert_eq!(taken(3, &[]), "All 3 places of queue web are taken.");
    }

    #[test]
    fn limits_say_when_or_what_must_happen_first() {
        let limited = |key: Option<&str>, free_at_ms| {
            read(Reason::Limited { limit: "api".into(), key: key.map(str::to_owned), free_at_ms })
        };
        assert_eq!(limited(None, Some(5)), "Limit api holds it back: the next may start at <5>.");
        assert_eq!(
            limited(Some("eu"), None),
            "Limit api holds it back for “eu”: it may start when another job has ended."
        );
    }

    #[test]
    fn every_reason_is_a_sentence() {
        for reason in [
            Reason::DependencyFailed { job: JobId(3) },
            Reason::RunTime { run_at_ms: 1 },
            Reason::QueuePaused { queue: "web".into() },
            Reason::Behind { jobs: 1, at_least: false },
            Reason::Behind { jobs: 500, at_least: true },
            Reason::NoWorker { kind: "fax".into() },
            Reason::Stopping {},
            Reason::StoreFailing {},
            Reason::Expired { expired_at_ms: 0 },
        ] {
            let read = read(reason);
            assert!(read.ends_with('.') && !read.contains("  "), "{read}");
        }
        assert_eq!(behind(1, false), "1 job of its queue comes first.");
        assert_eq!(behind(500, true), "At least 500 jobs of its queue come first.");
    }
}
