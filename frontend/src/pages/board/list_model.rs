//! The list's live window: which part of the list is watched, what of it is shown, and when it must keep
//! still. Decisions are [`Display`]'s and [`Geometry`]'s; here they meet the connection and the scroll.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use taskyard_shared::error::WireError;
use taskyard_shared::job::JobId;
use taskyard_shared::view::{
    JobFilter, JobsQuery, SortOrder, ViewDelta, ViewQuery, ViewSnapshot, WindowStart,
};

use super::page::Address;
use crate::board::Board;
use crate::connection::exchange::ViewUpdate;
use crate::connection::watch;
use crate::format;
use crate::reactive::{effect, memo};
use crate::state::address::ListAddress;
use crate::state::display::{Display, Hold, WINDOW_ROWS};
use crate::state::jobs_view::JobsView;
use crate::state::scroll::Geometry;

/// While scrolling, at most one new window is asked for in this time.
const ASK_EVERY: Duration = Duration::from_millis(60);

/// A handle; copies are the same list.
#[derive(Clone, Copy)]
pub struct ListModel {
    pub board: Board,
    pub address: Address,
    view: RwSignal<JobsView>,
    pub display: RwSignal<Display>,
    /// The window that is watched, and the list that it is a window of.
    window: RwSignal<(JobFilter, SortOrder, WindowStart)>,
    /// The next snapshot belongs to another list, or the list was asked for afresh.
    fresh: StoredValue<bool>,
    pub refused: RwSignal<Option<WireError>>,
    pub scroll_px: RwSignal<f64>,
    pub viewport_px: RwSignal<f64>,
    pub row_px: RwSignal<f64>,
    pub pointing: RwSignal<bool>,
    pub focused: RwSignal<bool>,
    pub selected: RwSignal<Vec<JobId>>,
    pub viewport: NodeRef<html::Div>,
}

impl ListModel {
    pub fn start(board: Board, address: Address) -> Self {
        let model = ListModel {
            board,
            address,
            view: RwSignal::default(),
            display: RwSignal::default(),
            window: RwSignal::default(),
            fresh: StoredValue::new(true),
            refused: RwSignal::default(),
            scroll_px: RwSignal::default(),
            viewport_px: RwSignal::new(600.0),
            row_px: RwSignal::new(46.0),
            pointing: RwSignal::default(),
            focused: RwSignal::default(),
            selected: RwSignal::default(),
            viewport: NodeRef::new(),
        };
        model.watch_window();
        model.follow_scroll();
        model.let_go_when_free();
        model.find_again();
        model
    }

    /// Going to a job and back leads to the same place in the list.
    fn find_again(self) {
        let left_at = self.board.left_at;
        let place =
            move || self.address.read.try_get_untracked().map(|address| ListAddress { row: None, ..address });
        let known = memo(move || self.display.with(|display| display.known));
        effect(move || {
            if !known.get() {
                return;
            }
            let kept = left_at.try_update_value(Option::take).flatten();
            if let Some((_, px)) = kept.filter(|(address, _)| Some(address) == place().as_ref()) {
                request_animation_frame(move || self.scroll_to(px));
            }
        });
        on_cleanup(move || {
            let px = self.scroll_px.try_get_untracked().filter(|px| *px > 0.0);
            left_at.try_set_value(place().zip(px));
        });
    }

    pub fn geometry(self) -> Geometry {
        Geometry {
            rows: self.display.with(|display| display.rows),
            row_px: self.row_px.get(),
            viewport_px: self.viewport_px.get(),
        }
    }

    /// The CSS transform that puts the row of this index in its place.
    pub fn moved_to(self, index: u64) -> String {
        format!("translateY({}px)", format::decimal(self.geometry().top_px(index, self.scroll_px.get())))
    }

    fn hold(self) -> Hold {
        let held = self.scroll_px.get() > 0.0 || self.pointing.get() || self.focused.get();
        if held { Hold::Still } else { Hold::Free }
    }

    fn watch_window(self) {
        let query = memo(move || {
            let (filter, sort) = self.address.read.with(|address| (address.filter.clone(), address.sort));
            let start = self.window.with(|(of_filter, of_sort, start)| {
                if *of_filter == filter && *of_sort == sort { *start } else { WindowStart::Top }
            });
            Some(ViewQuery::Jobs { query: JobsQuery { filter, sort, start, limit: WINDOW_ROWS } })
        });
        let list = memo(move || self.address.read.with(|address| (address.filter.clone(), address.sort)));
        effect(move || {
            let (filter, sort) = list.get();
            self.window.set((filter, sort, WindowStart::Top));
            self.fresh.set_value(true);
            self.refused.set(None);
            self.display.set(Display::default());
            self.scroll_to(0.0);
        });
        watch(self.board.connection, query, move |update| self.take(update));
    }

