//! A worker of Envoy, as far as the filter can tell: the module on wasmtime, and around it a host
//! that keeps what Envoy keeps of each request, and grants or refuses a call as Envoy does in that
//! place.
//!
//! A call that Envoy would not grant there is answered as Envoy answers it, and noted as a trouble.
//! So is a callback that traps, or that does not come to its end.

mod headers;
mod host;
mod imports;
mod stream;
mod system;

use std::{env, path::PathBuf, sync::LazyLock};

use wasmtime::{Engine, Instance, InstancePre, Module, Store, WasmParams, WasmResults};

use self::host::{Callback, Host};
pub use self::{
    headers::{Headers, pairs, value_of},
    host::{Call, Fault, Sidecar},
    stream::{Answer, Hold, Sent, Stream},
};
use crate::metered::{METERED, PLENTY, spent};

/// What the filter may do next with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It goes on.
    Continue,
    /// It stays.
    Pause,
}

/// A worker with the filter in it.
pub struct Worker {
    store: Store<Host>,
    instance: Instance,
    /// The root context of the configuration that is in force.
    root: u32,
    next_context: u32,
    /// Nothing is called any more.
    trapped: bool,
}

/// What a worker starts with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How requests are held.
    pub hold: Hold,
    /// The filter's configuration.
    pub configuration: String,
    /// What it sees of the environment.
    pub environment: Vec<(String, String)>,
    /// The call to the host that fails, if one does.
    pub fault: Option<Fault>,
}

impl Worker {
    /// Loads the module and configures it.
    pub fn start(setting: Setting) -> Self {
        let Setting { hold, configuration, environment, fault } = setting;
        let mut store = Store::new(&METERED, Host::new(hold, environment, fault));
        store.set_fuel(PLENTY).expect("fuel is counted");
        let instance = module().instantiate(&mut store).expect("an instance");
        let mut worker = Self { store, instance, root: 0, next_context: 1, trapped: false };
        worker.call::<_, ()>(Callback::Other, 0, "_initialize", ());
        let root = worker.make_root();
        worker.call::<_, u32>(Callback::Other, root, "proxy_on_vm_start", (root, 0));
        worker.configure(root, &configuration);
        // Envoy does not start without a configuration that is taken. Whoever comes all the same
        // has to be refused.
        worker.root = root;
        worker
    }

    /// Gives the filter another configuration, as Envoy does: in a root context of its own, which
    /// takes the requests to come if it takes the configuration.
    pub fn reload(&mut self, configuration: &str) -> bool {
        let root = self.make_root();
        let took = self.configure(root, configuration);
        if took {
            self.root = root;
        }
        took
    }

    fn make_root(&mut self) -> u32 {
        let root = self.make_context();
        self.host().roots.insert(root, 0);
        self.call::<_, ()>(Callback::Other, root, "proxy_on_context_create", (root, 0));
        root
    }

    const fn make_context(&mut self) -> u32 {
        let context = self.next_context;
        self.next_context += 1;
        context
    }

    fn configure(&mut self, root: u32, configuration: &str) -> bool {
        configuration.clone_into(&mut self.host().configuration);
        let parameters = (root, length_of(configuration.as_bytes()));
        let took = self.call(Callback::Configure, root, "proxy_on_configure", parameters);
        took == Some(1_u32)
    }

    /// A request begins; nothing of it is there yet.
    pub fn open(&mut self) -> u32 {
        let (context, root) = (self.make_context(), self.root);
        let stream = Stream::new(self.host().hold, root);
        self.host().streams.insert(context, stream);
        let parameters = (context, root);
        self.call::<_, ()>(Callback::Other, context, "proxy_on_context_create", parameters);
        context
    }

    /// A request's headers are there, and with `end` nothing follows.
    pub fn headers(&mut self, context: u32, headers: &Headers, end: bool) {
        let parameters = (context, length_of(headers), u32::from(end));
        let Some(stream) = self.stream_mut(context) else { return };
        stream.headers_came(headers.clone(), end);
        let action = self.action(context, "proxy_on_request_headers", parameters);
        self.settle(context, |stream| stream.headers_judged(action, end));
    }

