//! From what a client wants added to what the store keeps. Everything that can be wrong with a job is found here,
//! before anything is stored: all of it at once.

mod after;
mod arguments;
mod draft;
mod links;
mod order;
mod prepared;
mod settings;
mod several;
#[cfg(test)]
mod tests;
mod unique;
mod uploads;
mod wrong;

pub use prepared::Prepared;
