//! The arguments of a request, and what a schema cannot say about them.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskyard_shared::error::FieldError;
use url::{Host, Url};

use super::addresses;
use super::signature::{self, Secrets};
use crate::config::HttpConfig;
use crate::kinds::sentences;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "HTTP request")]
pub struct HttpArgs {
    #[serde(default)]
    #[schemars(title = "Method")]
    pub method: Method,
    /// Where to: http or https, without a user name or password.
    #[schemars(title = "URL", length(min = 1, max = 8192), extend("format" = "uri"))]
    pub url: String,
    /// Header fields by name.
    #[serde(default)]
    #[schemars(title = "Headers", extend("maxProperties" = 100))]
    pub headers: BTreeMap<String, String>,
    /// Sent as it stands, in UTF-8. Say what it is in a Content-Type header.
    #[serde(default)]
    #[schemars(title = "Body")]
    pub body: String,
    /// How long everything may take, redirects and the whole response included.
    #[serde(default = "thirty")]
    #[schemars(title = "Timeout (seconds)", range(min = 1, max = 300))]
    pub timeout_s: u32,
    /// Response statuses that count as success; empty: every one from 200 to 299.
    #[serde(default)]
    #[schemars(title = "Expected statuses", length(max = 50), inner(range(min = 100, max = 599)))]
    pub expected_statuses: Vec<u16>,
    /// Signs the request by Standard Webhooks with the secret of this name, which the server's configuration has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Signed with", with = "String", length(min = 1, max = 64))]
    pub sign: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
    Options,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
        }
    }
}

fn thirty() -> u32 {
    30
}

/// Header fields that belong to the connection: setting them could make one request look like two.
const REFUSED_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl HttpArgs {
    pub(super) fn check(&self, config: &HttpConfig, secrets: &Secrets) -> Result<(), Vec<FieldError>> {
        let mut wrong = Vec::new();
        if let Some(name) = self.sign.as_ref().filter(|name| !secrets.has(name)) {
            wrong.push(FieldError { field: "/sign".to_owned(), message: signature::no_such(name) });
        }
        if let Err(message) = parse_url(&self.url, config) {
            wrong.push(FieldError { field: "/url".to_owned(), message });
        }
        for (name, value) in &self.headers {
            let checked = parse_header(name, value).map(|(known, _)| known);
            let checked = checked.and_then(|known| self.check_signed(&known, value));
            if let Err(message) = checked {
                let field = sentences::join("/headers", name);
                wrong.push(FieldError { field, message });
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// A job may choose the id of its message; the rest of a signature is not its own to say.
    fn check_signed(&self, name: &HeaderName, value: &str) -> Result<(), String> {
        match self.sign {
            Some(_) if *name == signature::ID => signature::check_id(value),
            Some(_) if signature::FIELDS.contains(name) => Err(format!("{name} is set by the server itself")),
            _ => Ok(()),
        }
    }

    pub(super) fn header_map(&self) -> Result<HeaderMap, String> {
        self.headers.iter().map(|(name, value)| parse_header(name, value)).collect()
    }
}

/// A URL that may be asked for. An address that stands in it is checked here, a name when it is resolved.
pub(super) fn parse_url(text: &str, config: &HttpConfig) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("url is not a URL: {error}"))?;
    check_url(&url, config)?;
    Ok(url)
}

pub(super) fn check_url(url: &Url, config: &HttpConfig) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("url must begin with http:// or https://, not {}:", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "url must not hold a user name or password; send an Authorization header instead".to_owned()
        );
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err("url names no host".to_owned()),
    };
    addresses::check(literal, config).map_err(|refused| refused.to_string())
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let known = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "is not a header name: letters, digits and - only".to_owned())?;
    if REFUSED_HEADERS.contains(&known.as_str()) {
        return Err(format!("{known} is set by the server itself"));
    }
    let value = HeaderValue::from_str(value)
        .map_err(|_| format!("{known} must be one line of visible characters"))?;
    Ok((known, value))
}
