//! What HTTP clients can ask for.

pub mod origin;
