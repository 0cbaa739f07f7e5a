//! A component that serves HTTP by itself.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use wasmtime::{Store, StoreContextMut, component::GuestTaskId};
use wasmtime_wasi_http::{
    WasiHttpView as _,
    handler::{
        HandlerState, Instance, ProxyHandler, ProxyPre, Request, Response, ShouldAccept,
        WorkerExpiration, WorkerState, WorkerStatus,
    },
};

use crate::{
    component::{self, ENGINE, Host},
    guest::Guest,
    surroundings::Surroundings,
};

/// A component that takes requests.
pub(crate) struct Served(ProxyHandler<Instances>);

/// What was counted of a component's instances.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// How many there were.
    pub(crate) instances: AtomicUsize,
    /// How many requests one of them had at once.
    pub(crate) most_at_once: AtomicUsize,
    /// How many trapped.
    pub(crate) traps: AtomicUsize,
}

impl Served {
    pub(crate) fn new(host: Host, surroundings: &Surroundings, counts: &Arc<Counts>) -> Self {
        let environment = match host {
            Host::Proxy => surroundings.environment(),
            _ => Vec::new(),
        };
        Self(ProxyHandler::new(Instances {
            component: component::served(host),
            surroundings: surroundings.clone(),
            environment,
            counts: Arc::clone(counts),
        }))
    }

    /// The component's answer; `None`, if it trapped before it gave one.
    pub(crate) async fn answer(&self, request: Request) -> Option<Response> {
        self.0.handle((), request).await.ok()
    }
}

/// Makes instances.
struct Instances {
    component: ProxyPre<Guest>,
    surroundings: Surroundings,
    environment: Vec<(String, String)>,
    counts: Arc<Counts>,
}

impl HandlerState for Instances {
    type StoreData = Guest;
    type WorkerExpiration = Never;
    type WorkerState = Life;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Never, Life>> {
        let mut store = Store::new(&ENGINE, Guest::new(&self.surroundings, &self.environment));
        store.limiter(Guest::limits);
        let proxy = self.component.instantiate_async(&mut store).await?;
        self.counts.instances.fetch_add(1, Ordering::Relaxed);
        let is_reused = matches!(self.component, ProxyPre::P3(_));
        let state = Life { is_reused, counts: Arc::clone(&self.counts) };
        Ok(Instance { store, proxy, view: Guest::http, expiration: Never, state })
    }
}

/// An instance is not ended by time.
struct Never;

impl WorkerExpiration for Never {
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>, _: WorkerStatus, _: Instant) -> Poll<()> {
        Poll::Pending
    }
}

/// How long an instance lives.
struct Life {
    is_reused: bool,
    counts: Arc<Counts>,
}

impl WorkerState for Life {
    type StoreData = Guest;
    type RequestData = ();

    fn should_accept_request(&self, at_once: usize, in_all: usize) -> ShouldAccept {
        self.counts.most_at_once.fetch_max(at_once, Ordering::Relaxed);
        if self.is_reused || in_all == 0 { ShouldAccept::Yes } else { ShouldAccept::Never }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Guest>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(pending())
    }

    fn drop(&self, _: Store<Guest>, result: wasmtime::Result<()>) {
        if result.is_err() {
            self.counts.traps.fetch_add(1, Ordering::Relaxed);
        }
    }
}
