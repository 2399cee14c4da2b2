//! Limits.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use taskyard_shared::command::Command;
use taskyard_shared::limit::{Limit, LimitStatus};

use super::command::run;
use super::problem::Problem;
use super::request::{JsonBody, Name};
use crate::Yard;
use crate::queue::QueueError;

/// Sorted by name.
#[derive(Serialize, JsonSchema)]
pub struct Limits {
    limits: Vec<LimitStatus>,
}

pub async fn list(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Limits { limits: yard.lists().await?.limits }))
}

pub async fn show(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    match yard.lists().await?.limits.into_iter().find(|limit| limit.limit.name == name) {
        Some(limit) => Ok(HttpResponse::Ok().json(limit)),
        None => Err(Problem(QueueError::NoSuchLimit(name).into())),
    }
}

pub async fn set(yard: web::Data<Yard>, name: Name, limit: JsonBody<Limit>) -> Result<HttpResponse, Problem> {
    name.must_be(&limit.value.name)?;
    run(&yard, Command::SetLimit { limit: limit.value }).await
}

pub async fn remove(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    run(&yard, Command::RemoveLimit { name }).await
}
