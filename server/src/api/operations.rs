//! Operations on all jobs that match a filter.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::operation::{NewOperation, Operation, OperationId};

use super::command::run;
use super::problem::Problem;
use super::request::{Id, JsonBody, NoIdempotencyKey};
use crate::Yard;
use crate::queue::QueueError;

/// Newest first.
#[derive(Serialize, JsonSchema)]
pub struct Operations {
    operations: Vec<Operation>,
}

pub async fn list(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    let operations = yard.lists().await?.operations;
    Ok(HttpResponse::Ok().json(Operations { operations }))
}

pub async fn show(yard: web::Data<Yard>, Id(id): Id<OperationId>) -> Result<HttpResponse, Problem> {
    let mut operations = yard.lists().await?.operations.into_iter();
    match operations.find(|operation| operation.id == id) {
        Some(operation) => Ok(HttpResponse::Ok().json(operation)),
        None => Err(Problem(QueueError::NoSuchOperation(id).into())),
    }
}

/// Answers 202: it is stored, and begins when it cannot be undone any more.
pub async fn start(
    yard: web::Data<Yard>,
    _: NoIdempotencyKey,
    operation: JsonBody<NewOperation>,
) -> Result<HttpResponse, Problem> {
    let reply = yard.execute(Command::StartOperation { operation: operation.value }).await?;
    let mut response = HttpResponse::Accepted();
    if let Reply::Operation { operation } = &reply {
        response.insert_header(("location", format!("/api/v1/operations/{}", operation.id)));
    }
    Ok(response.json(reply))
}

pub async fn undo(yard: web::Data<Yard>, Id(id): Id<OperationId>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::UndoOperation { id }).await
}
