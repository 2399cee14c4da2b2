//! A client that submits too often is refused, over HTTP and over the WebSocket alike, and nothing is stored.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::json;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::service::Services;
use taskyard_shared::view::{ViewQuery, ViewSnapshot};
use taskyard_tests::api::Api;
use taskyard_tests::server::TestServer;
use taskyard_tests::tab::Tab;

use crate::{assert_problem, demo};

/// Three at once, then one in a minute: no test waits for the next.
const CONFIGURATION: &str = "[submissions]\ncount = 3\nper_s = 180\n";

fn configure(data: &Path) -> Result<()> {
    fs::write(data.join("taskyard.toml"), CONFIGURATION).context("cannot write the configuration")
}

/// Adds a job with this `X-Forwarded-For`; the status of the answer.
async fn add_as(server: &TestServer, forwarded_for: &str) -> Result<u16> {
    let headers = [("content-type", "application/json"), ("x-forwarded-for", forwarded_for)];
    let body = serde_json::to_vec(&demo("one", 1))?;
    let answer = Api::new(server.address()).send(Method::POST, "/api/v1/jobs", &headers, body).await?;
    Ok(answer.status)
}

#[tokio::test]
async fn a_client_that_submits_too_often_is_told_when_it_may_again() -> Result<()> {
    let server = TestServer::start_prepared(&[], configure)?;
    let api = Api::new(server.address());
    let mut tab = Tab::open(server.address()).await?;
    api.add(&demo("one", 1)).await?;
    // Several jobs in one call count once.
    let two = api.post("/api/v1/jobs/bulk", &json!({ "jobs": [demo("two", 1), demo("three", 1)] })).await?;
    assert_eq!(two.status, 201);
    tab.add(demo("four", 1)).await?;

    let refused = api.post("/api/v1/jobs", &serde_json::to_value(demo("five", 1))?).await?;
    assert_problem(&refused, 429, "rate_limited");
    let seconds: u64 = refused.header("retry-after").parse()?;
    assert!((1..=60).contains(&seconds), "{seconds}");
    let bulk = api.post("/api/v1/jobs/bulk", &json!({ "jobs": [demo("six", 1)] })).await?;
    assert_problem(&bulk, 429, "rate_limited");
    let Reply::Error { error } = tab.ask(Command::AddJob { job: demo("seven", 1) }).await? else {
        bail!("a fourth submission went through");
    };
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|ms| (1..=60_000).contains(&ms)), "{error:?}");

    assert_eq!(api.all_jobs().await?.len(), 4, "what was refused is not stored");
    // What is no submission is not limited.
    for _ in 0..10 {
        tab.ask(Command::ListKinds {}).await?;
    }
    let services: Services = api.get("/api/v1/services").await?.json()?;
    assert_eq!((services.limiter.allowed, services.limiter.refused, services.limiter.keys), (3, 3, 1));
    assert_eq!(services.limiter.latest[0].key, "submit:127.0.0.1");
    Ok(())
}

#[tokio::test]
async fn a_header_of_a_client_that_is_no_trusted_proxy_makes_it_no_other_client() -> Result<()> {
    let server = TestServer::start_prepared(&[], configure)?;
    let mut answers = Vec::new();
    for number in 0..5 {
        answers.push(add_as(&server, &format!("198.51.100.{number}")).await?);
    }
    assert_eq!(answers, [201, 201, 201, 429, 429]);
    Ok(())
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_are_told_apart() -> Result<()> {
    let server = TestServer::start_prepared(&[], |data| {
        let text = format!("[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n{CONFIGURATION}");
        fs::write(data.join("taskyard.toml"), text).context("cannot write the configuration")
    })?;
    for number in 0..5 {
        assert_eq!(add_as(&server, &format!("203.0.113.1, 198.51.100.{number}")).await?, 201);
    }
    Ok(())
}

#[tokio::test]
async fn a_tab_sees_the_rate_limiter_move() -> Result<()> {
    let server = TestServer::start()?;
    let mut tab = Tab::open(server.address()).await?;
    let view = tab.watch(ViewQuery::Services {}).await?;
    tab.add(demo("one", 1)).await?;
    tab.until(|tab| {
        let Some(ViewSnapshot::Services { services }) = &tab.view(view).shown else { return None };
        (services.limiter.allowed == 1).then_some(())
    })
    .await
}
