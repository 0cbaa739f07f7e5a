//! Serving HTTP on a listener until the process stops.

use std::{pin::pin, time::Duration};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, header::CONNECTION},
};
use baton_listener::{Arrival, BoundedListener};
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
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::draining::Closing;

/// The most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How long, once nothing more is let in, a connection without a request is still listened to: one
/// may be on its way.
const LAST_REQUEST: Duration = Duration::from_millis(250);

/// How long it is looked, once nothing more is let in, for those who connected before.
const LAST_ARRIVALS: Duration = Duration::from_millis(50);

/// On what terms connections are served.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// How long the whole head of the next request may take to arrive.
    pub(crate) head: Duration,
    /// How long a connection on which nothing is in hand may still take once nothing more is let
    /// in.
    pub(crate) farewell: Duration,
    /// Whether a connection may be used again. Where every answer ends its connection, or
    /// upgrades it, none needs to be told of a stop: that would put `close` beside `upgrade`, and
    /// clients take this for a refusal (invariant 14).
    pub(crate) reuse: bool,
}

/// Serves until nothing more is let in. Each connection holds that stage until it has ended. Each
/// request carries the address from which its connection comes, as `ConnectInfo<SocketAddr>`,
/// unless that is a process of this machine, on a unix socket.
pub(crate) async fn serve(
    mut listener: BoundedListener,
    router: Router,
    terms: Terms,
    mut closing: Closing,
) {
    loop {
        let arrival = tokio::select! {
            () = closing.begins.begun() => break,
            arrival = listener.accept() => arrival,
        };
        tokio::spawn(answer(arrival, router.clone(), terms, closing.clone()));
    }
    // To those who wait in the operating system's queue, the end of the listener is a refusal.
    let rest = async {
        loop {
            let arrival = listener.accept().await;
            tokio::spawn(answer(arrival, router.clone(), terms, closing.clone()));
        }
    };
    let _ = timeout(LAST_ARRIVALS, rest).await;
}

/// Answers what comes on a connection.
async fn answer(arrival: Arrival, router: Router, terms: Terms, closing: Closing) {
    let peer = arrival.peer().map(ConnectInfo);
    let Closing { announced, mut begins } = closing;
    let too_late = async {
        begins.begun().await;
        sleep(terms.farewell).await;
    };
    let opened = tokio::select! {
        opened = arrival.open() => opened,
        () = too_late => return,
    };
    // How a client breaks off is of no interest.
    let Ok(connection) = opened else { return };
    let in_hand = watch::Sender::new(0_usize);
    let service = service_fn(|mut request: Request<Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        in_hand.send_modify(|requests| *requests += 1);
        let answered = TowerToHyperService::new(router.clone()).call(request);
        let (in_hand, announced) = (&in_hand, &announced);
        async move {
            let mut response = answered.await;
            in_hand.send_modify(|requests| *requests -= 1);
            if let Ok(response) = &mut response
                && terms.reuse
                && announced.has_begun()
            {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    });
    let served = http(terms).serve_connection(TokioIo::new(connection), service).with_upgrades();
    let mut served = pin!(served);
    tokio::select! {
        _ = &mut served => return,
        () = begins.begun() => {}
    }
    if terms.reuse {
        if timeout(LAST_REQUEST, &mut served).await.is_ok() {
            return;
        }
        served.as_mut().graceful_shutdown();
    }
    // However long that takes: whoever stops the process waits no longer than it was told to.
    let mut requests = in_hand.subscribe();
    let nothing_in_hand = async {
        let _ = requests.wait_for(|requests| *requests == 0).await;
    };
    tokio::select! {
        _ = &mut served => return,
        () = nothing_in_hand => {}
    }
    let _ = timeout(terms.farewell, served).await;
}

fn http(terms: Terms) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(terms.head).max_buf_size(MAX_HEAD_BYTES);
    http
}
