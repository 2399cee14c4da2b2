//! stub
use super::*;
use actix::prelude::*;
#[derive(Default)]
pub struct PubSub;
impl Actor for PubSub {
    type Context = Context<Self>;
}
impl Supervised for PubSub {}
impl SystemService for PubSub {}
impl Handler<Publish> for PubSub {
    type Result = ();
    fn handle(&mut self, _: Publish, _: &mut Self::Context) {}
}
impl Handler<Subscribe> for PubSub {
    type Result = ();
    fn handle(&mut self, _: Subscribe, _: &mut Self::Context) {}
}
