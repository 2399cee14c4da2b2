//! The core run through random histories, with the memory store and an executor made of words.

mod jobs;
mod limit_watch;
mod properties;
mod stories;
mod world;
