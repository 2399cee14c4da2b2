//! What a pool is told before it starts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use taskyard_shared::service::PoolKind;

/// One pool of connections.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolSettings {
    pub target: PoolTarget,
    /// Most connections at a time: 1 to 100.
    pub max_size: u32,
    /// How long a caller waits for a connection to become free.
    pub timeout: Duration,
    /// A connection is closed when it is so old and not in use.
    pub max_lifetime: Duration,
    /// A connection is closed when nobody used it for so long.
    pub idle_timeout: Duration,
}

/// Where a pool connects to.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolTarget {
    Smtp(SmtpSettings),
    Postgres(PostgresSettings),
    Sqlite(SqliteSettings),
}

#[derive(Clone, Debug, PartialEq)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// Certificates (PEM) to trust in place of those that the system trusts.
    pub ca_pem: Option<Vec<u8>>,
    /// User and password; None: without authentication.
    pub login: Option<(String, Secret)>,
    /// The sender of mails that name none.
    pub from: Option<Mailbox>,
}

/// How a connection to an SMTP server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// It begins in the clear, and goes no further unless the server begins TLS.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// Not at all.
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PostgresSettings {
    /// Its `ssl_mode` is `Require` or `Disable`.
    pub config: tokio_postgres::Config,
    /// As [`SmtpSettings::ca_pem`].
    pub ca_pem: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteSettings {
    /// Opened for reading only; never made.
    pub path: PathBuf,
}

/// What must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PoolSettings {
    /// With the bounds that the configuration has when it names none.
    pub fn new(target: PoolTarget) -> Self {
        PoolSettings {
            target,
            max_size: 4,
            timeout: Duration::from_secs(30),
            max_lifetime: Duration::from_secs(1_800),
            idle_timeout: Duration::from_secs(60),
        }
    }
}

impl PoolTarget {
    pub fn kind(&self) -> PoolKind {
        match self {
            PoolTarget::Smtp(_) => PoolKind::Smtp,
            PoolTarget::Postgres(_) => PoolKind::Postgres,
            PoolTarget::Sqlite(_) => PoolKind::Sqlite,
        }
    }

    /// For people, without user and password.
    pub fn name(&self) -> String {
        match self {
            PoolTarget::Smtp(smtp) => format!("{}:{}", smtp.host, smtp.port),
            PoolTarget::Postgres(postgres) => postgres.name(),
            PoolTarget::Sqlite(sqlite) => sqlite.path.display().to_string(),
        }
    }
}

impl PostgresSettings {
    fn name(&self) -> String {
        use tokio_postgres::config::Host;
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) => format!("{host}:{port}"),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            }
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        match self.config.get_dbname().or(self.config.get_user()) {
            Some(database) => format!("{hosts}/{database}"),
            None => hosts,
        }
    }
}
