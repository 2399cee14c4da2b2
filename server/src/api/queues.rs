//! Queues and kinds.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use taskyard_shared::kind::KindInfo;
use taskyard_shared::queue::QueueStatus;

use super::problem::Problem;
use crate::Yard;

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/kinds", web::get().to(kinds))
        .route("/queues", web::get().to(list))
        .route("/queues/{name}", web::patch().to(change));
}

#[derive(Serialize)]
struct Queues {
    queues: Vec<QueueStatus>,
}

#[derive(Serialize)]
struct Kinds {
    kinds: Vec<KindInfo>,
}

async fn list(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Queues { queues: yard.queues().await? }))
}

async fn kinds(yard: web::Data<Yard>) -> HttpResponse {
    HttpResponse::Ok().json(Kinds { kinds: yard.kinds() })
}

/// What may be changed; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    paused: Option<bool>,
    concurrency: Option<u32>,
}

async fn change(
    yard: web::Data<Yard>,
    name: web::Path<String>,
    change: web::Json<Change>,
) -> Result<HttpResponse, Problem> {
    let Change { paused, concurrency } = change.into_inner();
    Ok(HttpResponse::Ok().json(yard.configure(name.into_inner(), paused, concurrency).await?))
}
