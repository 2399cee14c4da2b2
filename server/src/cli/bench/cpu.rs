//! What the server costs in processor time, apart from the clients in the same process.

use std::time::Duration;

/// Threads of clients: those of the benches' own runtime, the one that paces them, and the tabs'.
const CLIENTS: [&str; 2] = ["bench-callers", "bench-tabs"];

/// Processor time of this process's threads since they began, but for the clients'. None where the system does not tell
/// it by thread.
pub fn server_time() -> Option<Duration> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let task = task.ok()?.path();
        // A thread that has just ended has neither.
        let (Ok(name), Ok(times)) =
            (std::fs::read_to_string(task.join("comm")), std::fs::read_to_string(task.join("schedstat")))
        else {
            continue;
        };
        if !CLIENTS.iter().any(|client| name.starts_with(client)) {
            nanoseconds += times.split_whitespace().next()?.parse::<u64>().ok()?;
        }
    }
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}
