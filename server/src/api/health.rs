//! Whether the process lives, and whether it can take work.

use actix_web::{HttpResponse, web};

use taskyard_shared::error::WireError;

use super::problem::Problem;
use crate::Yard;
use crate::queue::QueueError;

pub fn configure(config: &mut web::ServiceConfig) {
    // Some load balancers ask with HEAD.
    config
        .route("/healthz", web::get().to(live))
        .route("/healthz", web::head().to(live))
        .route("/readyz", web::get().to(ready))
        .route("/readyz", web::head().to(ready));
}

async fn live() -> &'static str {
    "ok\n"
}

/// Ready when the queue answers and takes jobs: its store is loaded, and it is neither being restarted nor
/// about to stop.
async fn ready(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    if !yard.takes_jobs() {
        return Err(WireError::from(QueueError::Stopping).into());
    }
    yard.queues().await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}
