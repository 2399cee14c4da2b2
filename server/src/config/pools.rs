//! The tables `[pools.NAME]`: which keys go together, and what they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use serde::Deserialize;
use taskyard_shared::service::PoolKind;
use tokio_postgres::config::{Host, SslMode};
use toml::{Table, Value};

use super::file::FileSetting;
use super::keys::POOLS;
use crate::services::pool::{
    PoolSettings, PoolTarget, PostgresSettings, Secret, SmtpSettings, SmtpTls, SqliteSettings, certificates,
};

/// Most pools: all of them are told to whoever watches the services.
const MAX_POOLS: usize = 100;
/// Longest password file, in bytes.
const MAX_PASSWORD_BYTES: u64 = 4_096;
/// Longest file of certificates, in bytes.
const MAX_CA_BYTES: u64 = 4 * 1024 * 1024;

/// What the file says of pools.
#[derive(Default)]
pub(super) struct ReadPools {
    pub settings: BTreeMap<String, PoolSettings>,
    /// Variables of the environment that hold their passwords.
    pub variables: BTreeSet<String>,
}

/// Where a mistake is (None: in the pool as a whole), and a sentence.
type Mistake = (Option<&'static str>, String);

/// Reads the pools from all settings of a file, whose types were checked.
///
/// # Errors
/// The line of the first mistake, and a sentence.
pub(super) fn read(
    settings: &[FileSetting],
    environment: &BTreeMap<String, String>,
) -> Result<ReadPools, (usize, String)> {
    let mut tables: BTreeMap<&str, (Table, BTreeMap<&str, usize>)> = BTreeMap::new();
    for FileSetting { key, line, value } in settings {
        let named = key.strip_prefix(POOLS).and_then(|rest| rest.strip_prefix('.')?.rsplit_once('.'));
        if let Some((name, last)) = named {
            let (table, lines) = tables.entry(name).or_default();
            table.insert(last.to_owned(), value.clone());
            lines.insert(last, *line);
        }
    }
    let mut pools = ReadPools::default();
    for (name, (table, lines)) in tables {
        let first = lines.values().min().copied().unwrap_or(1);
        if pools.settings.len() == MAX_POOLS {
            return Err((first, format!("there are more than {MAX_POOLS} pools")));
        }
        let read = read_pool(table, environment, &mut pools.variables).map_err(|(key, sentence)| {
            let line = key.and_then(|key| lines.get(key)).copied().unwrap_or(first);
            let place = key.map_or_else(|| format!("{POOLS}.{name}"), |key| format!("{POOLS}.{name}.{key}"));
            (line, format!("{place} {sentence}"))
        })?;
        pools.settings.insert(name.to_owned(), read);
    }
    Ok(pools)
}

/// A table as it stands there.
#[derive(Deserialize)]
struct RawPool {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<String>,
    #[serde(default)]
    allow_plain: bool,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    url: Option<String>,
    database: Option<String>,
    sslmode: Option<String>,
    path: Option<PathBuf>,
    max_size: Option<u32>,
    timeout_s: Option<u64>,
    max_lifetime_s: Option<u64>,
    idle_timeout_s: Option<u64>,
}

/// Keys of every kind of pool.
const COMMON: [&str; 5] = ["kind", "max_size", "timeout_s", "max_lifetime_s", "idle_timeout_s"];
const SMTP: [&str; 10] = [
    "host",
    "port",
    "tls",
    "allow_plain",
    "ca_file",
    "user",
    "password",
    "password_env",
    "password_file",
    "from",
];
const POSTGRES: [&str; 11] = [
    "url",
    "host",
    "port",
    "database",
    "sslmode",
    "allow_plain",
    "ca_file",
    "user",
    "password",
    "password_env",
    "password_file",
];
const SQLITE: [&str; 1] = ["path"];

fn read_pool(
    table: Table,
    environment: &BTreeMap<String, String>,
    variables: &mut BTreeSet<String>,
) -> Result<PoolSettings, Mistake> {
    let (kind, keys) = kind_of(&table)?;
    for key in SMTP.into_iter().chain(POSTGRES).chain(SQLITE) {
        if table.contains_key(key) && !keys.contains(&key) {
            let known = COMMON.iter().skip(1).chain(keys).copied().collect::<Vec<_>>().join(", ");
            return Err((Some(key), format!("is no key of such a pool; it has {known}")));
        }
    }
    let raw: RawPool = table
        .try_into()
        .map_err(|error: toml::de::Error| (None, format!("cannot be read: {}", error.message())))?;
    let secret = raw.secret(environment, variables)?;
    let target = match kind {
        PoolKind::Smtp => PoolTarget::Smtp(raw.smtp(secret)?),
        PoolKind::Postgres => PoolTarget::Postgres(raw.postgres(secret)?),
        PoolKind::Sqlite => match &raw.path {
            Some(path) if !path.as_os_str().is_empty() => {
                PoolTarget::Sqlite(SqliteSettings { path: path.clone() })
            }
            _ => return Err((Some("path"), "is missing; say which file".to_owned())),
        },
    };
    let mut settings = PoolSettings::new(target);
    let set = |place: &mut Duration, seconds: Option<u64>| {
        if let Some(seconds) = seconds {
            *place = Duration::from_secs(seconds);
        }
    };
    set(&mut settings.timeout, raw.timeout_s);
    set(&mut settings.max_lifetime, raw.max_lifetime_s);
    set(&mut settings.idle_timeout, raw.idle_timeout_s);
    settings.max_size = raw.max_size.unwrap_or(settings.max_size);
    Ok(settings)
}

fn kind_of(table: &Table) -> Result<(PoolKind, &'static [&'static str]), Mistake> {
    match table.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "smtp" => Ok((PoolKind::Smtp, &SMTP)),
        "postgres" => Ok((PoolKind::Postgres, &POSTGRES)),
        "sqlite" => Ok((PoolKind::Sqlite, &SQLITE)),
        other => Err((Some("kind"), format!("is \"{other}\"; it must be smtp, postgres or sqlite"))),
    }
}

