//! Who sent a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::part::{Describe, Part};
use crate::api::guard::Access;
use crate::services::Client;

/// The client of a request; `trusted_proxies` of [`Access`] may speak for others.
pub fn client_of(request: &HttpRequest) -> Client {
    let trusted = request.app_data::<web::Data<Access>>().map_or(&[][..], |access| &access.trusted_proxies);
    let values: Vec<&str> =
        request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
    Client::new(request.peer_addr().map(|peer| peer.ip()), values.into_iter(), trusted)
}

impl Describe for Client {
    fn describe(_: &mut Vec<Part>) {}
}

impl FromRequest for Client {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(client_of(request)))
    }
}
