//! `taskyard explain`.

use taskyard::shared::explain::{Explanation, Reason};
use taskyard::shared::job::{JobId, JobState};

use crate::cli::args::JobArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{moment, now_ms, one_or_more, plain, thousands, until};
use crate::cli::output::{self, Form};

pub async fn run(args: JobArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args.client)?.get(&["jobs", &args.id.to_string(), "explain"], &[]).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let explanation: Explanation = answer.read()?;
    lines(&explanation, now_ms()).iter().try_for_each(|line| output::line(line))?;
    Ok(Exit::Done)
}

fn lines(explanation: &Explanation, now_ms: i64) -> Vec<String> {
    let Explanation { job, state, .. } = explanation;
    let mut lines = vec![match (state, explanation.reasons.is_empty()) {
        (JobState::Processing, _) => format!("job {job} is processing"),
        (state, _) if state.is_finished() => format!("job {job} has ended: it is {state}"),
        (state, true) => format!("job {job} is {state}; nothing stands in its way, it is about to start"),
        (state, false) => format!("job {job} is {state}:"),
    }];
    lines.extend(explanation.reasons.iter().map(|reason| format!("  {}", sentence(reason, now_ms))));
    let estimate = explanation.estimated_start_ms;
    lines.extend(estimate.map(|at| format!("it may be expected to start {}", when(at, now_ms))));
    lines
}

fn sentence(reason: &Reason, now_ms: i64) -> String {
    match reason {
        Reason::WaitsFor { jobs, count } => format!("it waits for {}", named(jobs, *count)),
        Reason::DependencyFailed { job } => {
            format!("job {job}, which it waits for, did not complete: retry that one, or cancel this one")
        }
        Reason::RunTime { run_at_ms } => format!("its run time comes {}", when(*run_at_ms, now_ms)),
        Reason::QueuePaused { queue } => {
            format!("queue {queue} is paused: `taskyard resume {queue}` lets it go on")
        }
        Reason::NoFreeSlot { queue, slots, held_by } => {
            let slots = match slots {
                1 => format!("the only slot of queue {queue} is taken"),
                slots => format!("all {} slots of queue {queue} are taken", thousands(u64::from(*slots))),
            };
            let more = if held_by.len() >= 10 { " and maybe others" } else { "" };
            match held_by.is_empty() {
                true => slots,
                false => format!("{slots}, by {}{more}", named(held_by, held_by.len() as u64)),
            }
        }
        Reason::Limited { limit, key, free_at_ms } => {
            let key = key.as_ref().map(|key| format!(" for {}", plain(key))).unwrap_or_default();
            let free = free_at_ms.map(|at| format!("; the next start is allowed {}", when(at, now_ms)));
            format!("limit {limit} holds it back{key}{}", free.unwrap_or_default())
        }
        Reason::Behind { jobs, at_least } => {
            let at_least = if *at_least { "at least " } else { "" };
            let come = if *jobs == 1 { "comes" } else { "come" };
            format!("{at_least}{} of its queue {come} first", one_or_more(*jobs, "job"))
        }
        Reason::Expired { expired_at_ms } => {
            format!(
                "its time to start was over at {}: it is cancelled when its turn comes",
                moment(*expired_at_ms)
            )
        }
        Reason::NoWorker { kind } => format!("this server has no worker for jobs of kind {kind}"),
        Reason::Stopping {} => "the server is stopping and starts nothing new".to_owned(),
        Reason::StoreFailing {} => "the disk refused a write; the server tries again".to_owned(),
    }
}

/// `job 3`, `jobs 3 and 4`, `jobs 3, 4 and 17 others`.
fn named(jobs: &[JobId], count: u64) -> String {
    let mut names: Vec<String> = jobs.iter().map(JobId::to_string).collect();
    let others = count.saturating_sub(jobs.len() as u64);
    match others {
        0 => {}
        1 => names.push("another".to_owned()),
        others => names.push(format!("{} others", thousands(others))),
    }
    match names.split_last() {
        None => one_or_more(count, "job"),
        Some((only, [])) => format!("job {only}"),
        Some((last, rest)) => format!("jobs {} and {last}", rest.join(", ")),
    }
}

fn when(at_ms: i64, now_ms: i64) -> String {
    match until(at_ms, now_ms).as_str() {
        "now" => "now".to_owned(),
        soon => format!("{soon}, at {}", moment(at_ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(reason: Reason) -> String {
        sentence(&reason, 0)
    }

    #[test]
    fn each_reason_is_a_sentence() {
        let (queue, ids) =
            ("demo".to_owned(), |ids: &[u64]| ids.iter().map(|id| JobId(*id)).collect::<Vec<_>>());
        let slots =
            |slots, held: &[u64]| Reason::NoFreeSlot { queue: queue.clone(), slots, held_by: ids(held) };
        let cases = [
            (Reason::WaitsFor { jobs: ids(&[3]), count: 1 }, "it waits for job 3"),
            (Reason::WaitsFor { jobs: ids(&[3, 4]), count: 2 }, "it waits for jobs 3 and 4"),
            (Reason::WaitsFor { jobs: ids(&[3, 4]), count: 21 }, "it waits for jobs 3, 4 and 19 others"),
            (Reason::DependencyFailed { job: JobId(3) }, "job 3, which it waits for, did not complete"),
            (Reason::RunTime { run_at_ms: 60_000 }, "its run time comes in 1 min 0 s, at 1970"),
            (Reason::QueuePaused { queue: queue.clone() }, "queue demo is paused: `taskyard resume demo`"),
            (slots(1, &[7]), "the only slot of queue demo is taken, by job 7"),
            (slots(2, &[7, 8]), "all 2 slots of queue demo are taken, by jobs 7 and 8"),
            (Reason::Behind { jobs: 1, at_least: false }, "1 job of its queue comes first"),
            (Reason::Behind { jobs: 1_000, at_least: true }, "at least 1,000 jobs of its queue come first"),
            (Reason::NoWorker { kind: "mail".to_owned() }, "no worker for jobs of kind mail"),
            (Reason::Stopping {}, "the server is stopping"),
            (Reason::Expired { expired_at_ms: 0 }, "its time to start was over at 1970"),
            (Reason::StoreFailing {}, "the disk refused a write"),
        ];
        for (reason, says) in cases {
            let sentence = say(reason.clone());
            assert!(sentence.contains(says), "{reason:?}: {sentence}");
        }
        let limited = |key: Option<&str>, free_at_ms| {
            say(Reason::Limited { limit: "mail".to_owned(), key: key.map(str::to_owned), free_at_ms })
        };
        assert_eq!(limited(None, None), "limit mail holds it back");
        assert!(
            limited(Some("\"acme\""), Some(5_000))
                .contains("for \"acme\"; the next start is allowed in 5.0 s")
        );
    }

    #[test]
    fn what_holds_nothing_up_is_said_too() {
        let explain = |state, reasons| {
            let explanation = Explanation { job: JobId(1), state, reasons, estimated_start_ms: Some(0) };
            lines(&explanation, 0)
        };
        assert_eq!(explain(JobState::Completed, vec![])[0], "job 1 has ended: it is completed");
        assert!(explain(JobState::Pending, vec![])[0].contains("it is about to start"));
        let held = explain(JobState::Pending, vec![Reason::Stopping {}]);
        assert_eq!((held.len(), held[2].as_str()), (3, "it may be expected to start now"));
    }
}
