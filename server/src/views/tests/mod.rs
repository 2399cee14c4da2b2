//! What the live views promise.

mod convergence;
mod frames;
mod histories;
mod hub;
mod log_convergence;
pub(crate) mod model;
mod restart;
pub(crate) mod yard;