    /// A part of a request's body is there, and with `end` it is the last.
    pub fn body(&mut self, context: u32, part: &[u8], end: bool) {
        let Some(stream) = self.stream_mut(context) else { return };
        let buffered = u32::try_from(stream.body_came(part, end)).expect("a length");
        let parameters = (context, buffered, u32::from(end));
        let action = self.action(context, "proxy_on_request_body", parameters);
        self.settle(context, |stream| stream.judged(action));
    }

    /// A request's trailers are there.
    pub fn trailers(&mut self, context: u32, trailers: &Headers) {
        let parameters = (context, length_of(trailers));
        let Some(stream) = self.stream_mut(context) else { return };
        stream.trailers_came(trailers.clone());
        let action = self.action(context, "proxy_on_request_trailers", parameters);
        self.settle(context, |stream| stream.judged(action));
    }

    /// The upstream answers a request with this status.
    pub fn respond(&mut self, context: u32, status: u16) {
        let Some(stream) = self.stream_mut(context) else { return };
        let headers = stream.response_came(status);
        self.response_headers(context, headers);
    }

    /// Every timer that was set has run out.
    pub fn tick(&mut self) {
        let roots = self.host().roots.iter().filter(|(_, period)| **period > 0);
        for root in roots.map(|(root, _)| *root).collect::<Vec<_>>() {
            self.tick_of(root);
        }
    }

    /// A tick that nobody asked for.
    pub fn tick_for_nothing(&mut self) {
        self.tick_of(self.root);
    }

    fn tick_of(&mut self, root: u32) {
        self.call::<_, ()>(Callback::Other, root, "proxy_on_tick", (root,));
        self.reply_where_due();
    }

    /// The tenants that are being asked for, by the numbers of their calls: the path of each.
    pub fn asked(&self) -> Vec<(u32, String)> {
        let calls = self.store.data().calls.iter();
        calls.map(|(number, (_, path))| (*number, path.clone())).collect()
    }

    /// A call is answered with this status and body; `None`, if no status came.
    pub fn answer(&mut self, call: u32, status: Option<u16>, body: &[u8]) {
        let Some((root, _)) = self.host().calls.remove(&call) else { return };
        let headers = status.map(|status| pairs(&[(":status", &status.to_string())]));
        let headers = headers.unwrap_or_default();
        let parameters = (root, call, length_of(&headers), length_of(body), 0);
        self.host().answer = Some((headers, body.to_vec()));
        self.call::<_, ()>(Callback::Other, root, "proxy_on_http_call_response", parameters);
        self.host().answer = None;
        self.reply_where_due();
    }

    /// A request is over: whoever sent it has gone, or has its answer.
    pub fn close(&mut self, context: u32) {
        self.call::<_, u32>(Callback::Other, context, "proxy_on_done", (context,));
        self.call::<_, ()>(Callback::Other, context, "proxy_on_log", (context,));
        self.call::<_, ()>(Callback::Other, context, "proxy_on_delete", (context,));
        self.host().streams.remove(&context);
    }

    /// Sets the clock on.
    pub fn pass(&mut self, milliseconds: u64) {
        self.host().now += milliseconds * 1_000_000;
    }

    /// What becomes of look-ups from now on.
    pub fn set_sidecar(&mut self, sidecar: Sidecar) {
        self.host().sidecar = sidecar;
    }

    /// What a request has come to; `None`, if it is over.
    pub fn stream(&self, context: u32) -> Option<&Stream> {
        self.store.data().streams.get(&context)
    }

    /// What the filter did that Envoy does not grant, and where it trapped.
    pub fn troubles(&self) -> &[String] {
        &self.store.data().troubles
    }

    /// How many calls to the host it has made.
    pub fn calls_made(&self) -> usize {
        self.store.data().calls_made
    }

    /// Its log.
    pub fn log(&self) -> &[String] {
        &self.store.data().log
    }

