//! Instants in the viewer's time zone, the exact one on hover; durations that tick.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::board::Board;
use crate::format::{self, Stamp};
use crate::reactive::memo;

pub fn stamp(epoch_ms: i64) -> Stamp {
    // JavaScript counts minutes west of UTC, for the instant given (summer time included).
    let west = js_sys::Date::new(&JsValue::from_f64(epoch_ms as f64)).get_timezone_offset();
    Stamp::new(epoch_ms, -(west as i32))
}

/// Local time as a `datetime-local` control has it (`2027-01-31T09:00`), in UTC as RFC 3339.
pub fn to_utc(local: &str) -> Option<String> {
    let date = js_sys::Date::new(&JsValue::from_str(local));
    (!date.get_time().is_nan()).then(|| String::from(date.to_iso_string()))
}

/// `14:03:05`, or with the day when that is not today.
pub fn clock(epoch_ms: i64, now_ms: i64) -> String {
    stamp(epoch_ms).relative_to(&stamp(now_ms))
}

pub fn exact(epoch_ms: i64) -> String {
    stamp(epoch_ms).exact()
}

#[component]
pub fn Instant(epoch_ms: i64, #[prop(into)] now: Signal<i64>) -> impl IntoView {
    let exact = exact(epoch_ms);
    // Written anew only when the day changes, or the age in words does.
    let age = memo(move || format::ago(now.get() - epoch_ms));
    view! {
        <time title=exact>
            {move || clock(epoch_ms, now.get_untracked())} <span class="faint">" · " {age}</span>
        </time>
    }
}

/// An instant to come: when, and how long until then.
pub fn upcoming(board: Board, epoch_ms: i64) -> impl IntoView {
    let until = memo(move || format::until(epoch_ms - board.clock.get()));
    view! {
        <time title=exact(epoch_ms)>{clock(epoch_ms, board.clock.get_untracked())} ", " {until}</time>
    }
}

/// How long an attempt took, or takes so far.
pub fn span(started_ms: i64, ended_ms: Option<i64>, now_ms: i64) -> String {
    match ended_ms {
        Some(ended) => format::duration(ended - started_ms),
        // Whole seconds while it runs: tenths would only ever show when it was drawn.
        None => format::duration((now_ms - started_ms).max(0) / 1000 * 1000)
            .replace(".0 s", " s")
            .replace("0 ms", "0 s"),
    }
}
