//! What expressions in zones promise.

mod dates;
mod daylight;
mod model;
mod properties;
mod reading;
mod refusals;
