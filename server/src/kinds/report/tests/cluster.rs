//! A PostgreSQL server of the tests' own, which nobody else can reach: it listens on a socket in its folder alone.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::services::pool::{PoolTarget, PostgresSettings};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs until the last test that holds it has ended.
pub(super) struct Cluster {
    server: Child,
    folder: TempDir,
}

/// All tests that run at the same time share one.
pub(super) fn cluster() -> Arc<Cluster> {
    static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = running.upgrade() {
        return cluster;
    }
    let cluster = Arc::new(Cluster::start());
    *running = Arc::downgrade(&cluster);
    cluster
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("taskyard-pg-").tempdir().expect("a folder");
        let user = user_to_be();
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).expect("root may");
        }
        let programs = programs();
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(folder.path()).stdin(Stdio::null());
            if let Some((uid, gid)) = user {
                std::os::unix::process::CommandExt::gid(&mut command, gid);
                std::os::unix::process::CommandExt::uid(&mut command, uid);
            }
            command
        };
        let initdb = command("initdb")
            .args(["-D", "data", "-U", "taskyard", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .output()
            .expect("initdb can be run");
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let server = command("postgres")
            .args(["-D", "data", "-c", "listen_addresses=", "-c", "fsync=off", "-c"])
            .arg(format!("unix_socket_directories={}", folder.path().display()))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres can be run");
        Cluster { server, folder }
    }

    pub fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.folder.path()).user("taskyard").dbname("postgres");
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        config
    }

    pub fn target(&self) -> PoolTarget {
        PoolTarget::Postgres(PostgresSettings { config: self.config(), ca_pem: None })
    }

    /// A connection past all pools, as soon as the server answers.
    pub async fn connect(&self) -> tokio_postgres::Client {
        let begun = Instant::now();
        loop {
            match self.config().connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) if begun.elapsed() > PATIENCE => {
                    let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                    panic!("PostgreSQL does not answer: {error}\n{log}");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let pid = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw);
        // At once, children included: nobody needs what it holds.
        let told = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::QUIT));
        if !matches!(told, Some(Ok(()))) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// The folder of the server's programs, all of one version: on PATH, or where Debian keeps them.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    let has_all = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(has_all).expect(
        "the tests of reports need PostgreSQL's server, and it is neither on PATH nor below /usr/lib/postgresql; \
         cargo xtask tools installs it, or by hand on Debian: sudo apt-get install postgresql",
    )
}

/// PostgreSQL refuses to be run by root; then it is run by one of the system's own users. None: by whoever runs the test.
fn user_to_be() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).expect("a list of users");
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user other than root"))
}
