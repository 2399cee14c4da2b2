//! Pieces that more than one page uses.

pub mod badge;
pub mod command_form;
pub mod connection_state;
pub mod dialog;
pub mod drop_zone;
pub mod entry;
pub mod fields;
pub mod files;
pub mod help;
pub mod icons;
pub mod job_actions;
pub mod keys;
pub mod list_page;
pub mod notes;
pub mod operations;
pub mod palette;
pub mod progress;
pub mod queue_settings;
pub mod theme;
pub mod time;
pub mod title;
pub mod upload;
