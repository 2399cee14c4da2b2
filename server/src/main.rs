//! The `taskyard` program.

mod cli;

/// Jobs are read on one thread, run on another and given back on a third, which costs the system's allocator much.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run::main()
}
