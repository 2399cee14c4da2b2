//! Small pictures, inline. All decorative: the words beside them, or the label around them, say it.

use leptos::prelude::*;
use taskyard_shared::job::JobState;

/// Each state has a shape of its own, so that it can be told apart without its colour.
fn state_path(state: JobState) -> &'static str {
    match state {
        // A ring: ready, not yet filled.
        JobState::Pending => "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11",
        // A clock.
        JobState::Scheduled => "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.2l2.2 1.4",
        // A link between two: on others.
        JobState::Waiting => {
            "M6.5 9.5l3-3M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7.2"
        }
        // A triangle: playing.
        JobState::Processing => "M5 3l8 5l-8 5z",
        JobState::Completed => "M3 8.5l3.5 3.5l6.5-7.5",
        JobState::Failed => "M8 2l6.5 11.5h-13zM8 6.5v3.2M8 11.6v.2",
        JobState::Cancelled => "M4 4l8 8M12 4l-8 8",
    }
}

pub fn state(state: JobState) -> impl IntoView {
    icon(state_path(state))
}

pub fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"
                stroke-linejoin="round"/>
        </svg>
    }
}

pub const CLOSE: &str = "M4 4l8 8M12 4l-8 8";
pub const UP: &str = "M8 13V3.5M4 7.5l4-4l4 4";
pub const DOWN: &str = "M8 3v9.5M4 8.5l4 4l4-4";
pub const DELETE: &str = "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.7 8.5h5.6l.7-8.5";
pub const RETRY: &str = "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3";
pub const PAUSE: &str = "M5.5 3.5v9M10.5 3.5v9";
pub const PLAY: &str = "M5 3l8 5l-8 5z";
pub const PLUS: &str = "M8 3v10M3 8h10";
pub const SLIDERS: &str = "M2 5h6M12 5h2M10 3v4M2 11h2M8 11h6M6 9v4";
pub const SEARCH: &str = "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.4 10.4l3.4 3.4";

pub fn logo() -> impl IntoView {
    view! {
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
            <rect x="1.5" y="2" width="17" height="4" rx="1.2" fill="currentColor"/>
            <rect x="1.5" y="8" width="11" height="4" rx="1.2" fill="currentColor" opacity=".65"/>
            <rect x="1.5" y="14" width="6" height="4" rx="1.2" fill="currentColor" opacity=".35"/>
        </svg>
    }
}
