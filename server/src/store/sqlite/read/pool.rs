//! The reading connections. Bound: [`MAX_CONNECTIONS`]; who comes when all are in use waits for one.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::super::open::reading_connection;

/// Most connections that are open for reading. Each is opened when it is first needed, and kept.
const MAX_CONNECTIONS: usize = 4;

pub(super) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    /// Idle and borrowed.
    open: usize,
}

impl Pool {
    pub fn new() -> Self {
        Pool { state: Mutex::default(), returned: Condvar::new() }
    }

    /// A connection, as soon as there is one.
    pub fn borrow(&self, file: &Path) -> rusqlite::Result<Borrowed<'_>> {
        let mut state = self.state();
        loop {
            if let Some(conn) = state.idle.pop() {
                return Ok(Borrowed { pool: self, conn: Some(conn) });
            }
            if state.open < MAX_CONNECTIONS {
                state.open += 1;
                drop(state);
                // Gives its place back if the connection cannot be opened.
                let mut place = Borrowed { pool: self, conn: None };
                place.conn = Some(reading_connection(file)?);
                return Ok(place);
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Borrowed<'p> {
    pool: &'p Pool,
    /// None only while it is being opened.
    conn: Option<Connection>,
}

impl Deref for Borrowed<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn.as_ref().expect("it was opened before it was lent")
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        match self.conn.take() {
            Some(conn) => state.idle.push(conn),
            None => state.open -= 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
