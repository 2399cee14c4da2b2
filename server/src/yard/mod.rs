//! The yard: everything that runs, and the handle through which the API, the sockets, the command line and
//! other Rust programs speak to it.

mod builder;
mod checks;
mod commands;
mod handle;
mod housekeeping;
mod start;
mod stop;
mod submissions;

pub use builder::YardBuilder;
pub(crate) use handle::WeakYard;
pub use handle::Yard;
pub use start::StartError;
pub use stop::Stopped;
