//! Enums that are one word in JSON.

use serde_json::Value;
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::{AttemptOutcome, DependencyState, JobState};
use taskyard_shared::log::LogLevel;
use taskyard_shared::new_job::{BackoffCurve, OnConflict, OnFailure};
use taskyard_shared::operation::OperationState;
use taskyard_shared::schedule::{Missed, Overlap};
use taskyard_shared::service::PoolKind;

use super::json::Read;

macro_rules! read_words {
    ($($name:ident { $($word:literal => $variant:ident),* $(,)? })*) => {
        $(
            impl Read for $name {
                fn read(value: &Value) -> Option<Self> {
                    one_of(value, &[$(($word, $name::$variant)),*])
                }
            }

            // Does not compile when one is forgotten.
            const _: fn($name) = |word| match word { $($name::$variant => {}),* };
        )*

        #[test]
        fn every_word_is_read_as_the_protocol_spells_it() {
            $($(
                let word = Value::from($word);
                assert_eq!($name::read(&word), serde_json::from_value(word).ok(), "{}", $word);
                assert_eq!($name::read(&Value::from($word)), Some($name::$variant));
            )*)*
        }
    };
}

fn one_of<T: Copy>(value: &Value, words: &[(&str, T)]) -> Option<T> {
    let given = value.as_str()?;
    words.iter().find(|(word, _)| *word == given).map(|(_, meant)| *meant)
}

read_words! {
    JobState {
        "pending" => Pending,
        "processing" => Processing,
        "completed" => Completed,
        "failed" => Failed,
        "cancelled" => Cancelled,
        "scheduled" => Scheduled,
        "waiting" => Waiting,
    }
    AttemptOutcome {
        "completed" => Completed,
        "failed" => Failed,
        "cancelled" => Cancelled,
        "lost" => Lost,
        "snoozed" => Snoozed,
    }
    DependencyState { "open" => Open, "blocked" => Blocked, "met" => Met }
    PoolKind { "smtp" => Smtp, "postgres" => Postgres, "sqlite" => Sqlite }
    OnFailure { "stop" => Stop, "continue" => Continue, "cancel" => Cancel }
    OnConflict { "reject" => Reject, "existing" => Existing, "replace" => Replace }
    BackoffCurve { "exponential" => Exponential, "fixed" => Fixed }
    LogLevel { "debug" => Debug, "info" => Info, "warn" => Warn, "error" => Error }
    OperationState { "waiting" => Waiting, "running" => Running, "done" => Done, "undone" => Undone }
    Overlap { "allow" => Allow, "skip" => Skip, "replace" => Replace }
    Missed { "run_once" => RunOnce, "skip" => Skip, "run_all" => RunAll }
    ErrorCode {
        "bad_request" => BadRequest,
        "unknown_command" => UnknownCommand,
        "unsupported_version" => UnsupportedVersion,
        "unknown_kind" => UnknownKind,
        "invalid_arguments" => InvalidArguments,
        "invalid_query" => InvalidQuery,
        "too_large" => TooLarge,
        "not_found" => NotFound,
        "already_finished" => AlreadyFinished,
        "wrong_state" => WrongState,
        "conflict" => Conflict,
        "rate_limited" => RateLimited,
        "overloaded" => Overloaded,
        "unavailable" => Unavailable,
        "store_failed" => StoreFailed,
        "forbidden_origin" => ForbiddenOrigin,
        "internal" => Internal,
    }
}
