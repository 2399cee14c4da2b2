//! Whether the process lives, and whether it can take work.

use actix_web::{HttpResponse, web};

use super::problem::Problem;
use crate::Yard;

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(live)).route("/readyz", web::get().to(ready));
}

async fn live() -> &'static str {
    "ok\n"
}

/// Ready when the queue answers: its store is loaded and it is not being restarted.
async fn ready(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    yard.queues().await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}
