//! The listeners that run, and how it is noticed that one of them ended.

use std::{collections::HashMap, io, time::Duration};

use axum::Router;
use baton_listener::{BoundedListener, Listener};
use tokio::task::{Id, JoinSet};

use crate::{
    draining::Closing,
    run_error::RunError,
    server::{Terms, serve},
};

/// What a listener serves, and for how many at a time.
pub(crate) struct Service {
    /// By what it is known: `chat`, `internal`, `application`, `edge` or `observation`.
    pub(crate) name: &'static str,
    pub(crate) router: Router,
    pub(crate) most: usize,
    pub(crate) terms: Terms,
}

/// The listeners that run, each in a task of its own. Dropped, it ends them.
pub(crate) struct Listeners {
    /// How long a client may take nothing of what is written to it.
    write: Duration,
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Listeners {
    /// None yet.
    pub(crate) fn new(write: Duration) -> Self {
        Self { write, tasks: JoinSet::new(), names: HashMap::new() }
    }

    /// Serves on a listener until the stage comes at which nothing more is let in.
    pub(crate) fn add(&mut self, listener: Listener, service: Service, closing: Closing) {
        let Service { name, router, most, terms } = service;
        let listener = BoundedListener::new(listener, most, self.write);
        let task = self.tasks.spawn(serve(listener, router, terms, closing));
        self.names.insert(task.id(), name);
    }

    /// Returns when a listener has ended; before the sidecar stops, none does by itself.
    pub(crate) async fn ended(&mut self) -> RunError {
        let (id, source) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => (Some(id), io::Error::other("it ended by itself")),
            Some(Err(error)) => (Some(error.id()), io::Error::other(error)),
            None => (None, io::Error::other("there is none")),
        };
        let name = id.and_then(|id| self.names.get(&id)).copied();
        RunError::Listener { listener: name.unwrap_or("only"), source }
    }
}
