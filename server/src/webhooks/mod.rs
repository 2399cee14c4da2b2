//! Outgoing webhooks: each end of a job that a webhook asks for becomes a job of the kind `http`, in the queue
//! `webhooks`, signed and tried again as those are.
//!
//! The ends are read from the store, after the commit that PubSub tells of: nothing is kept in memory but how far that
//! is ([`position`]), so nothing is lost to a full buffer, a restart of a part or a crash. The position on the disk
//! lags by a second at most; what is read twice after a crash finds its webhook job by the unique key and adds none. So a
//! message is sent at least once, and its id is the same however often.
//!
//! Not told of are ends of jobs in the queue `webhooks` itself, and an end that was undone before it was read: the job
//! was retried or deleted within the moment between (or while the queue took no jobs). When the system's clock is set
//! back, ends go untold until it has caught up.
//!
//! Nothing of this runs where no webhook is configured.

mod ended;
mod message;
mod position;
mod relay;
#[cfg(test)]
mod tests;

pub(crate) use relay::{QUEUE, start};

/// Webhook jobs that are at work at the same time, unless the configuration says otherwise.
pub(crate) const CONCURRENCY: u32 = 4;
