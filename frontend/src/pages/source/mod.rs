//! The source that this server was built from.
use leptos::prelude::*;
#[component]
pub fn SourcePage() -> impl IntoView {}
