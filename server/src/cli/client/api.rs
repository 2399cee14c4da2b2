//! Requests to the API of a server.

use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskyard::shared::error::{ErrorCode, FieldError, WireError};
use taskyard::shared::job::FileRef;
use taskyard::shared::kind::KindInfo;
use url::Url;

use crate::cli::args::ClientArgs;
use crate::cli::error::{CliError, Refusal};

/// A server's API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: Url,
}

/// RFC 9457, with the members that Taskyard adds.
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    code: Option<ErrorCode>,
    #[serde(default)]
    fields: Vec<FieldError>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// As it came.
    pub json: Value,
    server: String,
}

impl Answer {
    /// The whole answer as what it ought to be.
    ///
    /// # Errors
    /// It is something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, CliError> {
        self.typed(&self.json)
    }

    /// One member of the answer.
    ///
    /// # Errors
    /// As [`Answer::read`].
    pub fn part<T: DeserializeOwned>(&self, name: &str) -> Result<T, CliError> {
        self.typed(&self.json[name])
    }

    fn typed<T: DeserializeOwned>(&self, json: &Value) -> Result<T, CliError> {
        T::deserialize(json)
            .map_err(|error| CliError::Strange { server: self.server.clone(), reason: error.to_string() })
    }
}

impl Api {
    /// # Errors
    /// The address is not one of a server.
    pub fn new(client: &ClientArgs) -> Result<Self, CliError> {
        let wrong = || {
            CliError::Usage(format!(
                "\"{}\" is not the address of a server; write it like http://127.0.0.1:8080",
                client.server
            ))
        };
        let mut base = Url::parse(&client.server).map_err(|_| wrong())?;
        if base.scheme() == "https" {
            return Err(CliError::Usage(
                "the command line speaks plain http only; run it beside the server, or through a tunnel"
                    .to_owned(),
            ));
        }
        if base.scheme() != "http" || base.host().is_none() {
            return Err(wrong());
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // The library asks for a TLS provider even where no TLS is spoken. Installed already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(std::time::Duration::from_secs(10))
            .build()
            .map_err(|error| CliError::Failed(format!("cannot make requests: {error}")))?;
        Ok(Api { http, base })
    }

    /// The server as the person named it.
    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Where the live protocol is spoken.
    pub fn socket_address(&self) -> String {
        let path = format!("{}ws", self.base.path());
        let port = self.base.port().map_or_else(String::new, |port| format!(":{port}"));
        format!("ws://{}{port}{path}", self.base.host_str().unwrap_or_default())
    }

    /// The URL of `segments` below `/api/v1`, each encoded.
    pub fn address(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(segments);
        }
        url
    }

    /// `segments` are those below `/api/v1`, as for all requests.
    pub async fn get(&self, segments: &[&str], query: &[(&str, String)]) -> Result<Answer, CliError> {
        self.answer(self.request(Method::GET, segments).query(query)).await
    }

    pub async fn post(&self, segments: &[&str], body: &impl Serialize) -> Result<Answer, CliError> {
        self.post_with(segments, &[], body).await
    }

    pub async fn post_with(
        &self,
        segments: &[&str],
        query: &[(&str, String)],
        body: &impl Serialize,
    ) -> Result<Answer, CliError> {
        self.answer(self.request(Method::POST, segments).query(query).json(body)).await
    }

    /// As [`Api::post`]; where there is a key, a repeated request is answered as the first was.
    pub async fn post_once(
        &self,
        segments: &[&str],
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<Answer, CliError> {
        let mut request = self.request(Method::POST, segments).json(body);
        if let Some(key) = key {
            let wrong =
                |_| CliError::Usage("an idempotency key has visible ASCII characters only".to_owned());
            let value = HeaderValue::from_str(key).map_err(wrong)?;
            request = request.header("idempotency-key", value);
        }
        self.answer(request).await
    }

    pub async fn put(&self, segments: &[&str], body: &impl Serialize) -> Result<Answer, CliError> {
        self.answer(self.request(Method::PUT, segments).json(body)).await
    }

    pub async fn patch(&self, segments: &[&str], body: &impl Serialize) -> Result<Answer, CliError> {
        self.answer(self.request(Method::PATCH, segments).json(body)).await
    }

    pub async fn delete(&self, segments: &[&str]) -> Result<Answer, CliError> {
        self.answer(self.request(Method::DELETE, segments)).await
    }

    pub async fn delete_with(&self, segments: &[&str], query: &[(&str, String)]) -> Result<Answer, CliError> {
        self.answer(self.request(Method::DELETE, segments).query(query)).await
    }

    /// Sends bytes as they are.
    pub async fn upload(&self, name: &str, content: Vec<u8>) -> Result<FileRef, CliError> {
        let request = self.request(Method::POST, &["uploads"]).query(&[("name", name)]).body(content);
        self.answer(request).await?.read()
    }

    pub async fn kinds(&self) -> Result<Vec<KindInfo>, CliError> {
        self.get(&["kinds"], &[]).await?.part("kinds")
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.http.request(method, self.address(segments))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, CliError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refusal(status, response).await);
        }
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        // Some commands have nothing to say but that they were done.
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        let json = serde_json::from_slice(body).map_err(|error| self.strange(error.to_string()))?;
        Ok(Answer { json, server: self.server().to_owned() })
    }

    async fn refusal(&self, status: StatusCode, response: Response) -> CliError {
        let body = response.bytes().await.unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        match Problem::deserialize(&body) {
            Ok(Problem { title, detail, code: Some(code), fields }) => {
                let message = if detail.is_empty() { title } else { detail };
                let error = WireError::new(code, message).with_fields(fields);
                CliError::Refused(Refusal { error, problem: body })
            }
            _ => self.strange(format!("it says {status}")),
        }
    }

    pub fn strange(&self, reason: String) -> CliError {
        CliError::Strange { server: self.server().to_owned(), reason }
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        CliError::NotThere { server: self.server().to_owned(), reason: root_cause(error) }
    }
}

/// The innermost cause: what the operating system said.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
