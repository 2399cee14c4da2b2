//! A caller's place at a pool.

use std::sync::Arc;

use actix::Addr;

use super::actor::ConnectionPool;
use super::books::PlaceNumber;
use super::messages::{Left, Took};

/// Held by a caller from when it asks until it gives its connection back. When it is dropped the actor is told; also
/// when the answer to its question finds the caller gone.
pub(super) struct Place {
    pub addr: Addr<ConnectionPool>,
    pub pool: Arc<str>,
    pub number: PlaceNumber,
}

impl Place {
    pub fn took(&self) {
        // Once for each place, so this cannot pile up.
        self.addr.do_send(Took { pool: Arc::clone(&self.pool), place: self.number });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Once for each place, so this cannot pile up.
        self.addr.do_send(Left { pool: Arc::clone(&self.pool), place: self.number });
    }
}
