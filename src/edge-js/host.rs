//! The calls of a host that is written in JavaScript.

use baton_core::exchange::{BodyProblem, DeliveryRequest, Response, Trouble};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

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
pub(crate) struct Hosted(pub(crate) Host);

impl baton_core::exchange::Host for Hosted {
    fn now(&self) -> u64 {
        // Without a clock all that is kept is old.
        self.0.now().unwrap_or_default() as u64
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let body = settled(self.0.body(most)).await.ok_or(BodyProblem::Broken)?;
        match body.dyn_ref::<Uint8Array>() {
            Some(body) if body.length() as usize <= most => Ok(body.to_vec()),
            Some(_) => Err(BodyProblem::TooLarge),
            None => Err(BodyProblem::Broken),
        }
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response> {
        let DeliveryRequest { path, headers, body } = request;
        let delivery = Delivery::new(path, headers.into_iter(), body);
        answer(settled(self.0.deliver(to_javascript(&delivery).ok()?)).await?)
    }

    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response> {
        let look_up = to_javascript(&LookUp { path, authorization }).ok()?;
        answer(settled(self.0.look_up(look_up)).await?)
    }

    async fn kept(&mut self, name: &str) -> Option<Vec<u8>> {
        let kept = settled(self.0.kept(name)).await?;
        kept.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
    }

    async fn keep(&mut self, name: &str, bytes: &[u8]) {
        // What is not kept is looked up more often.
        let _ = settled(self.0.keep(name, Uint8Array::from(bytes))).await;
    }

    fn report(&mut self, trouble: &Trouble) {
        // There is nobody to tell that it could not be told.
        let _ = self.0.report(&trouble.to_string());
    }
}

/// What was promised, or was there at once; `None`, if the call or its promise failed.
async fn settled(called: Result<JsValue, JsValue>) -> Option<JsValue> {
    JsFuture::from(Promise::resolve(&called.ok()?)).await.ok()
}

/// The answer; `None`, if there is none.
fn answer(answered: JsValue) -> Option<Response> {
    let answer: Option<Answer> = from_javascript("answer", answered).ok()?;
    answer.map(|answer| answer.response())
}
