//! A mail server on a free port of loopback. It takes every mail, as one does that people try things out with.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};
use mailin::{Action, Handler, Response, SessionBuilder};

/// Serves until the test's process ends.
pub struct Mailbox {
    pub port: u16,
}

impl Mailbox {
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the mail server")?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                // A client that breaks off is the sender's test to fail.
                thread::spawn(move || serve(&stream));
            }
        });
        Ok(Mailbox { port })
    }
}

/// Says yes to everything, which is what a handler does that says nothing else.
struct Inbox;

impl Handler for Inbox {}

fn serve(stream: &TcpStream) -> io::Result<()> {
    let mut session = SessionBuilder::new("mail.example.org").build(IpAddr::from(Ipv4Addr::LOCALHOST), Inbox);
    let mut lines = BufReader::new(stream);
    answer(stream, &session.greeting())?;
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let reply = session.process(&line);
        line.clear();
        match reply.action {
            Action::NoReply => {}
            Action::Reply | Action::UpgradeTls => answer(stream, &reply)?,
            Action::Close => return answer(stream, &reply),
        }
    }
    Ok(())
}

/// In one piece, so that no client waits for the rest of a line.
fn answer(mut stream: &TcpStream, reply: &Response) -> io::Result<()> {
    let mut text = Vec::new();
    reply.write_to(&mut text)?;
    stream.write_all(&text)
}
