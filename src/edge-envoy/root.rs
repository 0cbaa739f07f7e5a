//! The filter in one worker thread: it loads the plugin, and makes a stream for each request.

use std::rc::Rc;

use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{ContextType, LogLevel},
};

use crate::{
    host,
    plugin::{Plugin, log},
    stream::Stream,
};

/// The filter in one worker thread. Without a good configuration it makes streams that refuse
/// everything.
#[derive(Default)]
pub(crate) struct Root {
    plugin: Option<Rc<Plugin>>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, _: usize, body_length: usize, _: usize) {
        if let Some(plugin) = &self.plugin {
            plugin.look_up_answered(call, body_length);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, length: usize) -> bool {
        match Plugin::load(&host::configuration(length)) {
            Ok(plugin) => self.plugin = Some(Rc::new(plugin)),
            Err(problem) => {
                self.plugin = None;
                log(LogLevel::Error, &problem);
            }
        }
        self.plugin.is_some()
    }

    fn on_tick(&mut self) {
        host::let_root_sleep();
        if let Some(plugin) = &self.plugin {
            plugin.send_look_ups();
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(context_id, self.plugin.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
