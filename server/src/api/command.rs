//! Commands of the live protocol, asked over HTTP. What is only looked at is answered as it is; what is done is
//! answered with the reply of its command.

use actix_web::HttpResponse;
use taskyard_shared::command::Command;

use super::problem::Problem;
use crate::Yard;

/// Answers with the reply that the command has on the WebSocket.
pub async fn run(yard: &Yard, command: Command) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.execute(command).await?))
}
