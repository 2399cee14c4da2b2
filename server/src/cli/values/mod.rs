//! What is typed for a time, a rate or a choice, as the values that the server is sent. A mistake is answered
//! with a sentence that says how to write it.

mod backoff;
mod choice;
mod duration;
mod instant;
mod keep;
mod name;
mod rate;

pub use backoff::{backoff, backoff_in_words};
pub use choice::choice;
pub use duration::{duration, in_words, timeout, undo_time};
pub use instant::instant;
pub use keep::keep;
pub use name::name;
pub use rate::{rate, rate_in_words};
