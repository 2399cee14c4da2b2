//! Results of earlier jobs in arguments: `{"$result": {"job": 12, "pointer": "/url"}}` stands for what the result of
//! job 12 has at `/url`, and for all of it without a pointer (RFC 6901). In a call that adds several jobs
//! `{"ref": "name"}` means the job of that name. `{"after": 0}` means the first of those that the job comes after,
//! in whichever way they were named; that is also how a `ref` is stored. Whoever is meant must be among them.
//!
//! What stands there when the job is added is checked in its form ([`placeholder`]); its value is put in when an
//! attempt begins ([`fill`]).

mod file_refs;
mod fill;
mod placeholder;
mod stand_in;

pub(super) use file_refs::settle_files;
pub(super) use placeholder::{Places, Source, settle};
pub(super) use stand_in::{STAND_IN, stand_in};