    /// The value of a counter, by its name after `baton.`.
    pub fn counter(&self, name: &str) -> i64 {
        let counters = self.store.data().counters.iter();
        let counter = counters.rev().find(|(known, _)| known.strip_prefix("baton.") == Some(name));
        counter.map_or(0, |(_, value)| *value)
    }

    /// Forgets what it has logged so far.
    pub fn forget_log(&mut self) {
        self.host().log.clear();
    }

    /// How many bytes of memory the module has.
    pub fn memory(&mut self) -> usize {
        let memory = self.instance.get_memory(&mut self.store, "memory").expect("a memory");
        memory.data_size(&self.store)
    }

    /// How many instructions this takes.
    pub fn instructions(&mut self, act: impl FnOnce(&mut Self)) -> u64 {
        self.store.set_fuel(PLENTY).expect("fuel is counted");
        act(self);
        spent(&self.store)
    }

    fn host(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    fn stream_mut(&mut self, context: u32) -> Option<&mut Stream> {
        self.host().streams.get_mut(&context)
    }

    /// What Envoy does once a callback about a request is over.
    fn settle(&mut self, context: u32, judge: impl FnOnce(&mut Stream)) {
        if let Some(stream) = self.stream_mut(context) {
            judge(stream);
            if let Some(trouble) = stream.trouble() {
                self.host().troubles.push(format!("request {context}: {trouble}"));
            }
        }
        self.reply_where_due();
    }

    /// Envoy's own callbacks for answers that the filter has given.
    fn reply_where_due(&mut self) {
        let due = self.host().streams.iter_mut();
        let due = due.filter_map(|(context, stream)| Some((*context, stream.reply_due()?)));
        for (context, headers) in due.collect::<Vec<_>>() {
            self.response_headers(context, headers);
        }
    }

    fn response_headers(&mut self, context: u32, headers: u32) {
        self.action(context, "proxy_on_response_headers", (context, headers, 0));
        if let Some(stream) = self.stream_mut(context) {
            stream.response_judged();
        }
    }

    /// A callback about a request. One that the filter does not have lets it go on; a filter that
    /// traps holds it for good, and Envoy answers 503.
    fn action<P: WasmParams>(&mut self, context: u32, name: &str, parameters: P) -> Action {
        if self.instance.get_func(&mut self.store, name).is_none() {
            return Action::Continue;
        }
        match self.call::<_, u32>(Callback::Other, context, name, parameters) {
            Some(0) => Action::Continue,
            _ => Action::Pause,
        }
    }

    /// A callback; `None`, if it traps or if the module has none of this name.
    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        callback: Callback,
        context: u32,
        name: &str,
        parameters: P,
    ) -> Option<R> {
        if self.trapped {
            return None;
        }
        let function = self.instance.get_func(&mut self.store, name)?;
        let function = function.typed::<P, R>(&self.store).expect("the ABI's parameters");
        if self.store.get_fuel().expect("fuel is counted") < PLENTY / 2 {
            self.store.set_fuel(PLENTY).expect("fuel is counted");
        }
        self.host().enter(callback, context);
        let called = function.call(&mut self.store, parameters);
        self.host().enter(Callback::Other, 0);
        match called {
            Ok(result) => Some(result),
            Err(trap) => {
                self.trapped = true;
                self.host().troubles.push(format!("{name} of {context} trapped: {trap:#}"));
                None
            }
        }
    }
}

fn length_of<T>(slice: &[T]) -> u32 {
    u32::try_from(slice.len()).expect("a length")
}

/// The module with all that it takes from its host.
fn module() -> &'static InstancePre<Host> {
    static MODULE: LazyLock<InstancePre<Host>> = LazyLock::new(|| {
        let file = env::var("BATON_EDGE_ENVOY");
        let file = file.unwrap_or_else(|_| "target/edge/baton-edge-envoy.wasm".into());
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let engine: &Engine = &METERED;
        let module = Module::from_file(engine, root.join(&file))
            .unwrap_or_else(|error| panic!("{file} ({error:#}): `make wasm` makes it"));
        imports::linker(engine, &module).instantiate_pre(&module).expect("all that it imports")
    });
    &MODULE
}
