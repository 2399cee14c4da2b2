//! The progress of a running attempt.

use leptos::prelude::*;

use crate::format;

/// `thousandths` is 0 to 1000.
#[component]
pub fn ProgressBar(#[prop(into)] thousandths: Signal<u16>, label: String) -> impl IntoView {
    let percent = move || thousandths.get() / 10;
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || percent().to_string()
        >
            <div
                class="progress-bar"
                style:transform=move || format!("scaleX({})", format::decimal(f64::from(thousandths.get()) / 1000.0))
            ></div>
        </div>
    }
}
