//! From arguments to what is sent.

use std::io::Read;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, address::Envelope};
use sha2::{Digest, Sha256};

use super::args::{self, EmailArgs};
use crate::files::hex;
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;

/// Most bytes of all attachments together; in a mail they take a third more. In memory while the mail is sent.
const MAX_ATTACHED_BYTES: u64 = 25 * 1024 * 1024;

/// A mail, ready for the server.
pub(super) struct Mail {
    pub message_id: String,
    pub from: Address,
    /// Each once.
    pub recipients: Vec<Address>,
    pub content: Vec<u8>,
}

impl Mail {
    /// Blocks on the disk.
    ///
    /// # Errors
    /// An attachment is not there, or they are too large.
    pub fn build(
        args: &EmailArgs,
        default_from: Option<Mailbox>,
        ctx: &JobContext,
    ) -> Result<Self, JobError> {
        let for_good = |message: String| JobError::new(message).do_not_retry();
        let mailbox = |text: &str| args::mailbox(text).map_err(for_good);
        let from = match args.from.as_str() {
            "" => default_from.ok_or_else(|| for_good("the pool has no sender any more".to_owned()))?,
            from => mailbox(from)?,
        };
        let message_id = message_id(ctx, from.email.domain())?;
        let mut builder = Message::builder()
            .message_id(Some(message_id.clone()))
            .date_now()
            .from(from.clone())
            .subject(args.subject.clone());
        for address in &args.to {
            builder = builder.to(mailbox(address)?);
        }
        for address in &args.cc {
            builder = builder.cc(mailbox(address)?);
        }
        if !args.reply_to.is_empty() {
            builder = builder.reply_to(mailbox(&args.reply_to)?);
        }
        let mut recipients: Vec<Address> = Vec::new();
        for (_, address) in args.recipients() {
            let address = mailbox(address)?.email;
            if !recipients.contains(&address) {
                recipients.push(address);
            }
        }
        // Said outright, because who is in bcc stands in no header.
        let envelope = Envelope::new(Some(from.email.clone()), recipients.clone());
        let builder = builder.envelope(envelope.map_err(|error| for_good(error.to_string()))?);
        let built = match (words(args), attachments(args, ctx)?) {
            (Words::One(part), attached) if attached.is_empty() => builder.singlepart(part),
            (Words::Both(parts), attached) if attached.is_empty() => builder.multipart(parts),
            (words, attached) => {
                let mixed = match words {
                    Words::One(part) => MultiPart::mixed().singlepart(part),
                    Words::Both(parts) => MultiPart::mixed().multipart(parts),
                };
                builder.multipart(attached.into_iter().fold(mixed, MultiPart::singlepart))
            }
        };
        let message = built.map_err(|error| for_good(format!("the mail cannot be made: {error}")))?;
        Ok(Mail { message_id, from: from.email, recipients, content: message.formatted() })
    }
}

/// What is to be read.
enum Words {
    One(SinglePart),
    Both(MultiPart),
}

fn words(args: &EmailArgs) -> Words {
    match (args.text.as_str(), args.html.as_str()) {
        (text, "") => Words::One(SinglePart::plain(text.to_owned())),
        ("", html) => Words::One(SinglePart::html(html.to_owned())),
        (text, html) => Words::Both(MultiPart::alternative_plain_html(text.to_owned(), html.to_owned())),
    }
}

fn attachments(args: &EmailArgs, ctx: &JobContext) -> Result<Vec<SinglePart>, JobError> {
    let mut left = MAX_ATTACHED_BYTES;
    let mut parts = Vec::new();
    for file in &args.attachments {
        let opened = ctx.open_file(file)?;
        let size = opened.file.bytes;
        left = left.checked_sub(size).ok_or_else(|| {
            let most = MAX_ATTACHED_BYTES / (1024 * 1024);
            JobError::new(format!("the attachments have more than {most} MiB together")).do_not_retry()
        })?;
        let mut content = Vec::new();
        opened.content.take(size).read_to_end(&mut content)?;
        let media_type = ContentType::parse(&opened.file.media_type)
            .or_else(|_| ContentType::parse("application/octet-stream"))?;
        let name = if opened.file.name.is_empty() { "attachment".to_owned() } else { opened.file.name };
        ctx.info(format!("attached {name}: {size} bytes"));
        parts.push(Attachment::new(name).body(content, media_type));
    }
    Ok(parts)
}

/// The same for every attempt, and another for every job of any yard: the number of the job, and a hash of that with when
/// it was added.
fn message_id(ctx: &JobContext, domain: &str) -> Result<String, JobError> {
    let id = ctx.id();
    let added_ms = ctx.added_ms()?;
    let hash = Sha256::digest(format!("taskyard job {id} of {added_ms} for {domain}"));
    let hash = hash.iter().take(8).copied().collect::<Vec<_>>();
    Ok(format!("<job-{id}.{}@{domain}>", hex(&hash)))
}
