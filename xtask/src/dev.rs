//! The board with reload: Trunk serves it and hands `/api` and `/ws` on to a running server.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{board, process, tools};

/// Where Trunk.toml's proxies expect the server.
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where Trunk serves the board.
const BOARD_PORT: &str = "8081";
const SERVER_STARTS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    tools::ensure_board_tools(workspace)?;
    board::fetch(workspace)?;
    // Held until Trunk ends: dropping it stops the server.
    let _server = if listens() {
        println!("==> using the server that listens on http://{SERVER}");
        None
    } else {
        Some(OwnServer::start(workspace)?)
    };
    // Apart from frontend/dist: a development build must not end up inside a server.
    let dist = workspace.target.join("board-dev");
    let mut trunk = board::trunk(workspace)?;
    trunk.args(["serve", "--offline", "--address", "127.0.0.1", "--port", BOARD_PORT, "--dist"]).arg(dist);
    process::run(&mut trunk)?;
    Ok(ExitCode::SUCCESS)
}

/// A server without the board inside, which ends with this process.
struct OwnServer(Child);

impl OwnServer {
    fn start(workspace: &Workspace) -> Result<Self> {
        process::timed("building the server, without the board, for development", || {
            process::run(workspace.cargo()?.args(["build", "-p", "taskyard"]))
        })?;
        println!("==> nothing listens on http://{SERVER}: starting a server there, data under ./data");
        let mut command = Command::new(workspace.server_binary("debug"));
        // The pages come from Trunk, whose address is not the server's own.
        let origin = format!("http://127.0.0.1:{BOARD_PORT}");
        command.current_dir(&workspace.root).args(["serve", "--allow-origin", &origin]);
        let mut own = OwnServer(command.spawn().context("cannot start the server")?);
        let deadline = Instant::now() + SERVER_STARTS_WITHIN;
        while !listens() {
            if let Some(status) = own.0.try_wait()? {
                bail!("the server ended before it listened ({status})");
            }
            if Instant::now() > deadline {
                bail!("the server does not listen on {SERVER} after {} s", SERVER_STARTS_WITHIN.as_secs());
            }
            std::thread::sleep(LOOK_AGAIN_AFTER);
        }
        Ok(own)
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        ask_to_stop(&mut self.0);
        // It may be gone already: Ctrl-C reaches it as it reaches this process.
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
fn ask_to_stop(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};

    // An error means that it has ended already.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}

#[cfg(not(unix))]
fn ask_to_stop(child: &mut Child) {
    // An error means that it has ended already.
    let _ = child.kill();
}

fn listens() -> bool {
    TcpStream::connect_timeout(&SERVER, Duration::from_secs(1)).is_ok()
}
