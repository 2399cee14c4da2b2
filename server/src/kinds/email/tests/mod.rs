//! Mails from a yard into a real SMTP server.

mod smtp_server;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard_shared::error::WireError;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{After, NewJob};
use taskyard_shared::service::PoolStatus;

use crate::Yard;
use crate::kinds::{JobContext, JobResult, Label, Worker};
use crate::services::ServicesConfig;
use crate::services::pool::{PoolSettings, PoolTarget, Secret, SmtpSettings, SmtpTls};
use crate::testing::{Ran, TestYard};
use smtp_server::{NOBODY, PASSWORD, Security, SmtpServer, USER};

const HOUR: Duration = Duration::from_secs(3_600);

/// Makes a file that other jobs attach.
struct Write;

#[derive(Serialize, Deserialize, JsonSchema)]
struct WriteArgs {
    text: String,
}

impl Worker for Write {
    const KIND: &'static str = "write";
    const DESCRIPTION: &'static str = "Writes a file.";
    type Args = WriteArgs;

    fn label(&self, _: &WriteArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, args: WriteArgs, ctx: JobContext) -> JobResult {
        ctx.blocking(move |ctx| {
            ctx.keep_artifact("bericht-ä.txt", "text/plain", args.text.as_bytes())?;
            Ok(Value::Null)
        })
        .await
    }
}

fn settings(server: &SmtpServer, security: Security, password: &str) -> PoolSettings {
    let tls = match security {
        Security::Plain => SmtpTls::None,
        Security::Starttls => SmtpTls::Starttls,
        Security::Tls => SmtpTls::Tls,
    };
    let login = (security != Security::Plain).then(|| (USER.to_owned(), Secret(password.to_owned())));
    PoolSettings::new(PoolTarget::Smtp(SmtpSettings {
        host: "localhost".to_owned(),
        port: server.port,
        tls,
        ca_pem: (!server.ca_pem.is_empty()).then(|| server.ca_pem.clone()),
        login,
        from: Some("Jobs <jobs@example.org>".parse().expect("an address")),
    }))
}

async fn yard_with(settings: PoolSettings) -> TestYard {
    let pools: BTreeMap<_, _> = [("mail".to_owned(), settings)].into();
    let builder = Yard::builder()
        .worker(Write)
        .email(&pools)
        .services(ServicesConfig { pools, ..ServicesConfig::default() });
    TestYard::start(builder).await.expect("started")
}

async fn plain() -> (SmtpServer, TestYard) {
    let server = SmtpServer::start(Security::Plain).await;
    let yard = yard_with(settings(&server, Security::Plain, "")).await;
    (server, yard)
}

fn hello() -> Value {
    json!({"to": ["ada@example.org"], "subject": "Hello", "text": "How are you?"})
}

async fn add(yard: &Yard, args: Value) -> JobId {
    yard.add(NewJob::new("email", args)).await.expect("taken")
}

async fn refused(yard: &Yard, args: Value) -> Vec<(String, String)> {
    let error: WireError = yard.add(NewJob::new("email", args)).await.expect_err("refused");
    error.fields.into_iter().map(|wrong| (wrong.field, wrong.message)).collect()
}

async fn result(yard: &Yard, id: JobId) -> Value {
    let job = yard.job(id).await.expect("it is there");
    job.result.unwrap_or_else(|| panic!("{:?}", job.error))
}

/// Attempts with what became of the job, and their errors.
fn ends(ran: Vec<Ran>) -> Vec<(JobState, String)> {
    ran.into_iter().map(|ran| (ran.state, ran.error.unwrap_or_default())).collect()
}

async fn status(yard: &Yard) -> PoolStatus {
    yard.services().pools.status().await.expect("answered").remove(0)
}

/// The body of a header that may be folded.
fn header(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\r\n ", " ");
    let prefix = format!("{name}: ");
    unfolded.lines().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
}

