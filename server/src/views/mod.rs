//! stub
use crate::{pubsub::Publish, store::StoreReader, supervision::Supervision};
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;
#[derive(Default)]
pub struct ViewHub;
pub struct ViewHubConfig {
    pub frame_interval: Duration,
}
impl ViewHubConfig {
    pub fn new(_: Arc<dyn StoreReader>, _: Supervision) -> Self {
        Self { frame_interval: Duration::from_millis(50) }
    }
}
impl ViewHub {
    pub fn new(_: ViewHubConfig) -> Self {
        ViewHub
    }
}
impl Actor for ViewHub {
    type Context = Context<Self>;
}
impl Supervised for ViewHub {}
impl SystemService for ViewHub {}
impl Handler<Publish> for ViewHub {
    type Result = ();
    fn handle(&mut self, _: Publish, _: &mut Self::Context) {}
}
