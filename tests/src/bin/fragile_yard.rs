//! The whole server with the test kind, whose parts fail when a line on stdin says so: `panic queue`,
//! `panic hub`. Its settings are those of `taskyard serve`, from the environment alone.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use taskyard::config::{self, Sources};
use taskyard::{Config, Yard};
use taskyard_tests::test_worker::TestWorker;

fn main() -> ExitCode {
    let sources = Sources { environment: std::env::vars().collect(), ..Sources::default() };
    let served = config::load(&sources).map_err(anyhow::Error::from).and_then(serve);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When nobody reads it there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "taskyard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> anyhow::Result<()> {
    let extend = |builder: taskyard::YardBuilder| builder.worker(TestWorker);
    actix_web::rt::System::new().block_on(taskyard::serve_with(config, extend, ready))?;
    Ok(())
}

fn ready(yard: &Yard, address: SocketAddr) {
    // As the program `taskyard` does. A test that waits for it says when it does not come.
    let _ = writeln!(std::io::stdout(), "taskyard is ready on http://{address}");
    let yard = yard.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            match line.as_str() {
                "panic queue" => yard.queue().do_send(taskyard::queue::messages::Panic),
                "panic hub" => yard.hub().do_send(taskyard::views::messages::Panic),
                other => drop(writeln!(std::io::stderr(), "there is no command \"{other}\"")),
            }
        }
    });
}
