//! What the live views promise.

mod convergence;
mod frames;
mod hub;
pub(crate) mod model;
mod restart;
