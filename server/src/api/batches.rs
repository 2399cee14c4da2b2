//! Batches.

use actix_web::{HttpResponse, web};
use taskyard_shared::batch::BatchId;

use super::problem::Problem;
use super::request::Id;
use crate::Yard;

pub async fn show(yard: web::Data<Yard>, Id(id): Id<BatchId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.batch(id).await?))
}
