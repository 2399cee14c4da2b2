//! The control of a field that takes files: chosen, dropped on its form, or made by other jobs. A field uploads its
//! files one after the other; what is there can be put into another order and taken out again, which breaks its upload
//! off.

use std::pin::pin;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::job::FileRef;
use wasm_bindgen::JsCast;
use web_sys::{Element, FileList, HtmlInputElement};

use super::fields::FormState;
use super::icons;
use super::upload::upload;
use crate::few::Few;
use crate::format;
use crate::reactive::{effect, memo};
use crate::state::form::files::{self, Entry, Is, Keys};
use crate::state::form::{Field, Shape, error_at};

/// By this its part of the page is found when something is dropped.
const PICKER: &str = ".picker";

/// A handle; copies are the same control.
#[derive(Clone, Copy)]
struct FileField {
    state: FormState,
    entries: RwSignal<Vec<Entry>>,
    keys: StoredValue<Keys>,
    /// What is to be uploaded, or to be tried again, by its entry's key: no more of them than entries.
    sources: StoredValue<Few<u32, web_sys::File>, LocalStorage>,
    /// The entry whose upload is under way; dropping its sender breaks that off.
    under_way: StoredValue<Option<(u32, oneshot::Sender<()>)>>,
    /// What was wrong with what was chosen last.
    complaint: RwSignal<Option<String>>,
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
    let (described, within) = (format!("{id}-error"), pointer.clone());
    let invalid = move || state.errors.with(|errors| error_at(errors, &within).is_some()).then_some("true");
    let fixed = Fixed { id: id.clone(), pointer, shape, most: max as usize };
    let files = FileField {
        state,
        entries: RwSignal::default(),
        keys: StoredValue::default(),
        sources: StoredValue::new_local(Few::default()),
        under_way: StoredValue::default(),
        complaint: RwSignal::default(),
        fixed: StoredValue::new(fixed),
    };
    effect(move || {
        state.round.track();
        let there = files.fixed.with_value(|fixed| untrack(|| state.value(&fixed.pointer)));
        files.keys.update_value(|keys| files.entries.set(files::entries(&there, keys)));
        files.complaint.set(None);
        files.tend();
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
                <input id=id type="file" multiple=many aria-describedby=described aria-invalid=invalid on:change=chosen/>
            </p>
            <p class="field-error" role="alert">{files.complaint}</p>
            {takes_artifacts.then(|| files.of_jobs())}
        </div>
    }
    .into_any()
}

impl FileField {
    fn row(self, at: usize, entry: Entry) -> AnyView {
        let Entry { key, name, is } = entry;
        let place = self.fixed.with_value(|fixed| format!("{}/{at}", fixed.pointer));
        let wrong = memo(move || self.state.errors.with(|errors| error_at(errors, &place)));
        let about = match is {
            Is::Waiting => view! { <span class="faint">"waits"</span> }.into_any(),
            Is::Sending(percent) => {
                let label = format!("Upload of {name}");
                view! { <progress max="100" value=percent.to_string() aria-label=label></progress> }
                    .into_any()
            }
            Is::Failed(sentence) => view! {
                <span class="note error whole">{sentence}</span>
                <button type="button" class="retry" aria-label=format!("Try again to upload {name}")
                    on:click=move |_| self.retry(key)>"Try again"</button>
            }
            .into_any(),
            Is::Ready { about, .. } => view! { <span class="faint">{about}</span> }.into_any(),
        };
        let last = self.entries.with_untracked(Vec::len).saturating_sub(1);
        view! {
            <li class:has-error=move || wrong.with(Option::is_some)>
                <span class="file-name" title=name.clone()>{name.clone()}</span>
                <span class="file-about">{about}</span>
                {(last > 0).then(|| view! {
                    {self.button("up", at, icons::UP, format!("Move {name} up"), at == 0, move || self.swap(at, at.wrapping_sub(1), "up"))}
                    {self.button("down", at, icons::DOWN, format!("Move {name} down"), at == last, move || self.swap(at, at + 1, "down"))}
                })}
                {self.button("out", at, icons::CLOSE, format!("Remove {name}"), false, move || self.remove(key))}
                {move || wrong.get().map(|text| view! { <span class="field-error whole" role="alert">{text}</span> })}
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

    /// Files over the most are left out, which is said. Where there can be one only, the first takes the place of what
    /// is there.
    fn take(self, taken: Vec<web_sys::File>) {
        let most = self.fixed.with_value(|fixed| fixed.most);
        let given = taken.len();
        let mut room = given;
        self.entries.update(|entries| {
            if most == 1 && given > 0 {
                entries.clear();
            }
            room = most.saturating_sub(entries.len());
            for file in taken.into_iter().take(room) {
                let key = self.fresh_key();
                let name = files::free_name(entries, &file.name());
                entries.push(Entry { key, name, is: Is::Waiting });
                self.sources.update_value(|sources| sources.insert(key, file));
            }
        });
        self.tell();
        let left_out = given.saturating_sub(room);
        let most = files::counted(most as u64);
        self.complaint.set((left_out > 0).then(|| format!("At most {most}: {left_out} left out.")));
    }

    fn fresh_key(self) -> u32 {
        self.keys.try_update_value(Keys::fresh).unwrap_or_default()
    }

    fn retry(self, key: u32) {
        self.put(key, Is::Waiting);
        self.tell();
        focus_soon(self.fixed.with_value(|fixed| fixed.id.clone()));
    }

    /// Uploads follow the list: what is gone from it is broken off, and what waits is sent.
    fn tend(self) {
        let is_there = |key: u32| self.entries.with_untracked(|all| all.iter().any(|entry| entry.key == key));
        self.sources.update_value(|sources| sources.retain(|key| is_there(*key)));
        self.under_way.update_value(|under_way| {
            under_way.take_if(|(key, _)| !is_there(*key));
        });
        if self.under_way.with_value(Option::is_some) {
            return;
        }
        let waits = |entry: &&Entry| entry.is == Is::Waiting;
        let next = self.entries.with_untracked(|all| all.iter().find(waits).map(|entry| entry.key));
        let source = |key| Some((key, self.sources.with_value(|sources| sources.get(&key).cloned())?));
        if let Some((key, file)) = next.and_then(source) {
            self.send(key, file);
        }
    }

    fn send(self, key: u32, file: web_sys::File) {
        let (wanted, unwanted) = oneshot::channel();
        self.under_way.set_value(Some((key, wanted)));
        self.put(key, Is::Sending(0));
        let sent = move |fraction: f64| {
            self.put(key, Is::Sending((fraction * 100.0) as u8));
        };
        spawn_local(async move {
            let Either::Left((outcome, _)) = select(pin!(upload(file, sent)), unwanted).await else { return };
            let is_this = |under_way: &Option<(u32, _)>| under_way.as_ref().is_some_and(|it| it.0 == key);
            if self.under_way.try_with_value(is_this) == Some(true) {
                self.under_way.set_value(None);
                self.hear(key, outcome);
                self.tell();
            }
        });
    }

    fn hear(self, key: u32, outcome: Result<FileRef, String>) {
        match outcome {
            Ok(stored) => {
                let ready =
                    |name: String| Entry::of_upload(key, name, &stored.sha256, format::bytes(stored.bytes));
                self.change(key, |entry| *entry = ready(std::mem::take(&mut entry.name)));
                self.sources.update_value(|sources| sources.retain(|other| *other != key));
                self.give_name(key);
            }
            Err(sentence) => self.put(key, Is::Failed(sentence)),
        }
    }

    fn put(self, key: u32, is: Is) {
        self.change(key, |entry| entry.is = is);
    }

    /// The entry may have been removed meanwhile, and the form closed.
    fn change(self, key: u32, change: impl FnOnce(&mut Entry)) {
        let is_there = |entries: &Vec<Entry>| entries.iter().position(|entry| entry.key == key);
        if let Some(at) = self.entries.try_with_untracked(is_there).flatten() {
            self.entries.update(|entries| change(&mut entries[at]));
        }
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

    /// The form's value follows the list, and so do the uploads.
    fn tell(self) {
        self.tend();
        let text = self.entries.with_untracked(|entries| files::text(entries));
        self.fixed.with_value(|fixed| self.state.set(&fixed.pointer, text));
    }

    fn complain(self, message: String) {
        self.complaint.set(Some(message));
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
                return self.complain(format!("At most {}.", files::counted(most as u64)));
            }
            self.entries.update(|entries| {
                if most == 1 {
                    entries.clear();
                }
                entries.push(Entry::of_job(self.fresh_key(), number, called));
            });
            self.tell();
            self.complaint.set(None);
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

/// As if somebody had chosen them there, if they could have: not while the form is being sent.
pub fn give(picker: &Element, dropped: &FileList) {
    let input = picker.query_selector("input[type=file]:enabled").ok().flatten();
    let Some(input) = input.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else { return };
    input.set_files(Some(dropped));
    if let Ok(event) = web_sys::Event::new("change") {
        let _handled = input.dispatch_event(&event);
    }
}

pub fn each(list: &FileList) -> Vec<web_sys::File> {
    (0..list.length()).filter_map(|at| list.get(at)).collect()
}
