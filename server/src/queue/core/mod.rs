//! The rules of the queue as a state machine without a clock, a disk or an actor:
//! `apply(input, now) -> decisions`.
//!
//! The store keeps the jobs; the core keeps what is needed to decide: each queue's settings and exact
//! counts, which attempts are at work, what waits for a time, and what was asked of the store and not answered yet.
//! Its memory grows with the jobs at work and the requests under way, never with the jobs stored.
//!
//! A slot is taken from the moment a claim asks for it until the executor says that the work has ended,
//! whatever happened to the job in between.
//!
//! | file | what is in it |
//! |---|---|
//! | `decision` | what the core is told and what it answers |
//! | `state` | the core itself, and the step that every input takes |
//! | `inputs`, `commits`, `refusals` | from callers and the executor; from the store: done; from the store: refused |
//! | `queues`, `slots` | when a queue may claim; who holds a slot |
//! | `failures`, `backoff` | what becomes of a failed attempt |
//! | `times` | what is due at a time, and when to be woken |
//! | `promotion`, `operations`, `schedules`, `retention`, `limits` | one kind of work each that goes on step by step |
//! | `missed_runs` | which runs of a schedule are made when its time is long gone |
//! | `outside` | jobs that others added to the same file |
//! | `idle` | for tests: when nothing can go on before time passes |
//! | `explain` | why a job waits |
//! | `rebuild` | a core from what is stored and what is at work |

mod backoff;
mod commits;
mod decision;
mod explain;
mod failures;
mod idle;
mod inputs;
mod limits;
mod missed_runs;
mod operations;
mod outside;
mod pending;
mod promotion;
mod queues;
mod rebuild;
mod refusals;
mod retention;
mod schedules;
#[cfg(test)]
mod simulation;
mod slots;
mod state;
mod times;

pub use decision::{
    AddAnswer, AddedBy, AddedJob, Answer, AttemptId, Decision, EndedAttempt, Input, RequestId,
};
pub use rebuild::KnownAttempt;
pub use schedules::NewSchedule;
pub use state::{Core, CoreConfig, MAX_REQUESTS, MAX_UNWRITTEN_BYTES, MAX_UNWRITTEN_JOBS, Mode};
