//! One request as the host calls it: the callbacks, and the request that they are about, which an
//! answer to a look-up reaches too.

use std::{cell::RefCell, rc::Rc};

use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{plugin::Plugin, request::Request};

/// One request as the host calls it.
pub(crate) struct Stream(Rc<RefCell<Request>>);

impl Stream {
    pub(crate) fn new(context_id: u32, plugin: Option<Rc<Plugin>>) -> Self {
        Self(Request::new(context_id, plugin))
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        self.0.borrow_mut().headers(end_of_stream)
    }

    fn on_http_request_body(&mut self, buffered: usize, end_of_stream: bool) -> Action {
        self.0.borrow_mut().body(buffered, end_of_stream)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.0.borrow_mut().trailers()
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        self.0.borrow_mut().response_headers();
        Action::Continue
    }
}