impl RawPool {
    /// The password, wherever it is kept.
    fn secret(
        &self,
        environment: &BTreeMap<String, String>,
        variables: &mut BTreeSet<String>,
    ) -> Result<Option<Secret>, Mistake> {
        let given = [self.password.is_some(), self.password_env.is_some(), self.password_file.is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            let key = if self.password_env.is_some() { "password_env" } else { "password_file" };
            return Err((Some(key), "is a second place of the password; keep one".to_owned()));
        }
        if let Some(variable) = &self.password_env {
            variables.insert(variable.clone());
            return match environment.get(variable) {
                Some(text) if !text.is_empty() => Ok(Some(Secret(text.clone()))),
                _ => Err((
                    Some("password_env"),
                    format!("names {variable}, which the environment does not have"),
                )),
            };
        }
        if let Some(path) = &self.password_file {
            let text = read_file(path, MAX_PASSWORD_BYTES)
                .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
            let text = text.map_err(|reason| cannot_read("password_file", path, &reason))?;
            return Ok(Some(Secret(text.trim_end_matches(['\r', '\n']).to_owned())));
        }
        Ok(self.password.clone().map(Secret))
    }

    fn ca_pem(&self) -> Result<Option<Vec<u8>>, Mistake> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let pem = read_file(path, MAX_CA_BYTES).and_then(|pem| certificates(&pem).map(|_| pem));
        pem.map(Some).map_err(|reason| cannot_read("ca_file", path, &reason))
    }

    fn smtp(&self, secret: Option<Secret>) -> Result<SmtpSettings, Mistake> {
        let host = self.host.clone().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| (Some("host"), "is missing; say which server".to_owned()))?;
        let (tls, usual_port) = match self.tls.as_deref().unwrap_or("starttls") {
            "starttls" => (SmtpTls::Starttls, 587),
            "tls" => (SmtpTls::Tls, 465),
            "none" => (SmtpTls::None, 25),
            other => return Err((Some("tls"), format!("is \"{other}\"; it must be starttls, tls or none"))),
        };
        if tls == SmtpTls::None && !self.allow_plain && !is_loopback(&host) {
            return Err((Some("tls"), plain_sentence("none", &host)));
        }
        let login = match (self.user.clone(), secret) {
            (Some(user), Some(secret)) => Some((user, secret)),
            (None, None) => None,
            (Some(_), None) => {
                return Err((Some("user"), "needs a password, password_env or password_file".to_owned()));
            }
            (None, Some(_)) => return Err((Some("user"), "is missing beside the password".to_owned())),
        };
        let from = self.from.as_deref().map(str::parse::<Mailbox>).transpose().map_err(|_| {
            (
                Some("from"),
                "must be an address such as jobs@example.org or Jobs <jobs@example.org>".to_owned(),
            )
        })?;
        let port = self.port.unwrap_or(usual_port);
        Ok(SmtpSettings { host, port, tls, ca_pem: self.ca_pem()?, login, from })
    }

    fn postgres(&self, secret: Option<Secret>) -> Result<PostgresSettings, Mistake> {
        let mut config = match &self.url {
            Some(_) if self.host.is_some() || self.port.is_some() || self.database.is_some() => {
                return Err((Some("url"), "says host, port and database; leave these out".to_owned()));
            }
            // The text may hold a password, and so may the parser's words about it.
            Some(url) => url
                .parse::<tokio_postgres::Config>()
                .map_err(|_| (Some("url"), "is not like postgres://user@host:5432/database".to_owned()))?,
            None => tokio_postgres::Config::new(),
        };
        if let Some(host) = &self.host {
            config.host(host);
        }
        if let Some(port) = self.port {
            config.port(port);
        }
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        if let Some(user) = &self.user {
            config.user(user);
        }
        if let Some(Secret(password)) = secret {
            config.password(password);
        }
        if config.get_hosts().is_empty() {
            return Err((Some("host"), "is missing; say which server, or a url".to_owned()));
        }
        if config.get_user().is_none() {
            return Err((Some("user"), "is missing".to_owned()));
        }
        self.set_sslmode(&mut config)?;
        config.application_name("taskyard");
        Ok(PostgresSettings { config, ca_pem: self.ca_pem()? })
    }

    /// Either TLS with a certificate that is checked, or none. In between there is nothing worth having.
    fn set_sslmode(&self, config: &mut tokio_postgres::Config) -> Result<(), Mistake> {
        let distant = config.get_hosts().iter().find_map(|host| match host {
            Host::Tcp(host) if !is_loopback(host) => Some(host.clone()),
            _ => None,
        });
        let mode = match self.sslmode.as_deref() {
            Some("require") => SslMode::Require,
            Some("disable") => SslMode::Disable,
            Some(other) => {
                return Err((Some("sslmode"), format!("is \"{other}\"; it must be require or disable")));
            }
            None => match config.get_ssl_mode() {
                SslMode::Prefer if distant.is_none() => SslMode::Disable,
                SslMode::Prefer => SslMode::Require,
                said => said,
            },
        };
        if let (SslMode::Disable, Some(host), false) = (mode, &distant, self.allow_plain) {
            let key = if self.sslmode.is_some() { "sslmode" } else { "url" };
            return Err((Some(key), plain_sentence("disable", host)));
        }
        config.ssl_mode(mode);
        Ok(())
    }
}

fn plain_sentence(word: &str, host: &str) -> String {
    format!(
        "is {word}, so everything would go to {host} in the clear; if that is meant, set allow_plain = true"
    )
}

fn cannot_read(key: &'static str, path: &std::path::Path, reason: &str) -> Mistake {
    (Some(key), format!("names {}, which cannot be used: {reason}", path.display()))
}

fn read_file(path: &std::path::Path, most: u64) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > most {
        return Err(format!("it is longer than {most} bytes"));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
