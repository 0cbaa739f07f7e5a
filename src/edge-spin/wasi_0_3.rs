//! The entry for WASI 0.3: an instance serves many requests, also at once.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    error::Error,
    rc::Rc,
};

use baton_core::{
    exchange::{
        BodyProblem, DeliveryRequest, Host, LONGEST_BODY, LONGEST_DELIVERY, LONGEST_LOOK_UP,
        MOST_ANSWER_BYTES, Outcome, Reply, Response, Trouble,
    },
    look_up::{Admission, Pace},
    refusal::Refusal,
};
use baton_edge_http::{see_through, whole};
use bytes::Bytes;
use http_body::Body;
use spin_sdk_7::{
    http::{self, FullBody, Request, send},
    key_value::Store,
    time::sleep,
    variables,
};

use crate::{
    settings::{CONFIGURATION, Settings, SettingsProblem},
    store::{cannot_be_read, cannot_be_written},
    time::{now, sooner},
};

/// The component's entry, in the shape that the host's interface forces.
#[allow(unsafe_code, reason = "the macro exports a function by the name that the host knows")]
mod entry {
    use spin_sdk_7::{
        http::{IntoResponse, Request},
        http_service,
    };

    #[http_service]
    async fn handle(request: Request) -> impl IntoResponse {
        super::serve(request).await
    }
}

thread_local! {
    /// What an instance keeps from one request to the next: its settings,
    static SETTINGS: OnceCell<Rc<Settings>> = const { OnceCell::new() };

    /// and how many strangers there were.
    static STRANGERS: RefCell<Pace> = RefCell::default();
}

async fn settings() -> Result<Rc<Settings>, SettingsProblem> {
    if let Some(known) = SETTINGS.with(|settings| settings.get().cloned()) {
        return Ok(known);
    }
    let document = variables::get(CONFIGURATION).await.unwrap_or_default();
    let mut values = BTreeMap::new();
    for name in Settings::variables(&document) {
        if let Ok(value) = variables::get(&name).await {
            values.insert(name, value);
        }
    }
    let read = Rc::new(Settings::read(&document, &values)?);
    Ok(SETTINGS.with(|settings| Rc::clone(settings.get_or_init(|| read))))
}

async fn serve(request: Request) -> http::Result<::http::Response<FullBody<Bytes>>> {
    let outcome = match settings().await {
        Ok(settings) => {
            let host = |body| Spin { settings: &settings, body: Some(body) };
            see_through(&settings.gate, request, host).await
        }
        Err(problem) => {
            eprintln!("{problem}");
            Outcome::Refused(Refusal::UpstreamFailed)
        }
    };
    let Reply { status, headers, body } = outcome.reply();
    let mut answer = ::http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(FullBody::new(Bytes::from(body.into_owned())))?)
}

/// Spin's calls, for one request.
struct Spin<'s, B> {
    settings: &'s Settings,
    /// Until it is read.
    body: Option<B>,
}

impl<B> Host for Spin<'_, B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn now(&self) -> u64 {
        now()
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let body = self.body.take().ok_or(BodyProblem::Broken)?;
        sooner(whole(body, most), sleep(LONGEST_BODY)).await.unwrap_or(Err(BodyProblem::Broken))
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response> {
        let uri = self.settings.upstream.with_path(request.path);
        let mut outgoing = ::http::Request::post(uri);
        for (name, value) in request.headers {
            outgoing = outgoing.header(name, value);
        }
        let body = FullBody::new(Bytes::copy_from_slice(request.body));
        sooner(answer_to(outgoing.body(body).ok()?), sleep(LONGEST_DELIVERY)).await?
    }

    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response> {
        let uri = self.settings.upstream.with_path(path);
        let request = ::http::Request::get(uri).header("authorization", authorization);
        sooner(answer_to(request.body(FullBody::default()).ok()?), sleep(LONGEST_LOOK_UP)).await?
    }

    fn admits_stranger(&mut self) -> Admission {
        match self.settings.seal {
            Some(_) => STRANGERS.with_borrow_mut(|pace| pace.admits(now())),
            None => Admission::Admitted,
        }
    }

    async fn kept(&mut self, name: &str) -> Option<Vec<u8>> {
        let seal = self.settings.seal.as_ref()?;
        let kept = async { Store::open_default().await?.get(name).await };
        seal.open(name, &kept.await.unwrap_or_else(cannot_be_read)?)
    }

    async fn keep(&mut self, name: &str, bytes: &[u8]) {
        let Some(seal) = &self.settings.seal else { return };
        let Some(sealed) = seal.close(name, bytes) else { return };
        let kept = async { Store::open_default().await?.set(name, &sealed).await };
        kept.await.unwrap_or_else(cannot_be_written);
    }

    fn report(&mut self, trouble: &Trouble) {
        eprintln!("baton: {trouble}");
    }
}

async fn answer_to(request: ::http::Request<FullBody<Bytes>>) -> Option<Response> {
    let (parts, body) = send(request).await.ok()?.into_parts();
    let body = whole(body, MOST_ANSWER_BYTES).await.ok()?;
    Some(Response { status: parts.status.as_u16(), body })
}
