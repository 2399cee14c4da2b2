//! The board as people meet it: the real server, real Chromium, and everything found by role and name.

mod board;
mod first_visit;
mod forms;
mod looks;
mod many_jobs;
mod pictures;
mod restart;
mod single_job;
mod two_windows;
