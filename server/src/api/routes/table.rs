//! The table: every route below `/api/v1`.

use serde_json::json;
use taskyard_shared::batch::BatchStatus;
use taskyard_shared::error::ErrorCode::{
    AlreadyFinished, Conflict, InvalidArguments, NotFound, TooLarge, UnknownKind, WrongState,
};
use taskyard_shared::explain::Explanation;
use taskyard_shared::job::{FileRef, JobDetail};
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::operation::Operation;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::schedule::ScheduleStatus;
use taskyard_shared::service::Services;

use super::examples;
use super::route::Verb::{Delete, Get, Patch, Post, Put};
use super::route::{Route, Tag};
use crate::api::openapi;
use crate::api::{
    batches, bulk, files, jobs, limits, operations, queues, schedules, services as beside, source,
};

/// Every route, in the order in which the document shows them.
pub fn table() -> Vec<Route> {
    [
        jobs(),
        one_job(),
        batches(),
        operations(),
        queues(),
        limits(),
        schedules(),
        files(),
        services(),
        server(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn jobs() -> Vec<Route> {
    vec![
        Route::new(Post, "/jobs", "addJob", jobs::add)
            .about(Tag::Jobs, "Add a job")
            .notes(
                "What is answered is stored, and survives a power cut. Make the request again with the same \
                 `Idempotency-Key` when no answer came.",
            )
            .example(examples::new_job())
            .replies_with(201, "job_added", "The job is stored.", json!({ "type": "job_added", "id": 12 }))
            .replies(
                "job_added",
                "Another job has its unique key, and is the answer (`on_conflict`).",
                json!({ "type": "job_added", "id": 7, "is_new": false }),
            )
            .fails(&[UnknownKind, InvalidArguments, TooLarge, NotFound, Conflict, WrongState]),
        Route::new(Post, "/jobs/bulk", "addJobs", bulk::add)
            .about(Tag::Jobs, "Add several jobs at once")
            .notes(
                "In one transaction; they may come after each other, by `ref`. With the mode `all_or_nothing` a \
                 wrong job means that none is stored, and `errors` of the problem says what is wrong with each.",
            )
            .example(examples::new_jobs())
            .replies_with(201, "jobs_added", "All of them are stored.", examples::jobs_added())
            .replies(
                "jobs_added",
                "Not all are new: some exist already, or were refused (mode `each`).",
                examples::jobs_partly_added(),
            )
            .fails(&[InvalidArguments, Conflict, WrongState]),
        Route::new(Get, "/jobs", "listJobs", jobs::list)
            .about(Tag::Jobs, "List jobs")
            .notes("Page after page: ask again with `after`, the id of the last row, while there is `more`.")
            .gives::<jobs::Page<'_>>(200, "Rows of the list.", examples::page()),
        Route::new(Post, "/jobs/clear", "clearJobs", jobs::clear)
            .about(Tag::Jobs, "Delete every job that has ended")
            .replies(
                "finished_cleared",
                "So many were deleted.",
                json!({ "type": "finished_cleared", "count": 250 }),
            )
            .fails(&[NotFound]),
    ]
}

fn one_job() -> Vec<Route> {
    vec![
        Route::new(Get, "/jobs/{id}", "showJob", jobs::show)
            .about(Tag::Jobs, "Show a job")
            .gives_some::<JobDetail>(200, "Everything about the job."),
        Route::new(Patch, "/jobs/{id}", "changeJob", jobs::change)
            .about(Tag::Jobs, "Change the priority of a job that has not begun")
            .example(json!({ "priority": 10 }))
            .replies(
                "priority_set",
                "It has this priority now.",
                json!({ "type": "priority_set", "id": 12, "priority": 10 }),
            )
            .fails(&[InvalidArguments, WrongState]),
        Route::new(Delete, "/jobs/{id}", "deleteJob", jobs::delete)
            .about(Tag::Jobs, "Delete a job that has ended")
            .replies(
                "job_deleted",
                "It is gone, with its log, attempts and files.",
                json!({ "type": "job_deleted", "id": 12 }),
            )
            .fails(&[WrongState]),
        Route::new(Post, "/jobs/{id}/cancel", "cancelJob", jobs::cancel)
            .about(Tag::Jobs, "Cancel a job that has not ended")
            .replies(
                "job_cancelled",
                "It is cancelled. Work that was running is being stopped, and keeps its slot until it has ended.",
                json!({ "type": "job_cancelled", "id": 12, "was_running": true }),
            )
            .fails(&[AlreadyFinished]),
        Route::new(Post, "/jobs/{id}/retry", "retryJob", jobs::retry)
            .about(Tag::Jobs, "Run a failed, cancelled or scheduled job now")
            .replies("job_retried", "It is pending again.", json!({ "type": "job_retried", "id": 12 }))
            .fails(&[WrongState]),
        Route::new(Get, "/jobs/{id}/explain", "explainJob", jobs::explain)
            .about(Tag::Jobs, "Say why a job is not running")
            .gives::<Explanation>(200, "What stands in its way.", examples::explanation()),
        Route::new(Get, "/jobs/{id}/log", "showLog", jobs::log)
            .about(Tag::Jobs, "Show what a job's work wrote")
            .gives::<jobs::JobLog>(200, "The newest lines, oldest first.", examples::log()),
    ]
}

fn batches() -> Vec<Route> {
    vec![
        Route::new(Get, "/batches/{id}", "showBatch", batches::show)
            .about(Tag::Batches, "Show how far a batch is")
            .notes("Its jobs are `GET /api/v1/jobs?batch=` and its number.")
            .gives::<BatchStatus>(200, "As it stands.", examples::batch()),
    ]
}

fn operations() -> Vec<Route> {
    vec![
        Route::new(Get, "/operations", "listOperations", operations::list)
            .about(Tag::Operations, "List the operations of late")
            .gives_some::<operations::Operations>(200, "Newest first."),
        Route::new(Post, "/operations", "startOperation", operations::start)
            .about(Tag::Operations, "Do something to all jobs that match a filter")
            .notes(
                "It waits for `undo_ms`, in which it may be undone, and is then done step by step. With an \
                 `Idempotency-Key` it is refused.",
            )
            .example(examples::new_operation())
            .replies_with(
                202,
                "operation",
                "It is stored, and begins in time.",
                examples::operation_reply("waiting"),
            )
            .fails(&[InvalidArguments]),
        Route::new(Get, "/operations/{id}", "showOperation", operations::show)
            .about(Tag::Operations, "Show how far an operation is")
            .gives::<Operation>(200, "As it stands.", examples::operation("running")),
        Route::new(Post, "/operations/{id}/undo", "undoOperation", operations::undo)
            .about(Tag::Operations, "Undo an operation that waits")
            .replies("operation", "It will not be done.", examples::operation_reply("undone"))
            .fails(&[WrongState]),
    ]
}

fn queues() -> Vec<Route> {
    let changed = "The queue as it stands now.";
    vec![
        Route::new(Get, "/queues", "listQueues", queues::list)
            .about(Tag::Queues, "List queues")
            .gives_some::<queues::Queues>(200, "Each with its settings and exact counts."),
        Route::new(Get, "/queues/{name}", "showQueue", queues::show)
            .about(Tag::Queues, "Show a queue")
            .gives::<QueueStatus>(200, changed, examples::queue())
            .fails(&[NotFound]),
        Route::new(Patch, "/queues/{name}", "changeQueue", queues::change)
            .about(Tag::Queues, "Change a queue's settings")
            .notes(
                "What is left out stays as it is, also a state of `retention`; one that is given is given whole. \
                 `null` takes `max_attempts` or `timeout_ms` away.",
            )
            .example(examples::queue_change())
            .gives::<QueueStatus>(200, changed, examples::queue())
            .fails(&[NotFound, InvalidArguments]),
        Route::new(Post, "/queues/{name}/pause", "pauseQueue", queues::pause)
            .about(Tag::Queues, "Start nothing more of a queue")
            .notes("What runs goes on.")
            .replies("queue_changed", changed, examples::queue_changed())
            .fails(&[NotFound]),
        Route::new(Post, "/queues/{name}/resume", "resumeQueue", queues::resume)
            .about(Tag::Queues, "Start jobs of a paused queue again")
            .replies("queue_changed", changed, examples::queue_changed())
            .fails(&[NotFound]),
        Route::new(Post, "/queues/{name}/drain", "drainQueue", queues::drain)
            .about(Tag::Queues, "Take no more jobs, and work off those it has")
            .notes("`PATCH` with `draining: false` ends it.")
            .replies("queue_changed", changed, examples::queue_changed())
            .fails(&[NotFound]),
    ]
}

fn limits() -> Vec<Route> {
    vec![
        Route::new(Get, "/limits", "listLimits", limits::list)
            .about(Tag::Limits, "List limits")
            .gives_some::<limits::Limits>(200, "Each with what it does at the moment."),
        Route::new(Get, "/limits/{name}", "showLimit", limits::show)
            .about(Tag::Limits, "Show a limit")
            .gives::<LimitStatus>(
                200,
                "The limit, with what it does at the moment.",
                examples::limit_status(),
            )
            .fails(&[NotFound]),
        Route::new(Put, "/limits/{name}", "setLimit", limits::set)
            .about(Tag::Limits, "Make or change a limit")
            .example(examples::limit())
            .replies("limit_set", "The limit as it stands now.", examples::limit_set())
            .fails(&[InvalidArguments]),
        Route::new(Delete, "/limits/{name}", "removeLimit", limits::remove)
            .about(Tag::Limits, "Remove a limit")
            .replies(
                "limit_removed",
                "It limits nothing any more.",
                json!({ "type": "limit_removed", "name": "per-customer" }),
            )
            .fails(&[NotFound]),
    ]
}

fn schedules() -> Vec<Route> {
    let set = "The schedule as it stands now.";
    vec![
        Route::new(Get, "/schedules", "listSchedules", schedules::list)
            .about(Tag::Schedules, "List schedules")
            .gives_some::<schedules::Schedules>(200, "Each with its next run."),
        Route::new(Post, "/schedules/preview", "previewSchedule", schedules::preview)
            .about(Tag::Schedules, "Show the next runs of a schedule that is not stored")
            .example(json!({ "cron": "0 9 * * MON-FRI", "zone": "Europe/Berlin" }))
            .replies(
                "preview",
                "Up to ten runs.",
                json!({ "type": "preview", "runs_at_ms": [1_767_254_400_000_i64, 1_767_340_800_000_i64] }),
            )
            .fails(&[InvalidArguments]),
        Route::new(Get, "/schedules/{name}", "showSchedule", schedules::show)
            .about(Tag::Schedules, "Show a schedule")
            .gives::<ScheduleStatus>(200, "The schedule, with its next run.", examples::schedule_status())
            .fails(&[NotFound]),
        Route::new(Put, "/schedules/{name}", "setSchedule", schedules::set)
            .about(Tag::Schedules, "Make or change a schedule")
            .example(examples::schedule())
            .replies("schedule_set", set, examples::schedule_set())
            .fails(&[UnknownKind, InvalidArguments]),
        Route::new(Delete, "/schedules/{name}", "removeSchedule", schedules::remove)
            .about(Tag::Schedules, "Remove a schedule")
            .replies(
                "schedule_removed",
                "It adds nothing any more. Jobs that it added stay.",
                json!({ "type": "schedule_removed", "name": "nightly-report" }),
            )
            .fails(&[NotFound]),
        Route::new(Post, "/schedules/{name}/pause", "pauseSchedule", schedules::pause)
            .about(Tag::Schedules, "Pause a schedule")
            .replies("schedule_set", set, examples::schedule_set())
            .fails(&[NotFound]),
        Route::new(Post, "/schedules/{name}/resume", "resumeSchedule", schedules::resume)
            .about(Tag::Schedules, "Let a paused schedule run again")
            .replies("schedule_set", set, examples::schedule_set())
            .fails(&[NotFound]),
        Route::new(Post, "/schedules/{name}/run", "runSchedule", schedules::run_now)
            .about(Tag::Schedules, "Add a schedule's job now, besides its runs")
            .notes("With an `Idempotency-Key` it is refused.")
            .replies("schedule_set", set, examples::schedule_set())
            .fails(&[NotFound, Conflict, WrongState]),
    ]
}

fn files() -> Vec<Route> {
    let any = "application/octet-stream";
    vec![
        Route::new(Post, "/uploads", "upload", files::upload)
            .about(Tag::Files, "Upload a file for a job")
            .notes("Name its SHA-256 in the arguments of a job; what no job names within a day is removed.")
            .gives::<FileRef>(201, "It is on the disk.", examples::file())
            .fails(&[TooLarge]),
        Route::new(Get, "/jobs/{id}/artifacts/{name}", "getArtifact", files::artifact)
            .about(Tag::Files, "Get a file that a job made")
            .gives_other(200, any, "The file, with its own media type where a browser may show it.")
            .fails(&[NotFound]),
        Route::new(Get, "/jobs/{id}/inputs/{name}", "getInput", files::input)
            .about(Tag::Files, "Get a file that a job was given")
            .gives_other(200, any, "The file, with its own media type where a browser may show it.")
            .fails(&[NotFound]),
    ]
}

fn services() -> Vec<Route> {
    vec![
        Route::new(Get, "/services", "showServices", beside::show)
            .about(Tag::Services, "Show how the services stand")
            .notes("Of keys and entries the latest 100. Counts are since the server's start.")
            .gives::<Services>(200, "All of them.", examples::services()),
        Route::new(Delete, "/cache", "dropCached", beside::drop_cached)
            .about(Tag::Services, "Drop an entry of the cache, or all of them")
            .replies("cache_dropped", "They are dropped.", json!({ "type": "cache_dropped", "count": 3 })),
    ]
}

fn server() -> Vec<Route> {
    vec![
        Route::new(Get, "/kinds", "listKinds", queues::kinds)
            .about(Tag::Server, "List the kinds of jobs")
            .gives_some::<queues::Kinds>(200, "Each with the JSON Schema of its arguments."),
        Route::new(Get, "/source", "showSource", source::list)
            .about(Tag::Server, "Show the sources of the parts that make the board live")
            .gives_some::<source::Sources>(200, "As compiled into this server."),
        Route::new(Get, "/openapi.json", "showDocument", openapi::json)
            .about(Tag::Server, "Show this document")
            .gives_other(200, "application/json", "OpenAPI 3.1."),
    ]
}
