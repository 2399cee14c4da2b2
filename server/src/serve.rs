//! Runs a server until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;

use crate::api::guard::{Access, AllowedHosts};
use crate::config::Config;
use crate::mount::{MountOptions, mount_with};
use crate::services::ServicesConfig;
use crate::supervision::RestartBudget;
use crate::yard::{StartError, Yard, YardBuilder};

/// Why a server did not start, or did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("cannot listen on {address}: {reason}")]
    Bind { address: SocketAddr, reason: std::io::Error },
    #[error("the HTTP server failed: {0}")]
    Http(std::io::Error),
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    #[error("gave up: {0}")]
    GaveUp(String),
}

/// How long tabs are given to hear that the server stops.
const FAREWELL: Duration = Duration::from_millis(300);
/// Connections that the operating system holds until they are accepted; it refuses further ones.
const WAITING_CONNECTIONS: i32 = 1024;
/// Requests under way when the server stops get this long, in seconds.
const HTTP_STOP_S: u64 = 5;
/// A peer that takes nothing in for so long is gone. Without this a socket whose buffers are full would keep
/// its place: the session behind it is not asked for more, and cannot notice.
const STUCK_FOR: Duration = Duration::from_secs(40);

/// Serves until SIGTERM or SIGINT, then stops within the configured deadline. `on_ready` is called once,
/// with the address it listens on, as soon as requests are answered.
///
/// # Errors
/// A sentence for the person who started it.
pub async fn serve(config: Config, on_ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    serve_with(config, |builder| builder, |_, address| on_ready(address)).await
}

/// As [`serve`], for programs with kinds of their own: `extend` adds to what the yard is made of, and
/// `on_ready` gets the yard too.
///
/// # Errors
/// A sentence for the person who started it.
pub async fn serve_with(
    config: Config,
    extend: impl FnOnce(YardBuilder) -> YardBuilder,
    on_ready: impl FnOnce(&Yard, SocketAddr),
) -> Result<(), ServeError> {
    let address = config.server.bind;
    // Before the yard starts, and with it the jobs: a server that cannot listen ends, and would leave them
    // as lost.
    let listener = listen(address).map_err(|reason| ServeError::Bind { address, reason })?;
    let yard = extend(builder(&config)).start().await?;
    tracing::info!(data = %config.data.dir.display(), durability = yard.durability(), "the yard is open");
    tell_kept_settings(&config, &yard).await;
    let stopping = CancellationToken::new();
    let options = MountOptions {
        access: Access {
            allowed_origins: config.server.allowed_origins.clone(),
            allowed_hosts: AllowedHosts::Listed(config.server.allowed_hosts.clone()),
            trusted_proxies: config.server.trusted_proxies.clone(),
        },
        path: String::new(),
        max_sessions: Some(config.server.max_sessions),
        stopping: stopping.clone(),
    };
    let mounted = mount_with(&yard, options);
    let server = HttpServer::new(move || App::new().configure(mounted.clone()))
        .workers(config.server.workers)
        .shutdown_timeout(HTTP_STOP_S)
        .disable_signals()
        .on_connect(|connection, _| drop_when_stuck(connection))
        .listen(listener)
        .map_err(|reason| ServeError::Bind { address, reason })?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    let server = server.run();
    let handle = server.handle();
    let mut server = actix_web::rt::spawn(server);
    on_ready(&yard, bound);

    let outcome = tokio::select! {
        signal = stop_signal() => signal.map_err(ServeError::Signals),
        reason = yard.gave_up() => Err(ServeError::GaveUp(reason)),
        ended = &mut server => match ended {
            Ok(Err(error)) => Err(ServeError::Http(error)),
            Ok(Ok(())) | Err(_) => Ok(()),
        },
    };
    stop(&yard, &handle, &stopping, outcome.is_ok().then(|| config.shutdown.deadline())).await;
    outcome
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Elsewhere than on Windows this only lets a server start again right after the last one.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING_CONNECTIONS)?;
    Ok(socket.into())
}

/// The configuration only says how a queue is made, so whoever edits it for a queue that exists should hear why
/// nothing changed.
async fn tell_kept_settings(config: &Config, yard: &Yard) {
    for queue in yard.queues().await.unwrap_or_default() {
        if let Some(configured) = config.queues.get(&queue.name)
            && !configured.is_kept_by(&queue)
        {
            tracing::warn!(
                queue = queue.name,
                concurrency = queue.concurrency,
                paused = queue.paused,
                max_attempts = queue.max_attempts,
                timeout_ms = queue.timeout_ms,
                "the queue exists and keeps its settings, which the configuration has otherwise; change them on the \
                 board or with taskyard queue, pause and resume"
            );
        }
    }
}

fn builder(config: &Config) -> YardBuilder {
    let builder = Yard::builder()
        .data_dir(&config.data.dir)
        .built_in_kinds(config.http.clone())
        .commands(&config.commands)
        .webhooks(config.webhooks.clone())
        .email(&config.pools)
        .reports()
        .executor_threads(config.executor.threads)
        .files_quota(config.files.quota_bytes())
        .services(ServicesConfig {
            submissions: config.submissions.rate(),
            pools: config.pools.clone(),
            cache: config.cache.limits(),
            ..ServicesConfig::default()
        })
        .restart_budget(RestartBudget {
            max_restarts: config.supervision.max_restarts,
            within: config.supervision.within(),
        });
    config.queues.iter().fold(builder, |builder, (name, queue)| builder.queue(name, queue.settings()))
}

/// `deadline`: None when the queue cannot be relied on any more, so there is nothing to wait for.
async fn stop(yard: &Yard, server: &ServerHandle, stopping: &CancellationToken, deadline: Option<Duration>) {
    if let Some(deadline) = deadline {
        tracing::info!(deadline_s = deadline.as_secs(), "stopping: running jobs may finish");
        let how = yard.stop(deadline).await;
        tracing::info!(?how, "the yard is closed");
    }
    stopping.cancel();
    tokio::time::sleep(FAREWELL).await;
    server.stop(true).await;
}

fn drop_when_stuck(connection: &dyn std::any::Any) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>()
        && let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STUCK_FOR))
    {
        tracing::warn!(%error, "a connection got no time-out");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (connection, STUCK_FOR);
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
