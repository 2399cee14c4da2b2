//! The sources of the parts that make the board live, as compiled into this very binary.

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub struct Sources {
    version: &'static str,
    files: &'static [SourceFile],
}

/// A file of the server's source.
#[derive(Serialize, JsonSchema)]
struct SourceFile {
    /// Within the repository.
    path: &'static str,
    text: &'static str,
}

/// Files by their path below `server/src/`.
macro_rules! sources {
    ($($path:literal),* $(,)?) => {
        &[$(SourceFile { path: concat!("server/src/", $path), text: include_str!(concat!("../", $path)) }),*]
    };
}

const FILES: &[SourceFile] = sources![
    "queue/actor.rs",
    "queue/actor/start.rs",
    "queue/actor/handlers.rs",
    "queue/messages.rs",
    "queue/core/mod.rs",
    "queue/core/inputs.rs",
    "queue/core/commits.rs",
    "queue/core/queues.rs",
    "queue/core/slots.rs",
    "queue/core/refusals.rs",
    "queue/core/rebuild.rs",
    "pubsub/actor.rs",
    "pubsub/messages.rs",
    "pubsub/subscribers.rs",
    "views/actor.rs",
    "views/hub.rs",
    "views/live_view.rs",
    "views/jobs_view.rs",
    "views/frames.rs",
    "session/actor.rs",
    "session/credit.rs",
    "executor/mod.rs",
    "executor/attempt.rs",
    "executor/progress.rs",
    "supervision.rs",
    "store/mod.rs",
    "store/ops.rs",
    "store/writer.rs",
    "kinds/worker.rs",
    "kinds/demo.rs",
];

pub async fn list() -> HttpResponse {
    HttpResponse::Ok().json(Sources { version: env!("CARGO_PKG_VERSION"), files: FILES })
}
