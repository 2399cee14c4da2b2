//! Pieces that more than one page uses.

pub mod badge;
pub mod connection_state;
pub mod dialog;
pub mod drop_zone;
pub mod help;
pub mod icons;
pub mod job_actions;
pub mod keys;
pub mod notes;
pub mod palette;
pub mod progress;
pub mod theme;
pub mod time;
pub mod upload;
