//! Requests to the API of a server.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use taskyard::shared::error::{ErrorCode, FieldError, WireError};
use taskyard::shared::kind::KindInfo;
use url::Url;

use crate::cli::args::ServerArg;
use crate::cli::error::CliError;

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

#[derive(Deserialize)]
struct Kinds {
    kinds: Vec<KindInfo>,
}

impl Api {
    /// # Errors
    /// The address is not one of a server.
    pub fn new(server: &ServerArg) -> Result<Self, CliError> {
        let wrong = || {
            CliError::Usage(format!(
                "\"{}\" is not the address of a server; write it like http://127.0.0.1:8080",
                server.server
            ))
        };
        let mut base = Url::parse(&server.server).map_err(|_| wrong())?;
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

    /// The URL of `segments` below the server, each encoded.
    pub fn address(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, CliError> {
        self.answer(self.http.get(self.address(segments)).query(query)).await
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, String)],
        body: &impl Serialize,
    ) -> Result<T, CliError> {
        self.answer(self.http.post(self.address(segments)).query(query).json(body)).await
    }

    pub async fn patch<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        body: &impl Serialize,
    ) -> Result<T, CliError> {
        self.answer(self.http.request(Method::PATCH, self.address(segments)).json(body)).await
    }

    /// Sends bytes as they are.
    pub async fn upload<T: DeserializeOwned>(&self, name: &str, content: Vec<u8>) -> Result<T, CliError> {
        let address = self.address(&["api", "v1", "uploads"]);
        self.answer(self.http.post(address).query(&[("name", name)]).body(content)).await
    }

    pub async fn kinds(&self) -> Result<Vec<KindInfo>, CliError> {
        let kinds: Kinds = self.get(&["api", "v1", "kinds"], &[]).await?;
        Ok(kinds.kinds)
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CliError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refusal(status, response).await);
        }
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        // Some commands have nothing to say but that they were done.
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(body).map_err(|error| self.strange(error.to_string()))
    }

    async fn refusal(&self, status: StatusCode, response: Response) -> CliError {
        let body = response.bytes().await.unwrap_or_default();
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        match problem {
            Some(Problem { title, detail, code: Some(code), fields }) => {
                let message = if detail.is_empty() { title } else { detail };
                CliError::Refused(WireError { code, message, fields })
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
