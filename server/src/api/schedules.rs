//! Schedules.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskyard_shared::command::Command;
use taskyard_shared::reads_objects_only;
use taskyard_shared::schedule::{Schedule, ScheduleStatus};

use super::command::run;
use super::problem::Problem;
use super::request::{JsonBody, Name, NoIdempotencyKey};
use crate::Yard;
use crate::queue::QueueError;
use crate::services::Client;

reads_objects_only!(SchedulePreview);

/// Sorted by name.
#[derive(Serialize, JsonSchema)]
pub struct Schedules {
    schedules: Vec<ScheduleStatus>,
}

pub async fn list(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Schedules { schedules: yard.lists().await?.schedules }))
}

pub async fn show(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    match yard.lists().await?.schedules.into_iter().find(|schedule| schedule.schedule.name == name) {
        Some(schedule) => Ok(HttpResponse::Ok().json(schedule)),
        None => Err(Problem(QueueError::NoSuchSchedule(name).into())),
    }
}

pub async fn set(
    yard: web::Data<Yard>,
    name: Name,
    schedule: JsonBody<Schedule>,
) -> Result<HttpResponse, Problem> {
    name.must_be(&schedule.value.name)?;
    run(&yard, Command::SetSchedule { schedule: schedule.value }).await
}

pub async fn remove(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    run(&yard, Command::RemoveSchedule { name }).await
}

pub async fn pause(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    run(&yard, Command::PauseSchedule { name }).await
}

pub async fn resume(yard: web::Data<Yard>, Name(name): Name) -> Result<HttpResponse, Problem> {
    run(&yard, Command::ResumeSchedule { name }).await
}

pub async fn run_now(
    yard: web::Data<Yard>,
    client: Client,
    Name(name): Name,
    _: NoIdempotencyKey,
) -> Result<HttpResponse, Problem> {
    yard.admit(&client).await?;
    run(&yard, Command::RunSchedule { name }).await
}

/// A schedule that is not stored.
#[derive(Deserialize, JsonSchema)]
#[serde(remote = "SchedulePreview", deny_unknown_fields)]
pub struct SchedulePreview {
    /// Five or six fields (seconds first), or `@daily` and the like.
    cron: String,
    /// IANA name of the time zone.
    #[serde(default = "utc")]
    zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

pub async fn preview(
    yard: web::Data<Yard>,
    preview: JsonBody<SchedulePreview>,
) -> Result<HttpResponse, Problem> {
    let SchedulePreview { cron, zone } = preview.value;
    run(&yard, Command::PreviewSchedule { cron, zone }).await
}
