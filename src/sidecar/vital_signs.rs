//! Whether the process works: looked at every few seconds, so that whoever asks costs nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_process::{Recurrence, Shutdown};
use baton_store::{Store, StoreError};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::cause::Chain;

/// How often it is looked.
const LOOKED_AT: Duration = Duration::from_secs(5);

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the dispatcher may give no sign of life: several of its rounds.
const STILLNESS: Duration = Duration::from_secs(30);

/// What came of asking the store for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It did it.
    Done,
    /// It answered that it cannot, such as on a full disk. A restart would not help.
    Refused,
    /// It did not answer, or its thread has died.
    Silent,
}

/// How the process stood when it was looked last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signs {
    reading: Answer,
    writing: Answer,
}

/// That the dispatcher is at work. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Pulse {
    since: Instant,
    last_ms: Arc<AtomicU64>,
}

/// How the process stands.
#[derive(Clone, Debug)]
pub(crate) struct VitalSigns {
    /// Absent until it was looked once.
    signs: watch::Receiver<Option<Signs>>,
    pulse: Pulse,
    announced: Shutdown,
}

impl Pulse {
    /// One that has just been felt.
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), last_ms: Arc::default() }
    }

    /// Gives a sign of life.
    pub(crate) fn beat(&self) {
        self.last_ms.store(self.age_ms(), Ordering::Relaxed);
    }

    fn is_felt(&self) -> bool {
        let still = self.age_ms().saturating_sub(self.last_ms.load(Ordering::Relaxed));
        Duration::from_millis(still) < STILLNESS
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl VitalSigns {
    /// Begins to look. It ends when nobody asks any more. `announced` says that the process is
    /// about to stop.
    pub(crate) fn watch(store: Store, pulse: Pulse, announced: Shutdown) -> Self {
        let (tell, signs) = watch::channel(None);
        tokio::spawn(look(store, tell));
        Self { signs, pulse, announced }
    }

    /// Why the process does not work, so that it should be started again; nothing if it does.
    /// What another process, or another machine, does is no reason.
    pub(crate) fn ailments(&self) -> Vec<&'static str> {
        let signs = *self.signs.borrow();
        let is_silent = |answer: fn(Signs) -> Answer| {
            signs.is_some_and(|signs| answer(signs) == Answer::Silent)
        };
        let mut ailments = Vec::new();
        if is_silent(|signs| signs.reading) {
            ailments.push("the store answers no questions");
        }
        if is_silent(|signs| signs.writing) {
            ailments.push("the store's writer does not answer");
        }
        if !self.pulse.is_felt() {
            ailments.push("the dispatcher of deliveries stands still");
        }
        ailments
    }

    /// Whether the store takes writes, as far as is known: not on a full disk, for example.
    pub(crate) fn store_takes_writes(&self) -> bool {
        self.signs.borrow().is_none_or(|signs| signs.writing == Answer::Done)
    }

    /// Why the process should get no traffic; nothing if it should. Whether tenants reach Genesys
    /// has no part in it: no other process would reach it either, and while Genesys is away chats
    /// go on, and what is said waits in the store.
    pub(crate) fn obstacles(&self) -> Vec<&'static str> {
        let mut obstacles = self.ailments();
        match *self.signs.borrow() {
            None => obstacles.push("the store was not asked yet"),
            Some(Signs { writing: Answer::Refused, .. }) => {
                obstacles.push("the store takes no writes; the log says why");
            }
            Some(Signs { reading: Answer::Refused, .. }) => {
                obstacles.push("the store cannot be read; the log says why");
            }
            Some(_) => {}
        }
        if self.announced.has_begun() {
            obstacles.push("the process is about to stop");
        }
        obstacles
    }
}

async fn look(store: Store, tell: watch::Sender<Option<Signs>>) {
    let (unread, unwritten) = (Recurrence::default(), Recurrence::default());
    while !tell.is_closed() {
        let (reading, writing) = tokio::join!(
            answer("read", &unread, async {
                match store.session("").await {
                    Err(StoreError::UnknownSession) => Ok(()),
                    other => other.map(drop),
                }
            }),
            answer("written to", &unwritten, store.prove_writable()),
        );
        tell.send_replace(Some(Signs { reading, writing }));
        // Whoever asks may go meanwhile.
        let _ = timeout(LOOKED_AT, tell.closed()).await;
    }
}

async fn answer(
    what: &str,
    trouble: &Recurrence,
    asked: impl Future<Output = Result<(), StoreError>>,
) -> Answer {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(())) => {
            if trouble.ended() {
                tracing::info!("the store can be {what} again");
            }
            Answer::Done
        }
        Ok(Err(StoreError::Closed)) | Err(_) => {
            if let Some(times) = trouble.happened(Instant::now().into_std()) {
                tracing::error!(times, "the store, when it was to be {what}, did not answer");
            }
            Answer::Silent
        }
        Ok(Err(error)) => {
            if let Some(times) = trouble.happened(Instant::now().into_std()) {
                tracing::error!(error = %Chain(&error), times, "the store cannot be {what}");
            }
            Answer::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use baton_process::{ShutdownTrigger, shutdown};
    use tokio::time::advance;

    use super::*;

    fn signs(seen: Option<Signs>) -> (VitalSigns, watch::Sender<Option<Signs>>, ShutdownTrigger) {
        let (tell, signs) = watch::channel(seen);
        let (trigger, announced) = shutdown();
        (VitalSigns { signs, pulse: Pulse::new(), announced }, tell, trigger)
    }

    const WELL: Signs = Signs { reading: Answer::Done, writing: Answer::Done };

    #[tokio::test]
    async fn a_process_that_works_is_ready_until_it_is_about_to_stop() {
        let (signs, _tell, trigger) = signs(Some(WELL));
        assert!(signs.ailments().is_empty());
        assert!(signs.obstacles().is_empty());
        trigger.begin();
        assert_eq!(signs.obstacles(), ["the process is about to stop"]);
        assert!(signs.ailments().is_empty(), "that is no reason to kill it");
    }

    #[tokio::test]
    async fn a_full_disk_is_no_reason_for_a_restart_and_one_for_no_traffic() {
        let (signs, tell, _trigger) = signs(None);
        assert_eq!(signs.obstacles(), ["the store was not asked yet"]);
        tell.send_replace(Some(Signs { writing: Answer::Refused, ..WELL }));
        assert!(signs.ailments().is_empty());
        assert_eq!(signs.obstacles(), ["the store takes no writes; the log says why"]);
        assert!(!signs.store_takes_writes());
    }

    #[tokio::test(start_paused = true)]
    async fn a_thread_that_is_silent_and_a_dispatcher_that_stands_still_are_reasons_for_a_restart()
    {
        let (signs, tell, _trigger) = signs(Some(WELL));
        tell.send_replace(Some(Signs { writing: Answer::Silent, ..WELL }));
        assert_eq!(signs.ailments(), ["the store's writer does not answer"]);
        tell.send_replace(Some(WELL));
        advance(STILLNESS).await;
        assert_eq!(signs.ailments(), ["the dispatcher of deliveries stands still"]);
        signs.pulse.beat();
        assert!(signs.ailments().is_empty());
    }
}