    fn take(self, update: ViewUpdate) {
        let hold = untrack(|| self.hold());
        match update {
            ViewUpdate::Snapshot(ViewSnapshot::Jobs { window }) => {
                let sort = self.window.with_untracked(|(_, sort, _)| *sort);
                let view = JobsView::new(window, sort);
                let hold = if self.fresh.get_value() { Hold::Free } else { hold };
                self.fresh.set_value(false);
                self.display.update(|display| display.replace(&view, hold));
                self.view.set(view);
            }
            ViewUpdate::Delta(ViewDelta::Jobs { changes }) => {
                self.view.update(|view| view.apply(changes));
                self.view.with_untracked(|view| self.display.update(|display| display.update(view, hold)));
            }
            ViewUpdate::Refused(error) => self.refused.set(Some(error)),
            ViewUpdate::Snapshot(_) | ViewUpdate::Delta(_) => {}
        }
    }

    /// Asks for the next window before the rows of this one run out.
    fn follow_scroll(self) {
        let wanted = memo(move || {
            let geometry = self.geometry();
            let first = geometry.first(self.scroll_px.get());
            let start = self.window.with(|(_, _, start)| *start);
            self.display.with(|display| display.wanted(first, geometry.visible(), start))
        });
        let asking = StoredValue::new(false);
        effect(move || {
            if wanted.get().is_none() || asking.get_value() {
                return;
            }
            asking.set_value(true);
            set_timeout(
                move || {
                    if asking.try_set_value(false).is_some() {
                        return;
                    }
                    if let Some(Some(start)) = wanted.try_get_untracked() {
                        self.window.update(|window| window.2 = start);
                    }
                },
                ASK_EVERY,
            );
        });
    }

    /// Nobody looks at a row any more, and the list is at its top: it follows what happens again.
    fn let_go_when_free(self) {
        effect(move || {
            let at_top = self.window.with_untracked(|(_, _, start)| *start == WindowStart::Top);
            let known = self.display.with_untracked(|display| display.known);
            if self.hold() == Hold::Free && at_top && known {
                self.view.with_untracked(|view| self.display.update(|display| display.release(view)));
            }
        });
        Effect::new(move |before: Option<u32>| {
            let times = self.board.refreshed.get();
            if before.is_some_and(|before| before != times) {
                self.show_top();
            }
            times
        });
    }

    /// The list was scrolled by hand.
    pub fn scrolled(self, px: f64) {
        self.scroll_px.set(px);
        // A focused row that is not drawn any more takes the focus with it, without saying so.
        let focus = document().active_element();
        if self.focused.get_untracked() && focus.is_none_or(|element| element.tag_name() == "BODY") {
            self.focused.set(false);
        }
    }

    /// Shows what is newest now.
    pub fn show_top(self) {
        self.focused.set(false);
        self.scroll_to(0.0);
        if self.window.with_untracked(|(_, _, start)| *start == WindowStart::Top) {
            self.view.with_untracked(|view| self.display.update(|display| display.release(view)));
        } else {
            self.fresh.set_value(true);
            self.window.update(|window| window.2 = WindowStart::Top);
        }
    }

    fn scroll_to(self, px: f64) {
        if let Some(viewport) = self.viewport.try_get_untracked().flatten() {
            viewport.set_scroll_top(px as i32);
            self.scroll_px.set(px);
        }
    }

    /// Jobs that the filter lets pass, where the server knows their number.
    pub fn total(self) -> Option<u64> {
        self.view.with(|view| view.total)
    }

    /// The marked row, if the address names one.
    pub fn current(self) -> Option<JobId> {
        self.address.read.with(|address| address.row).map(JobId)
    }

    /// Marks the next row (1) or the previous one (-1), and brings it into sight.
    pub fn step(self, by: i64) {
        let scroll_px = self.scroll_px.get_untracked();
        let geometry = untrack(|| self.geometry());
        let current = untrack(|| self.current());
        let next = self.display.with_untracked(|display| {
            let mut index = match current.and_then(|id| display.find(id)) {
                Some((index, _)) => index as i64 + by,
                None => geometry.first(scroll_px) as i64,
            };
            loop {
                let slot = display.at(u64::try_from(index).ok()?)?;
                if !slot.gone {
                    return Some((index as u64, slot.job.id));
                }
                index += if by < 0 { -1 } else { 1 };
            }
        });
        let Some((index, id)) = next else { return };
        self.address.change(super::page::Replace::Yes, |address| address.row = Some(id.0));
        if let Some(px) = geometry.reveal(index, scroll_px) {
            self.scroll_to(px);
        }
        // The row may have to be drawn first.
        request_animation_frame(move || focus_row(id));
    }

    pub fn toggle_selected(self, id: JobId) {
        self.selected.update(|selected| match selected.iter().position(|known| *known == id) {
            Some(at) => drop(selected.remove(at)),
            None => selected.push(id),
        });
    }
}

fn focus_row(id: JobId) {
    use wasm_bindgen::JsCast;
    let row = document().query_selector(&format!(".row[data-job-id=\"{id}\"]")).ok().flatten();
    if let Some(row) = row.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = row.focus();
    }
}