#[actix::test]
async fn a_mail_arrives_through_starttls() {
    arrives_through(Security::Starttls).await;
}

#[actix::test]
async fn a_mail_arrives_through_tls() {
    arrives_through(Security::Tls).await;
}

async fn arrives_through(security: Security) {
    let server = SmtpServer::start(security).await;
    let yard = yard_with(settings(&server, security, PASSWORD)).await;
    let id = add(&yard, hello()).await;
    yard.drain().await;
    let result = result(&yard, id).await;
    assert_eq!(result["accepted"], json!(["ada@example.org"]));
    assert_eq!(result["reply"], "250 OK");
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].from.as_str(), &*taken[0].to),
        ("jobs@example.org", &["ada@example.org".to_owned()][..])
    );
    assert_eq!(header(taken[0].head(), "From").as_deref(), Some("Jobs <jobs@example.org>"));
    assert_eq!(header(taken[0].head(), "Message-ID").as_deref(), result["message_id"].as_str());
    assert!(taken[0].content.contains("\r\n\r\nHow are you?\r\n"), "{}", taken[0].content);
}

#[actix::test]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let server = SmtpServer::start(Security::Tls).await;
    let other = SmtpServer::start(Security::Tls).await;
    let mut settings = settings(&server, Security::Tls, PASSWORD);
    if let PoolTarget::Smtp(smtp) = &mut settings.target {
        smtp.ca_pem = Some(other.ca_pem.clone());
    }
    let yard = yard_with(settings).await;
    add(&yard, hello()).await;
    let ran = ends(yard.drain().await);
    assert_eq!(ran[0].0, JobState::Scheduled);
    assert!(ran[0].1.contains("invalid peer certificate"), "{}", ran[0].1);
    assert!(server.taken().is_empty());
}

#[actix::test]
async fn a_wrong_password_is_told_and_not_tried_again() {
    let server = SmtpServer::start(Security::Starttls).await;
    let yard = yard_with(settings(&server, Security::Starttls, "wrong horse")).await;
    add(&yard, hello()).await;
    let ran = ends(yard.drain().await);
    assert_eq!(ran.len(), 1);
    assert_eq!(ran[0].0, JobState::Failed);
    let said = "the server does not accept the password of the user \"jobs\" (535 Invalid credentials)";
    assert!(ran[0].1.contains(said), "{}", ran[0].1);
    assert!(!ran[0].1.contains("horse"));
    let status = status(&yard).await;
    assert!(status.last_error.expect("told").message.contains(said));
    assert_eq!((status.users.len(), status.waiting, status.size), (0, 0, 0));
}

#[actix::test]
async fn a_server_without_starttls_gets_neither_password_nor_mail() {
    let server = SmtpServer::start(Security::Plain).await;
    let yard = yard_with(settings(&server, Security::Starttls, PASSWORD)).await;
    add(&yard, hello()).await;
    let ran = ends(yard.drain().await);
    assert_eq!(ran[0].0, JobState::Failed);
    assert!(ran[0].1.contains("does not offer STARTTLS"), "{}", ran[0].1);
    assert!(server.taken().is_empty());
}

#[actix::test]
async fn a_mail_that_is_refused_for_now_is_sent_again_with_the_same_message_id() {
    let (server, yard) = plain().await;
    server.reply_next(451, "Greylisted, come back");
    let id = add(&yard, hello()).await;
    let ran = ends(yard.drain().await);
    assert_eq!(
        ran,
        [(JobState::Scheduled, "the server refuses the mail: 451 Greylisted, come back".to_owned())]
    );
    let other = add(&yard, hello()).await;
    assert_eq!(ends(yard.advance(HOUR).await).len(), 2);
    let (first, second) = (result(&yard, id).await, result(&yard, other).await);
    let message_id = first["message_id"].as_str().expect("a text");
    assert!(message_id.starts_with("<job-1.") && message_id.ends_with("@example.org>"), "{message_id}");
    assert_ne!(first["message_id"], second["message_id"]);
    assert_eq!(server.taken().len(), 2);
    assert_eq!(header(server.refused()[0].head(), "Message-ID").as_deref(), Some(message_id));
    assert_eq!(status(&yard).await.users.len(), 0);
}

