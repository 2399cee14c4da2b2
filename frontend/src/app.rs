//! The frame around every page: header, routes, overlays.

use leptos::mount::mount_to_body;
use leptos::prelude::*;
use leptos_router::components::{A, FlatRoutes, Route, Router};
use leptos_router::path;

use crate::board::Board;
use crate::components::connection_state::ConnectionState;
use crate::components::drop_zone::DropZone;
use crate::components::help::Help;
use crate::components::icons;
use crate::components::list_page::focus_main;
use crate::components::operations::OperationStrip;
use crate::components::palette::Palette;
use crate::components::queue_settings::QueueSettings;
use crate::components::theme::{self, ThemeSwitch};
use crate::connection::mounted::mount_path;
use crate::pages::batch::BatchPage;
use crate::pages::board::BoardPage;
use crate::pages::job::JobPage;
use crate::pages::limits::LimitsPage;
use crate::pages::schedules::SchedulesPage;
use crate::pages::services::ServicesPage;
use crate::pages::source::SourcePage;

/// Puts the board into the document.
pub fn start() {
    console_error_panic_hook::set_once();
    theme::apply_saved();
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let board = Board::start();
    provide_context(board);
    view! {
        <Router base=mount_path()>
            <a class="skip-link" href="#main" on:click=skip_to_main>"Skip to content"</a>
            <Header board/>
            <main id="main" tabindex="-1">
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=BoardPage/>
                    <Route path=path!("/jobs/:id") view=JobPage/>
                    <Route path=path!("/batches/:id") view=BatchPage/>
                    <Route path=path!("/schedules") view=SchedulesPage/>
                    <Route path=path!("/limits") view=LimitsPage/>
                    <Route path=path!("/services") view=ServicesPage/>
                    <Route path=path!("/source") view=SourcePage/>
                </FlatRoutes>
            </main>
            <OperationStrip board/>
            <QueueSettings board/>
            <DropZone board/>
            <Help board/>
            <Palette board/>
            <p class="visually-hidden" role="status" aria-live="polite">{move || board.announcement.get()}</p>
        </Router>
    }
}

/// The document has a base, so the browser would take the link for one to the board's first page.
fn skip_to_main(click: leptos::ev::MouseEvent) {
    click.prevent_default();
    focus_main();
}

#[component]
fn Header(board: Board) -> impl IntoView {
    use crate::board::Overlay;
    view! {
        <header class="top">
            <A href="/" attr:class="brand" attr:aria-label="Taskyard, the board">
                {icons::logo()}
                <span>"Taskyard"</span>
            </A>
            <nav aria-label="Pages" class="pages">
                <A href="/" exact=true>"Board"</A>
                <A href="/schedules">"Schedules"</A>
                <A href="/limits">"Limits"</A>
                <A href="/services">"Services"</A>
                <A href="/source">"Source"</A>
            </nav>
            <ConnectionState board/>
            <div class="top-actions">
                <button
                    class="quiet palette-button"
                    aria-label="Command palette"
                    title="Command palette (Ctrl K)"
                    on:click=move |_| board.overlay.set(Overlay::Palette)
                >
                    <kbd>"Ctrl K"</kbd>
                </button>
                <ThemeSwitch/>
                <button
                    class="quiet icon"
                    aria-label="Help"
                    title="Help and shortcuts (?)"
                    on:click=move |_| board.overlay.set(Overlay::Help)
                >
                    "?"
                </button>
            </div>
        </header>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <section class="plain-page">
            <h1>"There is no such page"</h1>
            <p><A href="/">"Go to the board"</A></p>
        </section>
    }
}
