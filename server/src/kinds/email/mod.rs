//! The `email` kind: one mail, handed to the SMTP server of a pool.
//!
//! A mail goes to all its recipients or to none of them: when the server refuses one, nobody gets it, so that another
//! attempt sends nothing twice. What the server may take later is tried again (4xx, no connection, no answer in time);
//! what it never will is not (5xx, a wrong password).
//!
//! Its `Message-ID` is the same in every attempt. When the answer to a mail is lost it is sent again, and whoever gets it
//! can see that it is the same.

mod args;
mod mail;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use lettre::message::Mailbox;
use serde_json::json;
use taskyard_shared::error::FieldError;

use super::context::JobContext;
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};
use crate::services::pool::{PoolSettings, PoolTarget};
pub use args::EmailArgs;
use mail::Mail;

/// Longest time that the server may take over one mail, once there is a connection.
const SEND_TIMEOUT: Duration = Duration::from_secs(180);
/// Longest time of an attempt: waiting for a connection, an hour at most, and sending.
const TIMEOUT: Duration = Duration::from_secs(3_600 + 300);

/// See the module.
pub struct Email {
    /// The SMTP pools by name, each with the sender of mails that name none.
    pools: BTreeMap<String, Option<Mailbox>>,
}

impl Email {
    /// None: there is no SMTP pool among these.
    pub fn new(pools: &BTreeMap<String, PoolSettings>) -> Option<Self> {
        let smtp = pools.iter().filter_map(|(name, settings)| match &settings.target {
            PoolTarget::Smtp(smtp) => Some((name.clone(), smtp.from.clone())),
            PoolTarget::Postgres(_) | PoolTarget::Sqlite(_) => None,
        });
        let pools: BTreeMap<_, _> = smtp.collect();
        (!pools.is_empty()).then_some(Email { pools })
    }

    /// The pool that is meant, and its sender; a sentence when there is none.
    fn pool(&self, named: &str) -> Result<(&str, Option<&Mailbox>), String> {
        let names = || self.pools.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let found = match named {
            "" if self.pools.len() > 1 => return Err(format!("pool must be one of {}", names())),
            "" => self.pools.first_key_value(),
            named => self.pools.get_key_value(named),
        };
        let (name, from) =
            found.ok_or_else(|| format!("there is no SMTP pool \"{named}\"; there is {}", names()))?;
        Ok((name, from.as_ref()))
    }
}

impl Worker for Email {
    const KIND: &'static str = "email";
    const DESCRIPTION: &'static str = "Sends an email.";
    type Args = EmailArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 4 }
    }

    fn retry(&self) -> RetryPolicy {
        RetryPolicy { timeout: Some(TIMEOUT), ..RetryPolicy::default() }
    }

    fn label(&self, args: &EmailArgs) -> Label {
        let recipients = args.recipients().map(|(_, address)| address);
        Label { name: args.subject.clone(), detail: recipients.collect::<Vec<_>>().join(", ") }
    }

    fn check(&self, args: &EmailArgs) -> Result<(), Vec<FieldError>> {
        let mut wrong = args.check();
        match self.pool(&args.pool) {
            Ok((name, None)) if args.from.is_empty() => wrong.push(FieldError {
                field: "/from".to_owned(),
                message: format!("from is required: the configuration of the pool \"{name}\" has none"),
            }),
            Ok(_) => {}
            Err(message) => wrong.push(FieldError { field: "/pool".to_owned(), message }),
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn uploads(&self, args: &EmailArgs) -> Vec<UploadArg> {
        args.attachments_with_places().filter_map(|(at, file)| file.upload(&at)).collect()
    }

    async fn perform(&self, args: EmailArgs, ctx: JobContext) -> JobResult {
        // Checked when the job was added; the configuration may have changed since.
        let for_good = |message: String| JobError::new(message).do_not_retry();
        let (pool, default_from) = self.pool(&args.pool).map_err(for_good)?;
        let default_from = default_from.cloned();
        let mail = ctx.blocking(move |ctx| Mail::build(&args, default_from, ctx)).await?;
        ctx.progress(0.3);
        let checked_out = ctx.services().pools.smtp(pool, ctx.id()).await;
        let mut connection = checked_out.map_err(|error| error.into_job_error())?;
        ctx.progress(0.5);
        let sending = connection.send(&mail.from, &mail.recipients, &mail.content);
        let sent = tokio::time::timeout(SEND_TIMEOUT, sending).await;
        let sent = sent.map_err(|_| {
            JobError::new(format!("the server did not take the mail within {} s", SEND_TIMEOUT.as_secs()))
        })?;
        let reply = sent.map_err(|error| {
            let failed = JobError::new(error.to_string());
            if error.is_final() { failed.do_not_retry() } else { failed }
        })?;
        let lines: Vec<&str> = reply.message().collect();
        let reply = format!("{} {}", reply.code(), lines.join(" "));
        ctx.info(format!(
            "{} took the mail for {} recipients: {reply}",
            connection.pool(),
            mail.recipients.len()
        ));
        let accepted: Vec<&str> = mail.recipients.iter().map(AsRef::as_ref).collect();
        Ok(json!({ "message_id": mail.message_id, "accepted": accepted, "reply": reply }))
    }
}
