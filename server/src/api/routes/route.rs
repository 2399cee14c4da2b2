//! A route: what answers it, and what the document says of it.

use std::marker::PhantomData;

use actix_web::dev::Handler;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::{FromRequest, Responder, web};
use schemars::JsonSchema;
use serde_json::Value;
use taskyard_shared::error::ErrorCode;

use crate::api::request::{Describe, NoBody, NoQuery, Part, SchemaOf, schema_of};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub const ALL: [Verb; 5] = [Verb::Get, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete];

    /// As a key of the document.
    pub const fn key(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Put => "put",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
        }
    }

    pub fn method(self) -> Method {
        match self {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        }
    }

    /// What is written in the header `Allow`. Whatever may be got may be asked for without its content, too.
    pub const fn allow(self) -> &'static str {
        match self {
            Verb::Get => "GET, HEAD",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    fn guarded(self) -> actix_web::Route {
        match self {
            Verb::Get => web::route().guard(Any(Get()).or(Head())),
            other => web::method(other.method()),
        }
    }
}

/// What a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    Jobs,
    Batches,
    Operations,
    Queues,
    Limits,
    Schedules,
    Files,
    Services,
    Server,
}

impl Tag {
    pub const ALL: [Tag; 9] = [
        Tag::Jobs,
        Tag::Batches,
        Tag::Operations,
        Tag::Queues,
        Tag::Limits,
        Tag::Schedules,
        Tag::Files,
        Tag::Services,
        Tag::Server,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Tag::Jobs => "Jobs",
            Tag::Batches => "Batches",
            Tag::Operations => "Operations",
            Tag::Queues => "Queues",
            Tag::Limits => "Limits",
            Tag::Schedules => "Schedules",
            Tag::Files => "Files",
            Tag::Services => "Services",
            Tag::Server => "Server",
        }
    }

    pub const fn description(self) -> &'static str {
        match self {
            Tag::Jobs => "Add jobs, look at them, and say what becomes of them.",
            Tag::Batches => "Jobs that were added together.",
            Tag::Operations => "Do something to all jobs that match a filter.",
            Tag::Queues => "Where jobs wait: how many run at a time, and what is kept of them.",
            Tag::Limits => "How many jobs of a queue, kind or key run at a time, and how often one starts.",
            Tag::Schedules => "Jobs that are added again and again, by cron expressions.",
            Tag::Files => "What jobs are given, and what they make.",
            Tag::Services => "The rate limiter, the cache and the pools of connections.",
            Tag::Server => "What this server is and knows.",
        }
    }
}

/// What a route answers when all is well.
pub struct Success {
    pub status: u16,
    pub description: &'static str,
    pub content: Content,
}

pub enum Content {
    Json {
        schema: SchemaOf,
        example: Option<Value>,
    },
    /// The reply of the live protocol with this `type`.
    Reply {
        name: &'static str,
        example: Value,
    },
    /// Anything else, of this media type.
    Other {
        media_type: &'static str,
    },
}

/// A handler that is called when what the request brings besides its arguments is as `E` has it.
struct Besides<F, E>(F, PhantomData<fn() -> E>);

impl<F, E> Besides<F, E> {
    fn new(handler: F) -> Self {
        Besides(handler, PhantomData)
    }
}

impl<F: Clone, E> Clone for Besides<F, E> {
    fn clone(&self) -> Self {
        Besides::new(self.0.clone())
    }
}

impl<F, E, Args> Handler<(E, Args)> for Besides<F, E>
where
    F: Handler<Args>,
    E: 'static,
{
    type Output = F::Output;
    type Future = F::Future;

    fn call(&self, (_, args): (E, Args)) -> F::Future {
        self.0.call(args)
    }
}

/// A row of the table.
pub struct Route {
    pub verb: Verb,
    /// Below [`super::PREFIX`].
    pub path: &'static str,
    /// Unique, for programs that are made from the document.
    pub id: &'static str,
    pub tag: Tag,
    pub summary: &'static str,
    pub notes: &'static str,
    pub request: Vec<Part>,
    pub example: Option<Value>,
    pub successes: Vec<Success>,
    /// Besides those that follow from what the request brings.
    pub errors: &'static [ErrorCode],
    service: actix_web::Route,
}

impl Route {
    /// A route that is answered by this handler, whose arguments say what it takes. A query or a body that it does not
    /// take is refused.
    pub fn new<F, Args>(verb: Verb, path: &'static str, id: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Describe + 'static,
        F::Output: Responder + 'static,
    {
        let mut request = Vec::new();
        Args::describe(&mut request);
        let takes_query = request.iter().any(|part| matches!(part, Part::Query { .. }));
        let takes_body = request.iter().any(|part| matches!(part, Part::Json(_) | Part::File { .. }));
        let service = match (takes_query, takes_body) {
            (true, true) => verb.guarded().to(handler),
            (true, false) => verb.guarded().to(Besides::<_, NoBody>::new(handler)),
            (false, true) => verb.guarded().to(Besides::<_, NoQuery>::new(handler)),
            (false, false) => verb.guarded().to(Besides::<_, (NoQuery, NoBody)>::new(handler)),
        };
        Route {
            verb,
            path,
            id,
            tag: Tag::Server,
            summary: "",
            notes: "",
            request,
            example: None,
            successes: Vec::new(),
            errors: &[],
            service,
        }
    }

    pub fn about(mut self, tag: Tag, summary: &'static str) -> Self {
        self.tag = tag;
        self.summary = summary;
        self
    }

    pub fn notes(mut self, notes: &'static str) -> Self {
        self.notes = notes;
        self
    }

    /// A body that it takes.
    pub fn example(mut self, body: Value) -> Self {
        self.example = Some(body);
        self
    }

    pub fn gives<T: JsonSchema>(mut self, status: u16, description: &'static str, example: Value) -> Self {
        let content = Content::Json { schema: schema_of::<T>, example: Some(example) };
        self.successes.push(Success { status, description, content });
        self
    }

    /// As [`Route::gives`], where an example would not help.
    pub fn gives_some<T: JsonSchema>(mut self, status: u16, description: &'static str) -> Self {
        let content = Content::Json { schema: schema_of::<T>, example: None };
        self.successes.push(Success { status, description, content });
        self
    }

    /// Answers 200 and the reply of this example's `type`.
    pub fn replies(self, name: &'static str, description: &'static str, example: Value) -> Self {
        self.replies_with(200, name, description, example)
    }

    pub fn replies_with(
        mut self,
        status: u16,
        name: &'static str,
        description: &'static str,
        example: Value,
    ) -> Self {
        let content = Content::Reply { name, example };
        self.successes.push(Success { status, description, content });
        self
    }

    pub fn gives_other(mut self, status: u16, media_type: &'static str, description: &'static str) -> Self {
        self.successes.push(Success { status, description, content: Content::Other { media_type } });
        self
    }

    pub fn fails(mut self, errors: &'static [ErrorCode]) -> Self {
        self.errors = errors;
        self
    }

    pub(super) fn into_service(self) -> actix_web::Route {
        self.service
    }
}
