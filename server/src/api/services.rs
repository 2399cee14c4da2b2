//! The services beside the queue.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use taskyard_shared::command::Command;
use taskyard_shared::error::WireError;

use super::command::run;
use super::problem::Problem;
use super::request::Query;
use crate::Yard;

pub async fn show(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    let services = yard.services().status().await.map_err(WireError::from)?;
    Ok(HttpResponse::Ok().json(services))
}

/// Which entries to drop.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichEntries {
    /// Only this one. Without it: all of them.
    key: Option<String>,
}

pub async fn drop_cached(
    yard: web::Data<Yard>,
    Query(which): Query<WhichEntries>,
) -> Result<HttpResponse, Problem> {
    run(&yard, Command::DropCached { key: which.key }).await
}
