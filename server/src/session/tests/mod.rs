//! Sessions over real sockets.

mod bad_input;
mod client;
mod commands;
mod handshake;
mod slow_tabs;
mod watching;
