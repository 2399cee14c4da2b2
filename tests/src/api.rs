//! A client of the REST API that can ask wrongly, too.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use taskyard_shared::command::{AddOutcome, Reply};
use taskyard_shared::job::{JobDetail, JobId, JobState, JobSummary};
use taskyard_shared::new_job::{NewJob, NewJobs};
use taskyard_shared::operation::{NewOperation, Operation, OperationId};
use taskyard_shared::queue::{QueueStatus, StateCounts};

use crate::patience::eventually;

/// For an answer to come.
const ANSWER: Duration = Duration::from_secs(20);
/// For a job to get where it should.
const JOB: Duration = Duration::from_secs(30);

/// A client of one server.
#[derive(Clone)]
pub struct Api {
    address: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Empty when there is no such header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Api {
    /// `address`: `127.0.0.1:8080`.
    pub fn new(address: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(4).build_http();
        Api { address: address.to_owned(), client }
    }

    /// Any request. Fails only when no answer comes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into()))?;
        let answer = tokio::time::timeout(ANSWER, async {
            let response = self.client.request(request).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            anyhow::Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        });
        answer.await.with_context(|| format!("no answer from {path}"))?
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json(Method::PATCH, path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json(Method::PUT, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.send(Method::DELETE, path, &[], Bytes::new()).await
    }

    /// With the header `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send(Method::POST, path, &headers, body.to_string()).await
    }

    async fn json(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        self.send(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    pub async fn add(&self, job: &NewJob) -> Result<JobId> {
        let answer = self.post("/api/v1/jobs", &json!(job)).await?;
        if answer.status != 201 {
            bail!("the job was not added: {}", answer.text());
        }
        Ok(serde_json::from_value(answer.json::<Value>()?["id"].clone())?)
    }

    /// Adds all of them; answers their ids in their order, that of `then` last.
    pub async fn add_all(&self, jobs: &NewJobs) -> Result<Vec<JobId>> {
        let answer = self.post("/api/v1/jobs/bulk", &json!(jobs)).await?;
        let Ok(Reply::JobsAdded { outcomes, .. }) = answer.json() else {
            bail!("the jobs were not added: {}", answer.text());
        };
        let id = |outcome: &AddOutcome| match outcome {
            AddOutcome::Added { id } => Ok(*id),
            other => bail!("a job was not added: {other:?}"),
        };
        outcomes.iter().map(id).collect()
    }

    pub async fn start_operation(&self, operation: &NewOperation) -> Result<Operation> {
        let answer = self.post("/api/v1/operations", &json!(operation)).await?;
        match answer.json() {
            Ok(Reply::Operation { operation }) => Ok(operation),
            _ => bail!("the operation was not started: {}", answer.text()),
        }
    }

    pub async fn operation(&self, id: OperationId) -> Result<Operation> {
        self.get(&format!("/api/v1/operations/{id}")).await?.json()
    }

    pub async fn job(&self, id: JobId) -> Result<JobDetail> {
        self.get(&format!("/api/v1/jobs/{id}")).await?.json()
    }

    /// Waits until the job is in this state.
    pub async fn job_when(&self, id: JobId, state: JobState) -> Result<JobDetail> {
        let reached = eventually(JOB, async || {
            let detail = self.job(id).await?;
            Ok((detail.job.state == state).then_some(detail))
        });
        reached.await.with_context(|| format!("job {id} is not {state}"))
    }

    pub async fn queues(&self) -> Result<Vec<QueueStatus>> {
        let answer: Value = self.get("/api/v1/queues").await?.json()?;
        Ok(serde_json::from_value(answer["queues"].clone())?)
    }

    pub async fn queue(&self, name: &str) -> Result<QueueStatus> {
        self.get(&format!("/api/v1/queues/{name}")).await?.json()
    }

    /// Of all queues together.
    pub async fn counts(&self) -> Result<StateCounts> {
        let mut counts = StateCounts::default();
        self.queues().await?.iter().for_each(|queue| counts.add(&queue.counts));
        Ok(counts)
    }

    /// Waits until every job has ended.
    pub async fn until_idle(&self) -> Result<StateCounts> {
        let idle = eventually(JOB, async || {
            let counts = self.counts().await?;
            Ok((counts.unfinished() == 0).then_some(counts))
        });
        idle.await.context("there is still work")
    }

    /// Every job, newest first, page after page.
    pub async fn all_jobs(&self) -> Result<Vec<JobSummary>> {
        let mut jobs: Vec<JobSummary> = Vec::new();
        loop {
            let after = jobs.last().map_or_else(String::new, |last| format!("&after={}", last.id));
            let page: Value = self.get(&format!("/api/v1/jobs?limit=500{after}")).await?.json()?;
            jobs.extend(serde_json::from_value::<Vec<JobSummary>>(page["rows"].clone())?);
            if page["more"] != true {
                return Ok(jobs);
            }
        }
    }

    /// A reading of `/metrics`.
    pub async fn metric(&self, name: &str) -> Result<u64> {
        let text = self.get("/metrics").await?.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.with_context(|| format!("there is no {name} in\n{text}"))?.parse()?)
    }
}
