//! Connections to SMTP servers, by lettre.

use deadpool::managed::Pool;
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use taskyard_shared::service::PoolKind;

use super::any::AnyPool;
use super::connects::{ConnectFailure, Connects, Keeper, with_causes};
use super::error::PoolSetupError;
use super::settings::{SmtpSettings, SmtpTls};
use super::trust;

/// Makes connections to one SMTP server.
pub struct SmtpConnector {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
}

/// A connection to an SMTP server, after authentication.
pub struct SmtpConnection {
    inner: AsyncSmtpConnection,
    in_exchange: bool,
    from: Option<Mailbox>,
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server said no to this recipient; nobody got the mail.
    #[error("the server refuses the recipient {recipient}: {error}")]
    Recipient { recipient: Address, error: String, is_final: bool },
    #[error("the server refuses the mail: {error}")]
    Refused { error: String, is_final: bool },
    /// It is unknown what became of the mail.
    #[error("the connection broke: {error}")]
    Broken { error: String },
}

impl SendError {
    /// Whether the next try will come to the same: the server answered 5xx.
    pub fn is_final(&self) -> bool {
        match self {
            SendError::Recipient { is_final, .. } | SendError::Refused { is_final, .. } => *is_final,
            SendError::Broken { .. } => false,
        }
    }

    fn of(error: &SmtpError) -> Self {
        if error.is_transient() || error.is_permanent() {
            SendError::Refused { error: said(error), is_final: error.is_permanent() }
        } else {
            SendError::Broken { error: with_causes(error) }
        }
    }
}

impl SmtpConnector {
    pub(super) fn new(settings: SmtpSettings) -> Result<Self, PoolSetupError> {
        let tls = match settings.tls {
            SmtpTls::None => None,
            SmtpTls::Starttls | SmtpTls::Tls => {
                Some(trust::tls_parameters(&settings.host, settings.ca_pem.as_deref())?)
            }
        };
        Ok(SmtpConnector { settings, tls })
    }
}

impl SmtpConnection {
    /// The sender of mails that name none, from the pool's configuration.
    pub fn from(&self) -> Option<&Mailbox> {
        self.from.as_ref()
    }

    /// Hands a mail to the server, for all recipients or for none. Dropped before it has ended, the connection is closed.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(
        &mut self,
        from: &Address,
        recipients: &[Address],
        mail: &[u8],
    ) -> Result<Response, SendError> {
        self.in_exchange = true;
        let sent = self.exchange(from, recipients, mail).await;
        // After an error what the server expects next is not worth finding out: the connection is closed.
        self.in_exchange = sent.is_err();
        sent
    }

    async fn exchange(
        &mut self,
        from: &Address,
        recipients: &[Address],
        mail: &[u8],
    ) -> Result<Response, SendError> {
        let parameters = self.parameters(from, recipients, mail)?;
        let begin = Mail::new(Some(from.clone()), parameters);
        self.inner.command(begin).await.map_err(|error| SendError::of(&error))?;
        for recipient in recipients {
            let answer = self.inner.command(Rcpt::new(recipient.clone(), Vec::new())).await;
            answer.map_err(|error| match SendError::of(&error) {
                SendError::Refused { error, is_final } => {
                    SendError::Recipient { recipient: recipient.clone(), error, is_final }
                }
                other => other,
            })?;
        }
        self.inner.command(Data).await.map_err(|error| SendError::of(&error))?;
        self.inner.message(mail).await.map_err(|error| SendError::of(&error))
    }

    fn parameters(
        &self,
        from: &Address,
        recipients: &[Address],
        mail: &[u8],
    ) -> Result<Vec<MailParameter>, SendError> {
        let cannot =
            |what: &str| SendError::Refused { error: format!("it does not take {what}"), is_final: true };
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let mut parameters = Vec::new();
        if !is_ascii(from) || !recipients.iter().all(is_ascii) {
            if !self.inner.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(cannot("addresses beyond ASCII (SMTPUTF8)"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.is_ascii() {
            if !self.inner.server_info().supports_feature(Extension::EightBitMime) {
                return Err(cannot("mails beyond ASCII (8BITMIME)"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }
}

impl Connects for SmtpConnector {
    const KIND: PoolKind = PoolKind::Smtp;
    type Connection = SmtpConnection;

    async fn connect(&self) -> Result<SmtpConnection, ConnectFailure> {
        let server = (self.settings.host.as_str(), self.settings.port);
        let hello = ClientId::default();
        let failed = |error: SmtpError| ConnectFailure::new(&error);
        let at_once = match self.settings.tls {
            SmtpTls::Tls => self.tls.clone(),
            SmtpTls::Starttls | SmtpTls::None => None,
        };
        let connected = AsyncSmtpConnection::connect_tokio1(server, None, &hello, at_once, None);
        let mut inner = connected.await.map_err(failed)?;
        if let (SmtpTls::Starttls, Some(tls)) = (self.settings.tls, &self.tls) {
            if !inner.can_starttls() {
                inner.abort().await;
                let reason = "the server does not offer STARTTLS".to_owned();
                return Err(ConnectFailure { reason, is_final: true });
            }
            inner.starttls(tls.clone(), &hello).await.map_err(failed)?;
        }
        if let Some((user, password)) = &self.settings.login {
            let credentials = Credentials::new(user.clone(), password.0.clone());
            let answer = inner.auth(DEFAULT_MECHANISMS, &credentials).await;
            if let Err(error) = answer {
                inner.abort().await;
                return Err(not_let_in(&error, user));
            }
        }
        Ok(SmtpConnection { inner, in_exchange: false, from: self.settings.from.clone() })
    }

    async fn check(&self, connection: &mut SmtpConnection) -> Result<(), String> {
        if connection.inner.test_connected().await {
            Ok(())
        } else {
            Err("the server does not answer NOOP".to_owned())
        }
    }

    fn is_clean(connection: &SmtpConnection) -> bool {
        !connection.in_exchange && !connection.inner.has_broken()
    }

    async fn close(mut connection: SmtpConnection) {
        // Nobody waits for what comes of it.
        let _ = connection.inner.quit().await;
    }

    fn of(pool: &AnyPool) -> Option<&Pool<Keeper<Self>>> {
        if let AnyPool::Smtp(pool) = pool { Some(pool) } else { None }
    }
}

/// 535 is what RFC 4954 has for a wrong user or password; every 5xx to AUTH comes to the same again.
fn not_let_in(error: &SmtpError, user: &str) -> ConnectFailure {
    let reason = match error.status() {
        Some(code) if u16::from(code) == 535 => {
            format!("the server does not accept the password of the user \"{user}\" ({})", said(error))
        }
        Some(_) => format!("the server does not let the user \"{user}\" in ({})", said(error)),
        None => format!("cannot authenticate: {}", with_causes(error)),
    };
    // Without a status: the server offers no way to authenticate, or the connection broke.
    ConnectFailure { reason, is_final: error.is_permanent() || error.is_client() }
}

/// The server's reply with its code.
fn said(error: &SmtpError) -> String {
    let text = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
    match error.status() {
        Some(code) => format!("{code} {text}").trim_end().to_owned(),
        None => text,
    }
}
