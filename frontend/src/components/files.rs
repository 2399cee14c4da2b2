//! The control of a field that takes files: chosen, dropped on its form, or made by other jobs. They are uploaded one
//! after the other; what is there can be put into another order and taken out again.

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::error::FieldError;
use wasm_bindgen::JsCast;
use web_sys::{Element, FileList, HtmlInputElement};

use super::fields::FormState;
use super::icons;
use super::upload::upload;
use crate::format;
use crate::reactive::effect;
use crate::state::form::files::{self, Entry, Is};
use crate::state::form::{Field, Shape};

/// By this its part of the page is found when something is dropped.
const PICKER: &str = ".picker";

/// A handle; copies are the same control.
#[derive(Clone, Copy)]
struct FileField {
    state: FormState,
    entries: RwSignal<Vec<Entry>>,
    fixed: StoredValue<Fixed>,
}

struct Fixed {
    id: String,
    pointer: String,
    shape: Shape,
    /// Most files in the list.
    most: usize,
}

/// `max` is the most files that it takes.
pub fn file_control(field: &Field, shape: Shape, max: u64, id: &str, state: FormState) -> AnyView {
    let (id, pointer) = (id.to_owned(), field.pointer.clone());
    let takes_artifacts = !matches!(shape, Shape::Upload { .. });
    let many = shape == Shape::List;
    let described = format!("{id}-error");
    let fixed = Fixed { id: id.clone(), pointer, shape, most: max as usize };
    let files = FileField { state, entries: RwSignal::default(), fixed: StoredValue::new(fixed) };
    effect(move || {
        state.round.track();
        let there = files.fixed.with_value(|fixed| untrack(|| state.value(&fixed.pointer)));
        files.entries.set(files::entries(&there));
    });
    let chosen = move |event: web_sys::Event| {
        let input: HtmlInputElement = event_target(&event);
        let taken = input.files().map(|list| each(&list)).unwrap_or_default();
        // The same files may be chosen again.
        input.set_value("");
        files.take(taken);
    };
    let drop_here = if many { "Drop files here, or" } else { "Drop a file here, or" };
    view! {
        <div class="picker">
            <ol class="files">
                {move || files.entries.get().into_iter().enumerate().map(|(at, entry)| files.row(at, entry)).collect_view()}
            </ol>
            <p>
                <span class="faint">{drop_here}</span>
                <input id=id type="file" multiple=many aria-describedby=described on:change=chosen/>
            </p>
            {takes_artifacts.then(|| files.of_jobs())}
        </div>
    }
    .into_any()
}

impl FileField {
    fn row(self, at: usize, entry: Entry) -> AnyView {
        let Entry { key, name, is } = entry;
        let place = self.fixed.with_value(|fixed| format!("{}/{at}", fixed.pointer));
        let inside = format!("{place}/");
        let wrong = move || {
            let is_here = |error: &FieldError| error.field == place || error.field.starts_with(&inside);
            self.state.errors.with(|errors| errors.iter().any(is_here))
        };
        let about = match is {
            Is::Waiting => view! { <span class="faint">"waits"</span> }.into_any(),
            Is::Sending(percent) => {
                view! { <progress max="100" value=percent.to_string()></progress> }.into_any()
            }
            Is::Failed(sentence) => view! { <span class="note error whole">{sentence}</span> }.into_any(),
            Is::Ready { about, .. } => view! { <span class="faint">{about}</span> }.into_any(),
        };
        let last = self.entries.with_untracked(Vec::len).saturating_sub(1);
        view! {
            <li class:has-error=wrong>
                <span class="file-name" title=name.clone()>{name.clone()}</span>
                <span class="file-about">{about}</span>
                {(last > 0).then(|| view! {
                    {self.button("up", at, icons::UP, format!("Move {name} up"), at == 0, move || self.swap(at, at.wrapping_sub(1), "up"))}
                    {self.button("down", at, icons::DOWN, format!("Move {name} down"), at == last, move || self.swap(at, at + 1, "down"))}
                })}
                {self.button("out", at, icons::CLOSE, format!("Remove {name}"), false, move || self.remove(key))}
            </li>
        }
        .into_any()
    }

