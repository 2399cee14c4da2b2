//! A real SMTP server on a free port of loopback: the protocol is mailin's, TLS is rustls', and what it takes is kept.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder, response};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub const USER: &str = "jobs";
pub const PASSWORD: &str = "correct horse";
/// The server does not know this recipient.
pub const NOBODY: &str = "nobody@example.org";

/// A mail that the server took.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub content: String,
}

impl Taken {
    /// What stands before the first empty line.
    pub fn head(&self) -> &str {
        self.content.split("\r\n\r\n").next().unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Plain,
    Starttls,
    Tls,
}

/// Stops when it is dropped.
pub struct SmtpServer {
    pub port: u16,
    /// The authority to trust; empty without TLS.
    pub ca_pem: Vec<u8>,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    taken: Mutex<Vec<Taken>>,
    refused: Mutex<Vec<Taken>>,
    /// The next mail is never answered.
    stalls: AtomicBool,
    stalled: Notify,
    /// Ends the connections that are open.
    hang_up: Mutex<CancellationToken>,
    /// What is said at the end of the next mails, in place of 250.
    replies: Mutex<VecDeque<Response>>,
    connections: Mutex<u32>,
}

impl SmtpServer {
    pub async fn start(security: Security) -> Self {
        let (tls, ca_pem) = match security {
            Security::Plain => (None, Vec::new()),
            Security::Starttls | Security::Tls => certificate(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared::default());
        let server = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *server.connections.lock().expect("not poisoned") += 1;
                let hang_up = server.hang_up.lock().expect("not poisoned").clone();
                let serving = serve(stream, security, tls.clone(), Arc::clone(&server));
                tokio::spawn(async move { hang_up.run_until_cancelled(serving).await });
            }
        });
        SmtpServer { port, ca_pem, shared, accepting }
    }

    pub fn reply_next(&self, code: u16, text: &str) {
        let reply = Response::custom(code, text.to_owned());
        self.shared.replies.lock().expect("not poisoned").push_back(reply);
    }

    /// The next mail is never answered; returns when it has come in.
    pub async fn stall(&self) {
        self.shared.stalls.store(true, Ordering::Relaxed);
        self.shared.stalled.notified().await;
    }

    /// Breaks off all connections, as a server does that is started anew.
    pub fn hang_up(&self) {
        let mut hang_up = self.shared.hang_up.lock().expect("not poisoned");
        std::mem::take(&mut *hang_up).cancel();
    }

    /// Mails that got another answer than 250.
    pub fn refused(&self) -> Vec<Taken> {
        self.shared.refused.lock().expect("not poisoned").clone()
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().expect("not poisoned").clone()
    }

    pub fn connections(&self) -> u32 {
        *self.shared.connections.lock().expect("not poisoned")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn certificate() -> (Option<TlsAcceptor>, Vec<u8>) {
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::new(Vec::new()).expect("no names");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).expect("signed");
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = KeyPair::generate().expect("a key");
    let names = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = names.signed_by(&key, &issuer).expect("signed");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("they fit");
    (Some(TlsAcceptor::from(Arc::new(config))), ca_certificate.pem().into_bytes())
}

/// What becomes of a mail as it comes in.
struct Inbox {
    shared: Arc<Shared>,
    mail: Taken,
}

impl Handler for Inbox {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.mail = Taken { from: from.to_owned(), ..Taken::default() };
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if to == NOBODY {
            return response::NO_MAILBOX;
        }
        self.mail.to.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.mail.content.push_str(&String::from_utf8_lossy(line));
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let said = self.shared.replies.lock().expect("not poisoned").pop_front();
        let mail = std::mem::take(&mut self.mail);
        let kept = if said.is_some() { &self.shared.refused } else { &self.shared.taken };
        kept.lock().expect("not poisoned").push(mail);
        said.unwrap_or(response::OK)
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        if (user, password) == (USER, PASSWORD) { response::AUTH_OK } else { response::INVALID_CREDENTIALS }
    }
}

async fn serve(stream: TcpStream, security: Security, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut builder = SessionBuilder::new("mail.example.org");
    if security == Security::Starttls {
        builder.enable_start_tls();
    }
    if security != Security::Plain {
        builder.enable_auth(AuthMechanism::Plain);
    }
    let peer = stream.peer_addr().map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip());
    let mut session = builder.build(peer, Inbox { shared: Arc::clone(&shared), mail: Taken::default() });
    // Whoever breaks off is no business of the server's.
    let _ = match (security, tls) {
        (Security::Tls, Some(tls)) => match tls.accept(stream).await {
            Ok(stream) => {
                session.tls_active();
                talk(stream, &mut session, &shared, true).await.map(drop)
            }
            Err(error) => Err(error),
        },
        (_, tls) => match (talk(stream, &mut session, &shared, true).await, tls) {
            (Ok(Some(stream)), Some(tls)) => match tls.accept(stream).await {
                Ok(stream) => {
                    session.tls_active();
                    talk(stream, &mut session, &shared, false).await.map(drop)
                }
                Err(error) => Err(error),
            },
            (talked, _) => talked.map(drop),
        },
    };
}

/// Answers line by line, until the end. Hands the stream back when TLS is to begin.
async fn talk<S>(
    stream: S,
    session: &mut Session<Inbox>,
    shared: &Shared,
    greet: bool,
) -> std::io::Result<Option<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    if greet {
        answer(&mut stream, &session.greeting()).await?;
    }
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        if line == b".\r\n" && shared.stalls.swap(false, Ordering::Relaxed) {
            shared.stalled.notify_one();
            std::future::pending::<()>().await;
        }
        let reply = session.process(&line);
        line.clear();
        match reply.action {
            Action::NoReply => {}
            Action::Reply => answer(&mut stream, &reply).await?,
            Action::Close => return answer(&mut stream, &reply).await.map(|()| None),
            Action::UpgradeTls => {
                answer(&mut stream, &reply).await?;
                return Ok(Some(stream.into_inner()));
            }
        }
    }
    Ok(None)
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    reply: &Response,
) -> std::io::Result<()> {
    let mut text = Vec::new();
    reply.write_to(&mut text)?;
    stream.write_all(&text).await?;
    stream.flush().await
}
