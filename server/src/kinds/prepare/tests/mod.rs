//! What becomes of what a client wants added.

mod one;
mod results;
mod several;
