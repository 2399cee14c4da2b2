//! Requests over one connection that is kept.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use taskyard::shared::error::ErrorCode;
use taskyard::shared::new_job::NewJob;
use tokio::net::TcpStream;

use super::caller::{Body, CallError};
use crate::cli::bench::run::failed;
use crate::cli::error::CliError;

pub struct HttpCaller {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

/// As much of a problem (RFC 9457) as tells whether to call again.
#[derive(Deserialize)]
struct Problem {
    code: Option<ErrorCode>,
}

impl HttpCaller {
    pub async fn connect(address: SocketAddr) -> Result<Self, CliError> {
        let stream =
            TcpStream::connect(address).await.map_err(|error| failed("a caller cannot connect", error))?;
        // A request is sent whole: nothing follows that the system could wait for.
        stream.set_nodelay(true).map_err(|error| failed("a caller cannot connect", error))?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed("a caller cannot connect", error))?;
        // It ends with the sender. Its errors are those of the requests.
        tokio::spawn(connection);
        Ok(HttpCaller { address, sender })
    }

    pub async fn add(&mut self, jobs: Vec<NewJob>) -> Result<(), CallError> {
        match Body::of(jobs) {
            Body::One(job) => self.post("/api/v1/jobs", &job).await,
            Body::Several(jobs) => self.post("/api/v1/jobs/bulk", &jobs).await,
        }
    }

    async fn post(&mut self, path: &str, body: &impl Serialize) -> Result<(), CallError> {
        let (status, answer) = self
            .exchange(path, body)
            .await
            .map_err(|error| CallError::Failed(failed("a request failed", error)))?;
        // All of a call's jobs are new, or the answer would be another.
        if status == StatusCode::CREATED {
            return Ok(());
        }
        let problem: Option<Problem> = serde_json::from_slice(&answer).ok();
        if problem.and_then(|problem| problem.code).is_some_and(ErrorCode::is_retryable) {
            return Err(CallError::ForNow);
        }
        let answer = format!("{status} {}", String::from_utf8_lossy(&answer));
        Err(CallError::Failed(failed("a job was refused", answer)))
    }

    async fn exchange(
        &mut self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::post(path)
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(serde_json::to_vec(body)?))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
