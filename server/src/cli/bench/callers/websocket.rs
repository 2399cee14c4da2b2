//! Commands over one connection that speaks the live protocol.

use std::net::SocketAddr;

use taskyard::shared::command::{ClientFrame, Command, Reply};
use taskyard::shared::event::ServerFrame;
use taskyard::shared::new_job::NewJob;

use super::caller::{Body, CallError};
use super::in_process::all_added;
use crate::cli::bench::run::failed;
use crate::cli::client::{Socket, SocketError};
use crate::cli::error::CliError;

pub struct WebSocketCaller {
    socket: Socket,
    last_id: u64,
}

impl WebSocketCaller {
    pub async fn connect(address: SocketAddr) -> Result<Self, CliError> {
        let socket = Socket::connect(&format!("ws://{address}/ws")).await;
        let socket = socket.map_err(|error| failed("a caller cannot connect", error))?;
        Ok(WebSocketCaller { socket, last_id: 0 })
    }

    pub async fn add(&mut self, jobs: Vec<NewJob>) -> Result<(), CallError> {
        let command = match Body::of(jobs) {
            Body::One(job) => Command::AddJob { job: *job },
            Body::Several(jobs) => Command::AddJobs { jobs },
        };
        match self.ask(command).await {
            Ok(Reply::JobAdded { is_new: true, .. }) => Ok(()),
            Ok(Reply::JobsAdded { outcomes, .. }) => all_added(outcomes),
            Ok(Reply::Error { error }) => Err(error.into()),
            Ok(other) => Err(CallError::Failed(failed("a job was not added", format!("{other:?}")))),
            Err(error) => Err(CallError::Failed(failed("a command failed", error))),
        }
    }

    async fn ask(&mut self, command: Command) -> Result<Reply, SocketError> {
        self.last_id += 1;
        self.socket.send(&ClientFrame::Command { id: self.last_id, command }).await?;
        loop {
            match self.socket.next().await? {
                ServerFrame::Reply { id, reply } if id == self.last_id => return Ok(reply),
                ServerFrame::Error { error } => return Err(SocketError::Refused(error)),
                // Nothing is watched, so there is nothing else to be told of.
                _ => {}
            }
        }
    }
}