#[actix::test]
async fn a_mail_that_is_refused_for_good_is_not_sent_again_and_nobody_gets_it() {
    let (server, yard) = plain().await;
    server.reply_next(554, "No spam");
    add(&yard, hello()).await;
    let ran = ends(yard.drain().await);
    assert_eq!(ran, [(JobState::Failed, "the server refuses the mail: 554 No spam".to_owned())]);
    add(&yard, json!({"to": ["ada@example.org", NOBODY], "subject": "Hello", "text": "?"})).await;
    let ran = ends(yard.drain().await);
    let said = "the server refuses the recipient nobody@example.org: 550 Mailbox unavailable";
    assert_eq!(ran, [(JobState::Failed, said.to_owned())]);
    assert!(server.taken().is_empty());
    let status = status(&yard).await;
    assert_eq!((status.size, status.users.len()), (0, 0), "what such a connection expects next is unknown");
}

#[actix::test]
async fn a_server_that_is_down_is_tried_again_and_said_from_the_start() {
    let server = SmtpServer::start(Security::Plain).await;
    let settings = settings(&server, Security::Plain, "");
    drop(server);
    let yard = yard_with(settings).await;
    add(&yard, hello()).await;
    let ran = ends(yard.drain().await);
    assert_eq!(ran[0].0, JobState::Scheduled);
    assert!(ran[0].1.starts_with("the pool \"mail\" cannot connect to localhost:"), "{}", ran[0].1);
    assert!(ran[0].1.contains("onnection refused"), "{}", ran[0].1);
    assert!(status(&yard).await.errors >= 1);
}

#[actix::test]
async fn a_connection_is_used_again_and_a_dead_one_replaced() {
    let (server, yard) = plain().await;
    for _ in 0..3 {
        add(&yard, hello()).await;
        yard.drain().await;
    }
    let before = status(&yard).await;
    assert_eq!((before.size, before.idle, before.checkouts, before.errors), (1, 1, 3, 0));
    // One more for the look at the start, unless that comes last.
    assert!(server.connections() <= 2, "{}", server.connections());
    server.hang_up();
    add(&yard, hello()).await;
    assert_eq!(ends(yard.drain().await), [(JobState::Completed, String::new())]);
    let after = status(&yard).await;
    assert_eq!((after.size, after.idle, after.checkouts, after.errors), (1, 1, 4, 1));
    assert!(after.last_error.expect("told").message.starts_with("a connection was found broken: "));
    assert_eq!(server.taken().len(), 4);
}

#[actix::test]
async fn a_job_that_is_cancelled_in_the_middle_of_its_mail_leaves_no_half_used_connection() {
    let (server, yard) = plain().await;
    let (id, ()) = tokio::join!(add(&yard, hello()), server.stall());
    let during = status(&yard).await;
    assert_eq!((during.users[0].job, during.size), (Some(id), 1));
    assert!(yard.cancel(id).await.expect("answered"));
    yard.drain().await;
    let after = status(&yard).await;
    assert_eq!((after.users.len(), after.size), (0, 0));
    add(&yard, hello()).await;
    assert_eq!(ends(yard.drain().await), [(JobState::Completed, String::new())]);
    assert_eq!(server.taken().len(), 1);
}

