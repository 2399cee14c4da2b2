//! The actor; its rules are few enough to stand here.

use actix::{Actor, Context};

/// Passes on what was committed to everyone who subscribed.
pub struct PubSub;

impl Actor for PubSub {
    type Context = Context<Self>;
}
