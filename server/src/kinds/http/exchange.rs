//! From the request to the final response, over redirects.

use std::error::Error;

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, LOCATION, USER_AGENT};
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;

use super::addresses::Refused;
use super::args::{self, HttpArgs};
use super::{Http, signature, target};
use crate::config::HttpConfig;
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// A response, and the URLs asked for before the one that gave it.
pub(super) struct Answer {
    pub response: Response,
    pub url: Url,
    pub redirects: Vec<Url>,
}

/// The request as it would be sent next.
pub(super) struct Exchange<'a> {
    client: &'a Client,
    config: &'a HttpConfig,
    expected: &'a [u16],
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: String,
    redirects: Vec<Url>,
}

impl<'a> Exchange<'a> {
    pub fn new(http: &'a Http, args: &'a HttpArgs, ctx: &JobContext) -> Result<Self, JobError> {
        let config = &http.config;
        let mut headers = args.header_map().map_err(refused)?;
        let now_s = jiff::Timestamp::now().as_second();
        if let Some(id) = http.secrets.sign(args, ctx.id(), now_s, &mut headers)? {
            ctx.info(format!("signed as message {id}"));
        }
        Ok(Exchange {
            client: &http.client,
            config,
            expected: &args.expected_statuses,
            method: Method::from_bytes(args.method.as_str().as_bytes())?,
            // Checked when the job was added; the configuration may have changed since.
            url: args::parse_url(&args.url, config).map_err(refused)?,
            headers,
            body: args.body.clone(),
            redirects: Vec::new(),
        })
    }

    pub async fn run(mut self, ctx: &JobContext) -> Result<Answer, JobError> {
        loop {
            ctx.progress(0.1);
            ctx.info(format!("{} {}", self.method, self.url));
            let response = self.send().await?;
            ctx.progress(0.3);
            let status = response.status();
            ctx.info(format!("answered {status}"));
            let target = match response.headers().get(LOCATION) {
                Some(location) if is_redirect(status) && !self.expected.contains(&status.as_u16()) => {
                    self.target(location.as_bytes())?
                }
                _ => return Ok(Answer { response, url: self.url, redirects: self.redirects }),
            };
            self.follow(status, target)?;
        }
    }

    async fn send(&self) -> Result<Response, JobError> {
        target::check(&self.url, self.config).await?;
        let mut request =
            self.client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        request.send().await.map_err(|error| no_response(error, &self.url))
    }

    fn target(&self, location: &[u8]) -> Result<Url, JobError> {
        let refuse = |why: String| refused(format!("{} redirects to where we do not go: {why}", self.url));
        let text = std::str::from_utf8(location).map_err(|error| refuse(error.to_string()))?;
        let target = self.url.join(text).map_err(|error| refuse(error.to_string()))?;
        args::check_url(&target, self.config).map_err(refuse)?;
        Ok(target)
    }

    /// What of the request goes on to `target`: RFC 9110, 15.4, and nothing that was meant for one host only.
    fn follow(&mut self, status: StatusCode, target: Url) -> Result<(), JobError> {
        if self.redirects.len() == MAX_REDIRECTS {
            return Err(JobError::new(format!("more than {MAX_REDIRECTS} redirects; the last to {target}")));
        }
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body.clear();
            self.headers.remove(CONTENT_TYPE);
            // They are about the body.
            for field in signature::FIELDS {
                self.headers.remove(field);
            }
        }
        if target.origin() != self.url.origin() {
            self.headers = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT]
                .into_iter()
                .filter_map(|name| self.headers.remove(&name).map(|value| (name, value)))
                .collect();
        }
        self.redirects.push(std::mem::replace(&mut self.url, target));
        Ok(())
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// What another attempt would run into as well.
pub(super) fn refused(message: String) -> JobError {
    JobError::new(message).do_not_retry()
}

/// Why no response came. The library nests four or five errors; the innermost is the one that says it.
pub(super) fn no_response(error: reqwest::Error, url: &Url) -> JobError {
    let host = url.host_str().unwrap_or_default();
    let mut innermost: &dyn Error = &error;
    loop {
        if let Some(address) = innermost.downcast_ref::<Refused>() {
            return refused(format!("{host}: {address}"));
        }
        match innermost.source() {
            Some(source) => innermost = source,
            None => break,
        }
    }
    JobError::new(match (error.is_timeout(), error.is_connect()) {
        (true, _) => format!("no connection to {host} within the time"),
        (_, true) => format!("no connection to {host}: {innermost}"),
        _ => format!("no response from {host}: {innermost}"),
    })
}
