//! The main page: counts and queues at the left, the list in the middle, adding a job at the right.

mod add_job;
mod bulk;
mod clear;
mod counts;
mod empty;
mod keys;
mod kind_form;
mod list;
mod list_model;
mod page;
mod queues;
mod row;
mod selection;
mod toolbar;

pub use page::BoardPage;
