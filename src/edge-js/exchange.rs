//! An exchange as JavaScript drives it: step by step, so that whatever goes wrong in a step is thrown
//! to who asked for it.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use baton_core::{
    exchange::{self, exchange},
    gate::Gate,
    look_up::Pace,
};
use wasm_bindgen::prelude::*;

use crate::{
    host::{Host, Hosted},
    values::{Reply, RequestHead, to_javascript},
};

/// An exchange under way.
#[wasm_bindgen(skip_typescript)]
pub struct Exchange {
    future: Pin<Box<dyn Future<Output = exchange::Reply>>>,
    /// What it waits for, until it goes on; then what came of that.
    awaited: Rc<Cell<JsValue>>,
}

#[wasm_bindgen]
impl Exchange {
    /// Goes on until the host is asked for something that takes time. `settled` is what came of
    /// [`Exchange::awaited`]: `undefined` at first, and if it failed. Gives the reply, and before
    /// there is one `undefined`. With a reply the exchange is over.
    pub fn resume(&mut self, settled: JsValue) -> Result<JsValue, JsError> {
        self.awaited.set(settled);
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reply) => to_javascript(&Reply::from(reply)),
            Poll::Pending => Ok(JsValue::UNDEFINED),
        }
    }

    /// What the host promised, which the exchange needs to go on.
    pub fn awaited(&self) -> JsValue {
        self.awaited.take()
    }
}

impl Exchange {
    pub(crate) fn new(
        gate: Rc<Gate>,
        strangers: Rc<RefCell<Pace>>,
        head: RequestHead,
        host: Host,
    ) -> Self {
        let awaited = Rc::default();
        let mut host = Hosted { host, strangers, awaited: Rc::clone(&awaited) };
        let future = Box::pin(async move {
            let head = &exchange::RequestHead {
                method: head.method.as_bytes(),
                path: head.path.as_bytes(),
                headers: &head.headers(),
            };
            exchange(&gate, head, &mut host).await.reply()
        });
        Self { future, awaited }
    }
}
