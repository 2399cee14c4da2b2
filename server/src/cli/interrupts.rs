//! Ctrl-C, for commands that have something to do about it.

use tokio::sync::mpsc;

/// Each Ctrl-C from now on, also one that comes while the caller does something else. They do not end the process
/// any more.
pub async fn interrupts() -> mpsc::Receiver<()> {
    // One that nobody has taken yet is as good as several.
    let (sender, receiver) = mpsc::channel(1);
    actix_web::rt::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && !sender.is_closed() {
            // Full: see above.
            let _ = sender.try_send(());
        }
    });
    // The task listens once it has run for the first time.
    tokio::task::yield_now().await;
    receiver
}