#[actix::test]
async fn attachments_arrive_as_they_were_from_uploads_and_other_jobs() {
    let (server, yard) = plain().await;
    let picture: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let upload = yard.files().put("photo.jpg", "image/jpeg", &picture).expect("kept");
    let text = "Größe: 3 m²\n";
    let mail = json!({
        "to": ["Ada Lovelace <ada@example.org>"],
        "cc": ["bob@example.org"],
        "bcc": ["eve@example.org", "ada@example.org"],
        "subject": "Grüße aus 東京 ✉",
        "text": "Schön",
        "html": "<p>Schön</p>",
        "reply_to": "answers@example.org",
        "attachments": [{"upload": upload.sha256, "name": "photo.jpg"}, {"ref": "file", "name": "bericht-ä.txt"}],
    });
    let mut first = NewJob::new("write", json!({ "text": text }));
    first.name = Some("file".to_owned());
    let mut second = NewJob::new("email", mail);
    second.after = vec![After::Ref("file".to_owned())];
    let ids = yard.add_many(vec![first, second]).await.expect("taken");
    yard.drain().await;
    let result = result(&yard, ids[1]).await;
    assert_eq!(result["accepted"], json!(["ada@example.org", "bob@example.org", "eve@example.org"]));
    let mail = server.taken().remove(0);
    assert_eq!(mail.to.len(), 3);
    let head = mail.head();
    assert!(!head.contains("eve") && !head.to_lowercase().contains("bcc"), "{head}");
    assert_eq!(header(head, "Reply-To").as_deref(), Some("answers@example.org"));
    assert!(mail.content.is_ascii());
    let read = Parsed::of(&mail.content);
    assert_eq!(read.subject, "Grüße aus 東京 ✉");
    assert_eq!(read.files, [("photo.jpg".to_owned(), picture), ("bericht-ä.txt".to_owned(), text.into())]);
}

/// A mail read by another program than the one that wrote it.
struct Parsed {
    subject: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Parsed {
    fn of(content: &str) -> Self {
        use mail_parser::{MessageParser, MimeHeaders};
        let mail = MessageParser::default().parse(content.as_bytes()).expect("a mail");
        let files = mail
            .attachments()
            .map(|part| (part.attachment_name().unwrap_or_default().to_owned(), part.contents().to_vec()));
        Parsed { subject: mail.subject().unwrap_or_default().to_owned(), files: files.collect() }
    }
}

#[actix::test]
async fn what_is_wrong_is_said_before_anything_is_stored() {
    let (_server, yard) = plain().await;
    let with = |field: &str, value: Value| {
        let mut args = hello();
        args[field] = value;
        args
    };
    let cases = [
        (with("to", json!(["ada"])), "/to/0", "\"ada\" has no @; an address is like"),
        (with("cc", json!(["a@b", "a@b, c@d"])), "/cc/1", "is not an address"),
        (with("bcc", json!(["x@y\r\nSubject: z"])), "/bcc/0", "it must be one line"),
        (with("to", json!([])), "/to", "to is empty"),
        (with("subject", json!("a\nBcc: eve@example.org")), "/subject", "one line"),
        (with("text", json!("")), "/text", "the mail is empty"),
        (with("reply_to", json!("me")), "/reply_to", "has no @"),
        (with("pool", json!("post")), "/pool", "there is no SMTP pool \"post\"; there is mail"),
        (with("attachments", json!([{"name": "a"}])), "/attachments/0", "say which file"),
        (with("cc", json!(vec!["a@b"; 100])), "/to", "101 recipients are too many"),
    ];
    for (args, field, says) in cases {
        let wrong = refused(&yard, args.clone()).await;
        let told = wrong.iter().any(|(at, message)| at == field && message.contains(says));
        assert!(told, "{args} gives {wrong:?}");
    }
    let nobody = with("attachments", json!([{"upload": "0".repeat(64)}]));
    assert_eq!(refused(&yard, nobody).await[0].0, "/attachments/0/upload");
    assert!(yard.drain().await.is_empty());
}

#[test]
fn without_an_smtp_pool_there_is_no_such_kind() {
    assert!(super::Email::new(&BTreeMap::new()).is_none());
}
