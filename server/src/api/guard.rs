//! Who may ask: requests that pages of other sites make a browser send are refused, and so are requests
//! under a name that is not the server's (DNS rebinding).

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web;
use ipnet::IpNet;
use taskyard_shared::error::{ErrorCode, WireError};

use super::origin::check_origin;
use super::problem::problem;

/// Whom the server answers.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Origins other than the server's own whose pages may use it: `https://board.example.org`.
    pub allowed_origins: Vec<String>,
    /// Names under which the server is reached.
    pub allowed_hosts: AllowedHosts,
    /// Addresses of proxies whose header `X-Forwarded-For` says who a client is.
    pub trusted_proxies: Vec<IpNet>,
}

/// Names that a request may call the server by.
#[derive(Clone, Debug)]
pub enum AllowedHosts {
    /// IP addresses, `localhost`, and these.
    Listed(Vec<String>),
    /// Whatever a request says: for applications that check names themselves. Without such a check a page of
    /// another site can point its own name at this server, and then speak to it (DNS rebinding).
    Any,
}

impl Default for AllowedHosts {
    fn default() -> Self {
        AllowedHosts::Listed(Vec::new())
    }
}

impl Access {
    fn allows_host(&self, host: &str) -> bool {
        let AllowedHosts::Listed(allowed) = &self.allowed_hosts else { return true };
        let name = without_port(host);
        // A page cannot make a browser send an address that is not the one it connects to.
        name.eq_ignore_ascii_case("localhost")
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
            || allowed
                .iter()
                .any(|entry| entry.eq_ignore_ascii_case(name) || entry.eq_ignore_ascii_case(host))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

/// Middleware around everything the server answers.
///
/// # Errors
/// Those of the handlers; a refusal is a response.
pub async fn refuse_foreign(
    access: web::Data<Access>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match refusal(&access, &request) {
        Some(message) => {
            let response = problem(&WireError::new(ErrorCode::ForbiddenOrigin, message));
            Ok(request.into_response(response))
        }
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

fn refusal(access: &Access, request: &ServiceRequest) -> Option<String> {
    let header =
        |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("(not readable)"));
    let host = header("host");
    if let Some(host) = host
        && !access.allows_host(host)
    {
        return Some(format!("\"{host}\" is not a name of this server; add it to server.allowed_hosts"));
    }
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return None;
    }
    check_origin(header("origin"), host, &access.allowed_origins).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_localhost_and_listed_names_are_names_of_the_server() {
        let access = Access {
            allowed_hosts: AllowedHosts::Listed(vec!["jobs.example.org".to_owned()]),
            ..Access::default()
        };
        for host in ["127.0.0.1:8080", "[::1]:8080", "localhost:8080", "LOCALHOST", "jobs.example.org:80"] {
            assert!(access.allows_host(host), "{host}");
        }
        for host in ["evil.example:8080", "127.0.0.1.evil.example", "jobs.example.org.evil.example", ""] {
            assert!(!access.allows_host(host), "{host}");
        }
    }
}
