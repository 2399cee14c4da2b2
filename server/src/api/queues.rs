//! Queues and kinds.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use taskyard_shared::command::Command;
use taskyard_shared::kind::KindInfo;
use taskyard_shared::queue::{QueueChange, QueueStatus};

use super::command::run;
use super::problem::Problem;
use super::request::{JsonBody, Name};
use crate::Yard;
use crate::queue::QueueError;

/// Sorted by name.
#[derive(Serialize, JsonSchema)]
pub struct Queues {
    queues: Vec<QueueStatus>,
}

/// Sorted by name.
#[derive(Serialize, JsonSchema)]
pub struct Kinds {
    kinds: Vec<KindInfo>,
}

pub async fn list(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Queues { queues: yard.queues().await? }))
}

pub async fn show(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    match yard.queues().await?.into_iter().find(|queue| queue.name == name) {
        Some(queue) => Ok(HttpResponse::Ok().json(queue)),
        None => Err(Problem(QueueError::NoSuchQueue(name).into())),
    }
}

pub async fn kinds(yard: web::Data<Yard>) -> HttpResponse {
    HttpResponse::Ok().json(Kinds { kinds: yard.kinds() })
}

pub async fn change(
    yard: web::Data<Yard>,
    Name(name): Name,
    change: JsonBody<QueueChange>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.configure(name, change.value).await?))
}

pub async fn pause(yard: web::Data<Yard>, Name(queue): Name) -> Result<HttpResponse, Problem> {
    run(&yard, Command::PauseQueue { queue }).await
}

pub async fn resume(yard: web::Data<Yard>, Name(queue): Name) -> Result<HttpResponse, Problem> {
    run(&yard, Command::ResumeQueue { queue }).await
}

/// The queue takes no more jobs, and works off those it has.
pub async fn drain(yard: web::Data<Yard>, Name(queue): Name) -> Result<HttpResponse, Problem> {
    let change = QueueChange { draining: Some(true), ..QueueChange::default() };
    run(&yard, Command::ConfigureQueue { queue, change }).await
}
