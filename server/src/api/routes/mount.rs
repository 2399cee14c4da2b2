//! The table as part of an application, and what is answered where no route matches.

use std::rc::Rc;

use actix_web::dev::ResourceDef;
use actix_web::{HttpRequest, HttpResponse, web};
use taskyard_shared::error::{ErrorCode, WireError};

use super::route::Verb;
use super::table::table;
use crate::api::mounted::path_within;
use crate::api::problem::{problem, wrong_method};

/// Where the table's paths are.
pub const PREFIX: &str = "/api/v1";

/// The methods that each path of the table can be asked with.
struct Paths(Vec<(ResourceDef, Verb)>);

impl Paths {
    fn allowed(&self, path: &str) -> Vec<Verb> {
        self.0.iter().filter(|(pattern, _)| pattern.is_match(path)).map(|&(_, verb)| verb).collect()
    }
}

/// Every route of the table.
pub fn mount(config: &mut web::ServiceConfig) {
    let mut scope = web::scope(PREFIX);
    let mut paths = Vec::new();
    for route in table() {
        paths.push((ResourceDef::new(format!("{PREFIX}{}", route.path)), route.verb));
        // Each route is a resource of its own, so that `/schedules/preview` hides nothing of `/schedules/{name}`
        // but the method that it has itself.
        scope = scope.route(route.path, route.into_service());
    }
    let paths = Rc::new(Paths(paths));
    let otherwise = move |request: HttpRequest| {
        let response = no_such_route(&paths, &request);
        async move { response }
    };
    config.service(scope.default_service(web::to(otherwise)));
}

fn no_such_route(paths: &Paths, request: &HttpRequest) -> HttpResponse {
    let allowed = paths.allowed(path_within(request));
    if allowed.is_empty() {
        let message = format!("there is no {} {}", request.method(), request.path());
        return problem(&WireError::new(ErrorCode::NotFound, message));
    }
    let allowed: Vec<&str> =
        Verb::ALL.into_iter().filter(|verb| allowed.contains(verb)).map(Verb::allow).collect();
    wrong_method(request, &allowed.join(", "))
}
