//! A mail server on a free port of loopback. It takes every mail and keeps it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use mailin::{Action, Handler, Response, SessionBuilder, response};

/// Serves until the test's process ends.
pub struct Mailbox {
    pub port: u16,
    taken: Taken,
}

/// Mails as they came in: head, empty line, body.
type Taken = Arc<Mutex<Vec<String>>>;

impl Mailbox {
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the mail server")?;
        let port = listener.local_addr()?.port();
        let taken = Taken::default();
        let kept = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let taken = Arc::clone(&kept);
                // A client that breaks off is the sender's test to fail.
                thread::spawn(move || serve(&stream, taken));
            }
        });
        Ok(Mailbox { port, taken })
    }

    pub fn mails(&self) -> Vec<String> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Inbox {
    taken: Taken,
    mail: String,
}

impl Handler for Inbox {
    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.mail.push_str(&String::from_utf8_lossy(line));
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mail = std::mem::take(&mut self.mail);
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        response::OK
    }
}

fn serve(stream: &TcpStream, taken: Taken) -> io::Result<()> {
    let inbox = Inbox { taken, mail: String::new() };
    let mut session = SessionBuilder::new("mail.example.org").build(IpAddr::from(Ipv4Addr::LOCALHOST), inbox);
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
