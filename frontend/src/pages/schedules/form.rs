//! The form that makes or changes a schedule. While one types when it is to run, it says when that will be.

use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::{FieldError, WireError};
use wasm_bindgen::JsValue;

use crate::board::Board;
use crate::components::command_form::{CommandForm, Leave, MakeCommand};
use crate::components::list_page::{kind_names, missing, queue_names};
use crate::components::time;
use crate::connection::exchange::Failure;
use crate::format;
use crate::reactive::{effect, memo};
use crate::state::form::{self, Field};
use crate::state::schedules::{args_field, job_fields, present, rule_fields, schedule, time_fields};

const TYPING_ENDS: Duration = Duration::from_millis(350);

pub fn form(board: Board, name: Option<String>, leave: Leave) -> AnyView {
    let found =
        |name: &String| board.yard.with_untracked(|yard| yard.schedule(name).map(|of| of.schedule.clone()));
    let before = name.as_ref().and_then(found);
    if let (Some(name), None) = (&name, &before) {
        return missing("schedule", name);
    }
    let kinds = kind_names(board, before.as_ref().map(|before| &before.job.kind));
    let queues = queue_names(board, before.as_ref().and_then(|before| before.job.queue.as_ref()));
    let usual = || kinds.iter().find(|kind| *kind == "demo").or(kinds.first()).cloned().unwrap_or_default();
    let first_kind = before.as_ref().map_or_else(usual, |before| before.job.kind.clone());
    let parts = Parts {
        time: time_fields(name.is_none(), &viewers_zone()),
        job: job_fields(kinds.clone(), queues),
        rules: rule_fields(),
    };
    let args = args_of(board, &first_kind);
    let form = CommandForm::new(board, parts.with(args), before.as_ref().map(present).as_ref());
    let Parts { time, job, rules } = parts.clone();
    start_from_address(form);
    let body = view! {
        {form.view_fields(time)}
        {preview(board, form)}
        {form.view_fields(job)}
        {args_view(board, form, parts, kinds)}
        {form.view_fields(rules)}
    };
    let make: MakeCommand =
        Rc::new(move |value| Ok(Command::SetSchedule { schedule: schedule(value, before.as_ref())? }));
    form.view("Set schedule", body.into_any(), make, leave)
}

/// The fields that stay whatever kind of job is chosen.
#[derive(Clone)]
struct Parts {
    time: Vec<Field>,
    job: Vec<Field>,
    rules: Vec<Field>,
}

impl Parts {
    fn with(&self, args: Option<Field>) -> Vec<Field> {
        self.time.iter().chain(&self.job).cloned().chain(args).chain(self.rules.iter().cloned()).collect()
    }
}

fn args_of(board: Board, kind: &str) -> Option<Field> {
    board.kinds.with_untracked(|kinds| args_field(kinds, kind))
}

/// The arguments of the kind that is chosen: other fields for every kind.
fn args_view(board: Board, form: CommandForm, parts: Parts, kinds: Vec<String>) -> AnyView {
    let kind = memo(move || {
        let chosen = form.typed("/job/kind").parse::<usize>().ok();
        chosen.and_then(|at| kinds.get(at).cloned()).unwrap_or_default()
    });
    Effect::new(move |before: Option<String>| {
        let kind = kind.get();
        if before.is_some_and(|before| before != kind) {
            let args = args_of(board, &kind);
            let initial = form::initial(args.as_slice());
            form.state.values.update(|values| values.extend(initial));
            form.fields.set(parts.with(args));
        }
        kind
    });
    (move || form.view_fields(args_of(board, &kind.get()).into_iter().collect())).into_any()
}

/// A link may say when the schedule is to run.
fn start_from_address(form: CommandForm) {
    let cron = use_query_map().with_untracked(|query| query.get("cron"));
    if let Some(cron) = cron {
        form.state.values.update(|values| {
            values.insert("/cron".to_owned(), cron);
        });
    }
}

/// The next runs, asked for whenever nobody has typed for a moment.
fn preview(board: Board, form: CommandForm) -> AnyView {
    let runs = RwSignal::new(Vec::<i64>::new());
    let typed = memo(move || {
        let part = |pointer: &str| form.typed(pointer).trim().to_owned();
        (part("/cron"), part("/zone"))
    });
    let mut ask = debounce(TYPING_ENDS, move |(cron, zone): (String, String)| {
        spawn_local(async move {
            let asked = (cron.clone(), zone.clone());
            let outcome = board.connection.command(Command::PreviewSchedule { cron, zone }).await;
            if typed.try_get_untracked() == Some(asked) {
                take(outcome, form, runs);
            }
        });
    });
    effect(move || {
        let (cron, zone) = typed.get();
        if cron.is_empty() || zone.is_empty() {
            runs.set(Vec::new());
        } else if board.connection.status.with(|status| status.is_live()) {
            ask((cron, zone));
        }
    });
    let next = move || {
        let first = runs.with(|runs| runs.first().copied());
        first.map(|at| {
            let until = format::until(at - board.clock.get_untracked());
            format!("It runs next {until}. In your time zone:")
        })
    };
    let run = move |at: i64| view! { <li>{time::upcoming(board, at)}</li> };
    view! {
        <div class="preview">
            <p class="hint" role="status">{next}</p>
            {move || (!runs.with(Vec::is_empty)).then(|| view! {
                <ol aria-label="Next runs">{runs.get().into_iter().map(run).collect_view()}</ol>
            })}
        </div>
    }
    .into_any()
}

fn take(outcome: Result<Reply, Failure>, form: CommandForm, runs: RwSignal<Vec<i64>>) {
    let (found, wrong) = match outcome {
        Ok(Reply::Preview { runs_at_ms }) => (runs_at_ms, Vec::new()),
        Err(Failure::Refused(error)) => (Vec::new(), of_time(form, error)),
        _ => return,
    };
    runs.set(found);
    form.state.errors.update(|errors| {
        errors.retain(|error| !is_of_time(error));
        errors.extend(wrong);
    });
}

fn is_of_time(error: &FieldError) -> bool {
    error.field == "/cron" || error.field == "/zone"
}

/// An error that names neither field is about the expression.
fn of_time(form: CommandForm, error: WireError) -> Vec<FieldError> {
    let mut fields = form.placed(&error.fields);
    fields.retain(is_of_time);
    if fields.is_empty() {
        fields.push(FieldError { field: "/cron".to_owned(), message: error.message });
    }
    fields
}

/// The IANA name of the zone that the browser is in.
fn viewers_zone() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    let zone = js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone"));
    zone.ok().and_then(|zone| zone.as_string()).unwrap_or_else(|| "UTC".to_owned())
}
