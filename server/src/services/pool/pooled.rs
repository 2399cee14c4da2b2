//! A connection in use.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use deadpool::managed::Object;

use super::connects::{Connects, Keeper};
use super::place::Place;

/// A connection that goes back to its pool when this is dropped; or is closed, if it broke, has a transaction open, or was
/// in an exchange.
pub struct Pooled<C: Connects> {
    /// None only while it is dropped.
    object: Option<Object<Keeper<C>>>,
    in_exchange: bool,
    /// Dropped last: the place is free when the connection is back.
    place: Place,
}

impl<C: Connects> Pooled<C> {
    pub(super) fn new(object: Object<Keeper<C>>, place: Place) -> Self {
        place.took();
        Pooled { object: Some(object), in_exchange: false, place }
    }

    /// From here until [`Pooled::end_exchange`] the connection waits for an answer: dropped in between, as when the job
    /// is cancelled, it is closed, and what its server still does for it is stopped where that is possible.
    pub fn begin_exchange(&mut self) {
        self.in_exchange = true;
    }

    pub fn end_exchange(&mut self) {
        self.in_exchange = false;
    }

    /// The pool's name.
    pub fn pool(&self) -> &str {
        &self.place.pool
    }
}

impl<C: Connects> Deref for Pooled<C> {
    type Target = C::Connection;

    fn deref(&self) -> &C::Connection {
        &self.object.as_ref().expect("it is there until this is dropped").connection
    }
}

impl<C: Connects> DerefMut for Pooled<C> {
    fn deref_mut(&mut self) -> &mut C::Connection {
        &mut self.object.as_mut().expect("it is there until this is dropped").connection
    }
}

impl<C: Connects> Drop for Pooled<C> {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        if !self.in_exchange && C::is_clean(&object.connection) {
            object.idle_since = Instant::now();
            return;
        }
        let pool = Object::pool(&object);
        let connection = Object::take(object).connection;
        match pool {
            Some(pool) => pool.manager().connector.abandon(connection),
            None => drop(connection),
        }
    }
}
