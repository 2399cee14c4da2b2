//! The arguments of a mail, and what a schema cannot say about them.

use lettre::message::Mailbox;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskyard_shared::error::FieldError;

use crate::kinds::file_arg::FileArg;

/// Most recipients, of all three sorts together.
const MAX_RECIPIENTS: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Email")]
pub struct EmailArgs {
    /// Addresses: ada@example.org or Ada Lovelace <ada@example.org>. To, cc and bcc have at most 100 together.
    #[serde(default)]
    #[schemars(title = "To", length(max = 100), inner(length(min = 1, max = 400)))]
    pub to: Vec<String>,
    /// Who gets a copy, and is seen to.
    #[serde(default)]
    #[schemars(title = "Cc", length(max = 100), inner(length(min = 1, max = 400)))]
    pub cc: Vec<String>,
    /// Who gets a copy without being seen to.
    #[serde(default)]
    #[schemars(title = "Bcc", length(max = 100), inner(length(min = 1, max = 400)))]
    pub bcc: Vec<String>,
    #[schemars(title = "Subject", length(min = 1, max = 500))]
    pub subject: String,
    /// The mail as plain text. With HTML too, what is shown where HTML is not.
    #[serde(default)]
    #[schemars(title = "Text", length(max = 200_000))]
    pub text: String,
    /// The mail as HTML.
    #[serde(default)]
    #[schemars(title = "HTML", length(max = 200_000))]
    pub html: String,
    /// The sender; without it, that of the pool's configuration.
    #[serde(default)]
    #[schemars(title = "From", length(max = 400))]
    pub from: String,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    #[schemars(title = "Reply to", length(max = 400))]
    pub reply_to: String,
    /// Uploads and artifacts of other jobs; 25 MiB together.
    #[serde(default)]
    #[schemars(title = "Attachments", length(max = 20))]
    pub attachments: Vec<FileArg>,
    /// The SMTP pool; may be left out where there is only one.
    #[serde(default)]
    #[schemars(title = "Pool", length(max = 64))]
    pub pool: String,
}

impl EmailArgs {
    /// Every recipient, with the JSON Pointer to it.
    pub(super) fn recipients(&self) -> impl Iterator<Item = (String, &str)> {
        let sorts = [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)];
        sorts.into_iter().flat_map(|(sort, addresses)| {
            let places = addresses.iter().enumerate();
            places.map(move |(index, address)| (format!("/{sort}/{index}"), address.as_str()))
        })
    }

    pub(super) fn attachments_with_places(&self) -> impl Iterator<Item = (String, &FileArg)> {
        self.attachments.iter().enumerate().map(|(index, file)| (format!("/attachments/{index}"), file))
    }

    pub(super) fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        let mut complain = |field: &str, message: String| {
            wrong.push(FieldError { field: field.to_owned(), message });
        };
        match self.recipients().count() {
            0 => complain("/to", "to is empty; say who gets the mail".to_owned()),
            1..=MAX_RECIPIENTS => {}
            count => {
                complain(
                    "/to",
                    format!("{count} recipients are too many; a mail has at most {MAX_RECIPIENTS}"),
                );
            }
        }
        let senders = [("/from", &self.from), ("/reply_to", &self.reply_to)];
        let senders = senders.into_iter().filter(|(_, address)| !address.is_empty());
        let senders = senders.map(|(field, address)| (field.to_owned(), address.as_str()));
        for (field, address) in self.recipients().chain(senders) {
            if let Err(message) = mailbox(address) {
                complain(&field, message);
            }
        }
        if self.subject.chars().any(char::is_control) {
            complain("/subject", "subject must be one line".to_owned());
        }
        if self.text.is_empty() && self.html.is_empty() && self.attachments.is_empty() {
            complain("/text", "the mail is empty; give text, html or attachments".to_owned());
        }
        for (at, file) in self.attachments_with_places() {
            file.check(&at, &mut wrong);
        }
        wrong
    }
}

/// An address with or without a name.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, String> {
    let example = "an address is like ada@example.org or Ada Lovelace <ada@example.org>";
    if text.chars().any(char::is_control) {
        return Err(format!("it must be one line; {example}"));
    }
    if !text.contains('@') {
        return Err(format!("\"{text}\" has no @; {example}"));
    }
    text.parse().map_err(|_| format!("\"{text}\" is not an address; {example}"))
}