    fn button(
        self,
        what: &str,
        at: usize,
        icon: &'static str,
        label: String,
        disabled: bool,
        act: impl Fn() + 'static,
    ) -> AnyView {
        let id = self.button_id(what, at);
        view! {
            <button type="button" class="quiet icon" id=id title=label.clone() aria-label=label disabled=disabled
                on:click=move |_| act()>{icons::icon(icon)}</button>
        }
        .into_any()
    }

    fn button_id(self, what: &str, at: usize) -> String {
        self.fixed.with_value(|fixed| format!("{}-{what}-{at}", fixed.id))
    }

    /// The button that was pressed keeps the focus, wherever its file is now.
    fn swap(self, at: usize, other: usize, what: &'static str) {
        self.entries.update(|entries| {
            if at.max(other) < entries.len() {
                entries.swap(at, other);
            }
        });
        self.tell();
        focus_soon(self.button_id(what, other));
    }

    fn remove(self, key: u32) {
        self.entries.update(|entries| entries.retain(|entry| entry.key != key));
        self.tell();
        focus_soon(self.fixed.with_value(|fixed| fixed.id.clone()));
    }

    /// Files over the most are left out, which is said. Where there can be one only, the last one takes its place.
    fn take(self, taken: Vec<web_sys::File>) {
        let most = self.fixed.with_value(|fixed| fixed.most);
        let mut waiting = Vec::new();
        let mut left_out = 0;
        self.entries.update(|entries| {
            for file in taken {
                if most == 1 {
                    entries.clear();
                    waiting.clear();
                } else if entries.len() >= most {
                    left_out += 1;
                    continue;
                }
                let key = next_key(entries);
                let name = files::free_name(entries, &file.name());
                entries.push(Entry { key, name, is: Is::Waiting });
                waiting.push((key, file));
            }
        });
        self.tell();
        if left_out > 0 {
            self.complain(format!("At most {most} files: {left_out} of these were left out."));
        }
        spawn_local(async move {
            for (key, file) in waiting {
                self.send(key, file).await;
            }
        });
    }

    async fn send(self, key: u32, file: web_sys::File) {
        if !self.put(key, Is::Sending(0)) {
            return;
        }
        let sent = move |fraction: f64| {
            self.put(key, Is::Sending((fraction * 100.0) as u8));
        };
        match upload(file, sent).await {
            Ok(stored) => {
                let ready =
                    |name: String| Entry::of_upload(key, name, &stored.sha256, format::bytes(stored.bytes));
                if self.change(key, |entry| *entry = ready(std::mem::take(&mut entry.name))) {
                    self.give_name(key);
                }
            }
            Err(sentence) => {
                self.put(key, Is::Failed(sentence));
            }
        }
        if self.entries.try_with_untracked(|_| ()).is_some() {
            self.tell();
        }
    }

    fn put(self, key: u32, is: Is) -> bool {
        self.change(key, |entry| entry.is = is)
    }

    /// Whether the entry is still there: it may have been removed meanwhile, and the form closed.
    fn change(self, key: u32, change: impl FnOnce(&mut Entry)) -> bool {
        let is_there = |entries: &Vec<Entry>| entries.iter().position(|entry| entry.key == key);
        let Some(at) = self.entries.try_with_untracked(is_there).flatten() else { return false };
        self.entries.update(|entries| change(&mut entries[at]));
        true
    }

    /// An empty text beside an upload takes its name.
    fn give_name(self, key: u32) {
        let named = self.fixed.with_value(|fixed| match &fixed.shape {
            Shape::Upload { named } => named.clone(),
            _ => None,
        });
        let Some(pointer) = named.filter(|pointer| untrack(|| self.state.value(pointer)).is_empty()) else {
            return;
        };
        let name = self.entries.with_untracked(|entries| {
            entries.iter().find(|entry| entry.key == key).map(|entry| entry.name.clone())
        });
        self.state.set(&pointer, name.unwrap_or_default());
    }

