//! Signatures that say who sent a request: Standard Webhooks 1.0 (<https://www.standardwebhooks.com>).
//!
//! Three header fields: `webhook-id` is the same for every attempt of a job, so that a receiver knows a repeat;
//! `webhook-timestamp` is when the attempt was made, in seconds since the Unix epoch; `webhook-signature` is `v1,` and
//! the Base64 of the HMAC-SHA256 of `id.timestamp.body`. Secrets stay in the configuration: jobs name them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use super::args::HttpArgs;
use crate::config::SecretText;
use crate::files::hex;
use crate::kinds::job_error::JobError;
use taskyard_shared::job::JobId;

pub(super) const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// What the header fields are called that belong to a signature.
pub(super) const FIELDS: [HeaderName; 3] = [ID, TIMESTAMP, SIGNATURE];

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How long a secret may be, in bytes.
const MIN_SECRET_BYTES: usize = 24;
const MAX_SECRET_BYTES: usize = 64;
/// Most characters of a `webhook-id`.
const MAX_ID_CHARS: usize = 200;

/// A secret that cannot be used. Says where it stands, never what it is.
#[derive(Debug, thiserror::Error)]
#[error("http.secrets.{name} {says}")]
pub struct SecretError {
    name: String,
    says: String,
}

/// The secrets of a server, by name.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    keys: BTreeMap<String, Vec<u8>>,
}

impl Secrets {
    /// # Errors
    /// The first secret that cannot be read or has the wrong form.
    pub fn read(secrets: &BTreeMap<String, SecretText>) -> Result<Self, SecretError> {
        let key = |(name, text): (&String, &SecretText)| match text.reveal().and_then(|text| decode(&text)) {
            Ok(key) => Ok((name.clone(), key)),
            Err(says) => Err(SecretError { name: name.clone(), says }),
        };
        Ok(Secrets { keys: secrets.iter().map(key).collect::<Result<_, _>>()? })
    }

    pub fn has(&self, name: &str) -> bool {
        self.keys.contains_key(name)
    }

    /// Adds the signature of one attempt, if the arguments name a secret. Answers the message's id then.
    ///
    /// # Errors
    /// There is no such secret (any more).
    pub fn sign(
        &self,
        args: &HttpArgs,
        job: JobId,
        now_s: i64,
        headers: &mut HeaderMap,
    ) -> Result<Option<String>, JobError> {
        let Some(name) = &args.sign else { return Ok(None) };
        let key = self.keys.get(name).ok_or_else(|| JobError::new(no_such(name)).do_not_retry())?;
        let id = match headers.get(&ID) {
            Some(id) => id.to_str()?.to_owned(),
            None => {
                let content = format!("{job} {} {}", args.url, args.body);
                format!("msg_{job}_{}", hex(&mac(key, content.as_bytes())?[..8]))
            }
        };
        let signed = mac(key, format!("{id}.{now_s}.{}", args.body).as_bytes())?;
        headers.insert(ID, HeaderValue::from_str(&id)?);
        headers.insert(TIMESTAMP, HeaderValue::from(now_s));
        headers.insert(SIGNATURE, HeaderValue::from_str(&format!("v1,{}", BASE64_STANDARD.encode(signed)))?);
        Ok(Some(id))
    }
}

pub(super) fn no_such(name: &str) -> String {
    format!("this server has no secret called \"{name}\"; its configuration names them in [http.secrets]")
}

/// What is wrong with a `webhook-id` that a job chose.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'.';
    if (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(is_plain) {
        return Ok(());
    }
    Err(format!("webhook-id must have 1 to {MAX_ID_CHARS} visible ASCII characters without dots"))
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    let form =
        || format!("must be {PREFIX} and the Base64 of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes");
    let encoded = text.trim().strip_prefix(PREFIX).ok_or_else(form)?;
    let key = BASE64_STANDARD.decode(encoded).map_err(|_| form())?;
    if (MIN_SECRET_BYTES..=MAX_SECRET_BYTES).contains(&key.len()) { Ok(key) } else { Err(form()) }
}

fn mac(key: &[u8], content: &[u8]) -> Result<Vec<u8>, JobError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(content);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of the reference implementations.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn secrets() -> Secrets {
        Secrets::read(&[("s".to_owned(), SecretText::new(SECRET))].into()).expect("a good secret")
    }

    fn signed(args: serde_json::Value) -> HeaderMap {
        let args: HttpArgs = serde_json::from_value(args).expect("arguments");
        let mut headers = args.header_map().expect("headers");
        secrets().sign(&args, JobId(5), 1_614_265_330, &mut headers).expect("signed");
        headers
    }

    #[test]
    fn the_signature_is_that_of_the_standard() {
        let headers = signed(json!({
            "url": "http://a.example/", "sign": "s", "body": "{\"test\": 2432232314}",
            "headers": {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek"},
        }));
        assert_eq!(headers[SIGNATURE], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers[TIMESTAMP], "1614265330");
    }

    #[test]
    fn a_message_keeps_its_id_and_another_has_another() {
        let id = |body| signed(json!({"url": "http://a.example/", "sign": "s", "body": body}))[ID].clone();
        assert_eq!(id("a"), id("a"));
        assert_ne!(id("a"), id("b"));
        assert!(id("a").to_str().is_ok_and(|id| id.starts_with("msg_5_") && check_id(id).is_ok()));
        assert!(signed(json!({"url": "http://a.example/"})).is_empty());
    }

    #[test]
    fn a_wrong_secret_is_named_and_not_repeated() {
        let short = format!("whsec_{}", BASE64_STANDARD.encode([7; 23]));
        for text in
            ["abc", "whsec_!!", short.as_str(), "env:TASKYARD_NO_SUCH_VARIABLE", "file:/nowhere/secret"]
        {
            let error = Secrets::read(&[("pay".to_owned(), SecretText::new(text))].into()).err().expect(text);
            let says = error.to_string();
            assert!(says.starts_with("http.secrets.pay ") && !says.contains("whsec_!!"), "{says}");
        }
    }
}
