//! How the parts of a process learn that it stops, and how it learns that they have stopped.

use tokio::sync::watch;

/// The end that starts the shutdown.
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<bool>);

/// The end that each part holds for as long as it runs.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// The two ends of a shutdown that has not begun.
pub fn shutdown() -> (ShutdownTrigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (ShutdownTrigger(sender), Shutdown(receiver))
}

impl ShutdownTrigger {
    /// Tells every part to stop.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Returns once every [`Shutdown`] was dropped.
    pub async fn finished(&self) {
        self.0.closed().await;
    }
}

impl Shutdown {
    /// Returns once the shutdown has begun, or its trigger is gone.
    pub async fn begun(&mut self) {
        // Without a trigger nobody is left to serve for.
        let _ = self.0.wait_for(|begun| *begun).await;
    }

    /// Whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }
}
