//! Serving HTTP on a listener until the process stops.

use std::{pin::pin, time::Duration};

use axum::{Router, extract::ConnectInfo};
use baton_process::Shutdown;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::time::timeout;

use crate::listener::BoundedListener;

/// The most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// On what terms connections are served.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// How long the whole head of the next request may take to arrive.
    pub(crate) head: Duration,
    /// How long a connection may still take once the process stops.
    pub(crate) farewell: Duration,
    /// Whether a connection may be used again. Where every answer ends its connection, or
    /// upgrades it, none needs to be told of a stop: that would put `close` beside `upgrade`, and
    /// clients take this for a refusal (invariant 14).
    pub(crate) reuse: bool,
}

/// Serves until the process stops. Each connection holds the shutdown until it has ended. Each
/// request carries the address from which its connection comes, as `ConnectInfo<SocketAddr>`.
pub(crate) async fn serve(
    mut listener: BoundedListener,
    router: Router,
    terms: Terms,
    mut shutdown: Shutdown,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(terms.head).max_buf_size(MAX_HEAD_BYTES);
    loop {
        let connection = tokio::select! {
            () = shutdown.begun() => return,
            connection = listener.accept() => connection,
        };
        let peer = ConnectInfo(connection.peer());
        let router = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            router.call(request)
        });
        let served = http.serve_connection(TokioIo::new(connection), service).with_upgrades();
        let mut shutdown = shutdown.clone();
        tokio::spawn(async move {
            let mut served = pin!(served);
            tokio::select! {
                // How a client breaks off is of no interest.
                _ = &mut served => return,
                () = shutdown.begun() => if terms.reuse {
                    served.as_mut().graceful_shutdown();
                },
            }
            let _ = timeout(terms.farewell, served).await;
        });
    }
}
