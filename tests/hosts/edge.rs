//! A component that listens.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};
use wasmtime_wasi_http::{
    Error,
    handler::{Request, Response},
    io::TokioIo,
};

use crate::{
    component::Host,
    embedded::Program,
    served::{Counts, Served},
    surroundings::Surroundings,
};

/// A component that listens on a free port of this machine. It stops when it is dropped.
pub struct Edge {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    component: Component,
    counts: Arc<Counts>,
    /// How many requests it has not done with.
    open: AtomicUsize,
}

enum Component {
    Served(Served),
    Embedded(Box<Program>),
}

impl Edge {
    /// Hosts this component in these surroundings.
    pub async fn start(host: Host, surroundings: &Surroundings) -> Self {
        host.prepare();
        let counts = Arc::default();
        let component = match host {
            Host::Embedded => Component::Embedded(Box::new(Program::new(surroundings, &counts))),
            _ => Component::Served(Served::new(host, surroundings, &counts)),
        };
        let shared = Arc::new(Shared { component, counts, open: AtomicUsize::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { address, shared, listening }
    }

    /// The status of its answer to a `POST` that comes without a connection.
    pub async fn answer(&self, path: &str, headers: &[(String, String)], body: Vec<u8>) -> u16 {
        let mut request = http::Request::post(format!("http://edge.example{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
        let request = request.body(body).expect("a request");
        let answer = answer(&self.shared, request).await;
        let status = answer.status().as_u16();
        answer.into_body().collect().await.expect("a whole answer");
        status
    }

    /// How many instances of the component there were.
    pub fn instances(&self) -> usize {
        self.shared.counts.instances.load(Ordering::Relaxed)
    }

    /// How many requests an instance had at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.counts.most_at_once.load(Ordering::Relaxed)
    }

    /// How many instances trapped.
    pub fn traps(&self) -> usize {
        self.shared.counts.traps.load(Ordering::Relaxed)
    }

    /// Waits until at least so many requests came in that it has not done with.
    pub async fn busy(&self, requests: usize) {
        while self.shared.open.load(Ordering::Relaxed) < requests {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until it has done with all requests.
    pub async fn idle(&self) {
        while self.shared.open.load(Ordering::Relaxed) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request: http::Request<Incoming>| {
        let shared = Arc::clone(&shared);
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        async move { Ok::<_, Error>(answer(&shared, request).await) }
    });
    // What goes wrong on a connection is the caller's to see.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(shared: &Arc<Shared>, request: Request) -> Response {
    // The component goes on, though the caller may have gone away.
    let shared = Arc::clone(shared);
    shared.open.fetch_add(1, Ordering::Relaxed);
    let answered = tokio::spawn(async move {
        let answer = match &shared.component {
            Component::Served(served) => served.answer(request).await,
            Component::Embedded(program) => program.answer(request).await,
        };
        shared.open.fetch_sub(1, Ordering::Relaxed);
        answer
    });
    match answered.await {
        Ok(Some(answer)) => answer,
        _ => {
            let nothing = Empty::new().map_err(Error::from).boxed_unsync();
            http::Response::builder().status(500).body(nothing).expect("an answer")
        }
    }
}
