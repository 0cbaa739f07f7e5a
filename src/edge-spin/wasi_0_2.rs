//! The entry for WASI 0.2: an instance for each request.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use baton_core::{
    exchange::{
        BodyProblem, DeliveryRequest, Header, Host, LONGEST_BODY, LONGEST_DELIVERY,
        LONGEST_LOOK_UP, MOST_ANSWER_BYTES, Outcome, Reply, RequestHead, Response, Trouble,
        exchange,
    },
    refusal::Refusal,
};
use futures::{Stream, StreamExt};
use spin_executor::{CancelOnDropToken, push_waker_and_get_token};
use spin_sdk_5::{
    http::{
        Fields, IncomingRequest, IncomingResponse, OutgoingResponse, Request, ResponseOutparam,
        send,
    },
    key_value::Store,
    variables,
};
use wasi::clocks::monotonic_clock;

use crate::{
    settings::{CONFIGURATION, Settings, SettingsProblem},
    store::{cannot_be_read, cannot_be_written},
    time::{now, sooner},
};

/// The component's entry, in the shape that the host's interface forces.
#[allow(unsafe_code, reason = "the macro exports a function by the name that the host knows")]
mod entry {
    use spin_sdk_5::{
        http::{IncomingRequest, ResponseOutparam},
        http_component,
    };

    #[http_component]
    async fn handle(request: IncomingRequest, answer: ResponseOutparam) {
        super::serve(request, answer).await;
    }
}

async fn serve(request: IncomingRequest, answer: ResponseOutparam) {
    let outcome = match settings() {
        Ok(settings) => see_through(&settings, request).await,
        Err(problem) => {
            eprintln!("{problem}");
            Outcome::Refused(Refusal::UpstreamFailed)
        }
    };
    give(answer, outcome).await;
}

fn settings() -> Result<Settings, SettingsProblem> {
    let document = variables::get(CONFIGURATION).unwrap_or_default();
    let values = Settings::variables(&document)
        .into_iter()
        .filter_map(|name| variables::get(&name).ok().map(|value| (name, value)))
        .collect();
    Settings::read(&document, &values)
}

async fn see_through(settings: &Settings, request: IncomingRequest) -> Outcome {
    let method = request.method().to_string();
    let path = request.path_with_query().unwrap_or_default();
    let headers: Vec<Header> = request.headers().entries();
    let head = RequestHead { method: method.as_bytes(), path: path.as_bytes(), headers: &headers };
    let mut spin = Spin { settings, request: Some(request) };
    exchange(&settings.gate, &head, &mut spin).await
}

/// Spin's calls, for one request.
struct Spin<'s> {
    settings: &'s Settings,
    /// Until its body is read.
    request: Option<IncomingRequest>,
}

impl Host for Spin<'_> {
    fn now(&self) -> u64 {
        now()
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let request = self.request.take().ok_or(BodyProblem::Broken)?;
        let read = read(request.into_body_stream(), most);
        within(LONGEST_BODY, read).await.unwrap_or(Err(BodyProblem::Broken))
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response> {
        let uri = self.settings.upstream.with_path(request.path);
        let mut outgoing = Request::post(uri, request.body.to_vec());
        for (name, value) in request.headers {
            // A value that is no text routes and traces nothing.
            if let Ok(value) = str::from_utf8(value) {
                outgoing.header(name, value);
            }
        }
        within(LONGEST_DELIVERY, answer_to(outgoing.build())).await?
    }

    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response> {
        let uri = self.settings.upstream.with_path(path);
        let request = Request::get(uri).header("authorization", authorization).build();
        within(LONGEST_LOOK_UP, answer_to(request)).await?
    }

    async fn kept(&mut self, name: &str) -> Option<Vec<u8>> {
        let seal = self.settings.seal.as_ref()?;
        let kept = Store::open_default().and_then(|store| store.get(name));
        seal.open(name, &kept.unwrap_or_else(cannot_be_read)?)
    }

    async fn keep(&mut self, name: &str, bytes: &[u8]) {
        let Some(seal) = &self.settings.seal else { return };
        let Some(sealed) = seal.close(name, bytes) else { return };
        let kept = Store::open_default().and_then(|store| store.set(name, &sealed));
        kept.unwrap_or_else(cannot_be_written);
    }

    fn report(&mut self, trouble: &Trouble) {
        eprintln!("baton: {trouble}");
    }
}

async fn answer_to(request: Request) -> Option<Response> {
    let answer: IncomingResponse = send(request).await.ok()?;
    let status = answer.status();
    let body = read(answer.take_body_stream(), MOST_ANSWER_BYTES).await.ok()?;
    Some(Response { status, body })
}

/// The whole of a body, unless it has more bytes than that.
async fn read<E>(
    body: impl Stream<Item = Result<Vec<u8>, E>>,
    most: usize,
) -> Result<Vec<u8>, BodyProblem> {
    let mut body = pin!(body);
    let mut read = Vec::new();
    while let Some(chunk) = body.next().await {
        read.extend(chunk.map_err(|_| BodyProblem::Broken)?);
        if read.len() > most {
            return Err(BodyProblem::TooLarge);
        }
    }
    Ok(read)
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    sooner(work, sleep(limit)).await
}

async fn sleep(length: Duration) {
    let until =
        monotonic_clock::now().saturating_add(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX));
    let mut waiting = None;
    poll_fn(|context| {
        if monotonic_clock::now() >= until {
            return Poll::Ready(());
        }
        // It is polled for other reasons too than its own time.
        let timer = monotonic_clock::subscribe_instant(until);
        let timer = push_waker_and_get_token(timer, context.waker().clone());
        waiting = Some(CancelOnDropToken::from(timer));
        Poll::Pending
    })
    .await;
}

async fn give(answer: ResponseOutparam, outcome: Outcome) {
    let Reply { status, headers, body } = outcome.reply();
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let headers: Vec<Header> = headers.iter().map(header).collect();
    // Nothing more can be said where the host does not take its own types.
    let Ok(headers) = Fields::from_list(&headers) else { return };
    let response = OutgoingResponse::new(headers);
    if response.set_status_code(status).is_ok() {
        let _ = answer.set_with_body(response, body.into_owned()).await;
    }
}
