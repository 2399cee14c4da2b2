//! Everything about one job.
use leptos::prelude::*;
#[component]
pub fn JobPage() -> impl IntoView {}
