//! The calls of a host that is written in JavaScript.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    mem::replace,
    rc::Rc,
    task::Poll,
};

use baton_core::{
    exchange::{BodyProblem, DeliveryRequest, Response, Trouble},
    look_up::{Admission, Pace},
};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::values::{Answer, Delivery, LookUp, from_javascript, to_javascript};

#[wasm_bindgen]
extern "C" {
    /// An object with the methods that `types.d.ts` describes. What throws has not been done.
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    #[wasm_bindgen(method, structural, catch)]
    fn now(this: &Host) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn body(this: &Host, most: usize) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn deliver(this: &Host, delivery: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = "lookUp")]
    fn look_up(this: &Host, look_up: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn kept(this: &Host, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn keep(this: &Host, name: &str, bytes: Uint8Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn report(this: &Host, line: &str) -> Result<(), JsValue>;
}

/// A host in JavaScript, as the core calls it.
pub(crate) struct Hosted {
    pub(crate) host: Host,
    /// That of all exchanges of the gate.
    pub(crate) strangers: Rc<RefCell<Pace>>,
    /// Where a promise is put, and where there is what came of it once the exchange goes on.
    pub(crate) awaited: Rc<Cell<JsValue>>,
}

impl baton_core::exchange::Host for Hosted {
    fn now(&self) -> u64 {
        // Without a clock all that is kept is old.
        self.host.now().unwrap_or_default() as u64
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let body = self.settled(self.host.body(most)).await.ok_or(BodyProblem::Broken)?;
        match body.dyn_ref::<Uint8Array>() {
            Some(body) if body.length() as usize <= most => Ok(body.to_vec()),
            Some(_) => Err(BodyProblem::TooLarge),
            None => Err(BodyProblem::Broken),
        }
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response> {
        let DeliveryRequest { path, headers, body } = request;
        let delivery = Delivery::new(path, headers.into_iter(), body);
        answer(self.settled(self.host.deliver(to_javascript(&delivery).ok()?)).await?)
    }

    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response> {
        let look_up = to_javascript(&LookUp { path, authorization }).ok()?;
        answer(self.settled(self.host.look_up(look_up)).await?)
    }

    fn admits_stranger(&mut self) -> Admission {
        let now = self.now();
        self.strangers.borrow_mut().admits(now)
    }

    async fn kept(&mut self, name: &str) -> Option<Vec<u8>> {
        let kept = self.settled(self.host.kept(name)).await?;
        kept.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
    }

    async fn keep(&mut self, name: &str, bytes: &[u8]) {
        // What is not kept is looked up more often.
        let _ = self.settled(self.host.keep(name, Uint8Array::from(bytes))).await;
    }

    fn report(&mut self, trouble: &Trouble) {
        // There is nobody to tell that it could not be told.
        let _ = self.host.report(&trouble.to_string());
    }
}

impl Hosted {
    /// What came of what was called: `None`, if it failed at once, and `undefined`, if later.
    async fn settled(&self, called: Result<JsValue, JsValue>) -> Option<JsValue> {
        self.awaited.set(called.ok()?);
        let mut waited = false;
        poll_fn(|_| if replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        Some(self.awaited.take())
    }
}

/// The answer; `None`, if there is none.
fn answer(answered: JsValue) -> Option<Response> {
    let answer: Option<Answer> = from_javascript("answer", answered).ok()?;
    answer.map(|answer| answer.response())
}