    /// The form's value follows the list.
    fn tell(self) {
        let text = self.entries.with_untracked(|entries| files::text(entries));
        self.fixed.with_value(|fixed| self.state.set(&fixed.pointer, text));
    }

    fn complain(self, message: String) {
        let field = self.fixed.with_value(|fixed| fixed.pointer.clone());
        self.state.errors.update(|errors| errors.push(FieldError { field, message }));
    }

    /// Names a file that another job made, or will have made.
    fn of_jobs(self) -> AnyView {
        let job = RwSignal::new(String::new());
        let name = RwSignal::new(String::new());
        let add = move || {
            let number = job.with_untracked(|job| job.trim().trim_start_matches('#').parse::<u64>().ok());
            let called = name.with_untracked(|name| name.trim().to_owned());
            let (Some(number), false) = (number, called.is_empty()) else {
                return self
                    .complain("The number of a job, and the name of a file that it makes.".to_owned());
            };
            let most = self.fixed.with_value(|fixed| fixed.most);
            if most > 1 && self.entries.with_untracked(Vec::len) >= most {
                return self.complain(format!("At most {most} files."));
            }
            self.entries.update(|entries| {
                if most == 1 {
                    entries.clear();
                }
                entries.push(Entry::of_job(next_key(entries), number, called));
            });
            self.tell();
            name.set(String::new());
        };
        let entered = move |event: web_sys::KeyboardEvent| {
            if event.key() == "Enter" {
                // Not the whole form.
                event.prevent_default();
                add();
            }
        };
        let line = move |label: &'static str, example: &'static str, value: RwSignal<String>| {
            view! {
                <input type="text" autocomplete="off" aria-label=label placeholder=example prop:value=value
                    on:input=move |event| value.set(event_target_value(&event)) on:keydown=entered/>
            }
        };
        view! {
            <details>
                <summary>"A file of another job"</summary>
                <div class="of-job">
                    {line("Job number", "#12", job)}
                    {line("File name", "photo-320.webp", name)}
                    <button type="button" on:click=move |_| add()>"Add file"</button>
                </div>
            </details>
        }
        .into_any()
    }
}

fn next_key(entries: &[Entry]) -> u32 {
    entries.iter().map(|entry| entry.key + 1).max().unwrap_or(0)
}

/// After the page has been drawn anew. A button that cannot be pressed any more gives the focus to the one beside it.
fn focus_soon(id: String) {
    request_animation_frame(move || {
        let Some(found) = document().get_element_by_id(&id) else { return };
        let beside = || found.next_element_sibling().filter(|_| id.contains("-up-"));
        let able = if found.has_attribute("disabled") {
            beside().or_else(|| found.previous_element_sibling())
        } else {
            Some(found)
        };
        if let Some(element) = able.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _focused = element.focus();
        }
    });
}

/// The field that takes what is dropped there: that under the pointer, or the first of the form under it.
pub fn picker_at(event: &web_sys::DragEvent) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let own = target.closest(PICKER).ok()?;
    own.or_else(|| target.closest("form, .add").ok()??.query_selector(PICKER).ok()?)
}

/// Shows which field will take what is dropped.
pub fn mark(picker: Option<&Element>) {
    if let Ok(Some(before)) = document().query_selector(".picker.hovering") {
        before.set_class_name("picker");
    }
    if let Some(picker) = picker {
        picker.set_class_name("picker hovering");
    }
}

/// As if somebody had chosen them there.
pub fn give(picker: &Element, dropped: &FileList) {
    let input = picker.query_selector("input[type=file]").ok().flatten();
    let Some(input) = input.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else { return };
    input.set_files(Some(dropped));
    if let Ok(event) = web_sys::Event::new("change") {
        let _handled = input.dispatch_event(&event);
    }
}

pub fn each(list: &FileList) -> Vec<web_sys::File> {
    (0..list.length()).filter_map(|at| list.get(at)).collect()
}
