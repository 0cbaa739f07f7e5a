//! The host's side of the border: what it keeps, and what it grants where.

use std::collections::BTreeMap;

use super::{
    headers::{self, Headers, value_of},
    stream::{Hold, Stream},
};

/// Which call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// The one with this number, whatever it is: the first has the number 0.
    Number(usize),
    /// Each of this name.
    Each(&'static str),
}

/// A call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which one.
    pub call: Call,
    /// How.
    pub status: u32,
}

/// What becomes of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sidecar {
    /// It is sent.
    There,
    /// There is no cluster of that name.
    Unknown,
    /// The cluster has no host.
    Empty,
}

/// The callback that runs, as far as it matters for what is granted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callback {
    /// The filter is told its configuration.
    Configure,
    /// Any other, or none.
    Other,
}

/// Why a call is not granted, as the ABI has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NotFound = 1,
    BadArgument = 2,
    InternalFailure = 10,
    Unimplemented = 12,
}

/// What the host keeps.
pub(super) struct Host {
    pub(super) hold: Hold,
    pub(super) environment: Vec<(String, String)>,
    pub(super) configuration: String,
    /// In nanoseconds since 1970.
    pub(super) now: u64,
    /// The root contexts: of each, how often it wants to be called, in milliseconds; 0 for never.
    pub(super) roots: BTreeMap<u32, u32>,
    pub(super) sidecar: Sidecar,
    pub(super) streams: BTreeMap<u32, Stream>,
    /// The calls that are not answered yet: the root context of each, and its path.
    pub(super) calls: BTreeMap<u32, (u32, String)>,
    /// The answer to a call that is being told.
    pub(super) answer: Option<(Headers, Vec<u8>)>,
    pub(super) shared: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) counters: Vec<(String, i64)>,
    pub(super) log: Vec<String>,
    pub(super) troubles: Vec<String>,
    pub(super) calls_made: usize,
    fault: Option<Fault>,
    callback: Callback,
    /// Whom the calls are about.
    context: u32,
    next_call: u32,
}

/// What comes of a call.
type Granted<T> = Result<T, Status>;

impl Host {
    pub(super) fn new(
        hold: Hold,
        environment: Vec<(String, String)>,
        fault: Option<Fault>,
    ) -> Self {
        Self {
            hold,
            environment,
            configuration: String::new(),
            now: 1_795_000_000_000_000_000,
            roots: BTreeMap::new(),
            sidecar: Sidecar::There,
            streams: BTreeMap::new(),
            calls: BTreeMap::new(),
            answer: None,
            shared: BTreeMap::new(),
            counters: Vec::new(),
            log: Vec::new(),
            troubles: Vec::new(),
            calls_made: 0,
            fault,
            callback: Callback::Other,
            context: 0,
            next_call: 1,
        }
    }

    /// A callback begins, or is over.
    pub(super) const fn enter(&mut self, callback: Callback, context: u32) {
        self.callback = callback;
        self.context = context;
    }

    /// Counts a call, and says with which status it fails, if it is the one that does.
    ///
    /// The SDK makes two of them itself, in its own way: one that Envoy never refuses does not fail
    /// here, and the other fails as it does in Envoy.
    pub(super) fn count(&mut self, call: &str) -> Option<u32> {
        let number = self.calls_made;
        self.calls_made += 1;
        let fault = self.fault.filter(|fault| match fault.call {
            Call::Number(failing) => failing == number,
            Call::Each(name) => name == call,
        })?;
        match call {
            "proxy_set_effective_context" => None,
            "proxy_http_call" if fault.status % 2 == 0 => Some(Status::BadArgument as u32),
            "proxy_http_call" => Some(Status::InternalFailure as u32),
            _ => Some(fault.status),
        }
    }

    /// Notes a call that Envoy does not grant in this place.
    pub(super) fn refuse<T>(&mut self, call: &str, status: Status) -> Granted<T> {
        self.troubles.push(format!("{call} of {} where it is not granted", self.context));
        Err(status)
    }

    pub(super) fn speak_for(&mut self, context: u32) -> Granted<()> {
        if !self.roots.contains_key(&context) && !self.streams.contains_key(&context) {
            return self.refuse("proxy_set_effective_context", Status::BadArgument);
        }
        self.context = context;
        Ok(())
    }

    /// The root context of whom the calls are about.
    fn root(&self) -> u32 {
        self.streams.get(&self.context).map_or(self.context, |stream| stream.root)
    }

    pub(super) fn set_tick(&mut self, period: u32) {
        self.roots.insert(self.root(), period);
    }

    pub(super) fn resume(&mut self, kind: u32) -> Granted<()> {
        match self.streams.get_mut(&self.context) {
            Some(stream) if kind == 0 && stream.is_held() => {
                stream.go_on();
                Ok(())
            }
            _ => self.refuse("proxy_continue_stream", Status::BadArgument),
        }
    }

    pub(super) fn reply(&mut self, status: u32, body: Vec<u8>, headers: &[u8]) -> Granted<()> {
        let status = u16::try_from(status).ok().filter(|status| (200..600).contains(status));
        let readable = headers::decode(headers).is_some();
        match (self.streams.get_mut(&self.context), status) {
            (Some(stream), Some(status)) if readable && !stream.is_answered() => {
                stream.reply(status, body);
                Ok(())
            }
            _ => self.refuse("proxy_send_local_response", Status::BadArgument),
        }
    }

    pub(super) fn call(&mut self, cluster: &[u8], headers: &[u8], timeout: u32) -> Granted<u32> {
        let headers = headers::decode(headers).unwrap_or_default();
        let path = value_of(&headers, ":path").map(<[u8]>::to_vec);
        let complete =
            [":method", ":authority"].iter().all(|name| value_of(&headers, name).is_some());
        let (Some(path), true, false, false) = (path, complete, timeout == 0, cluster.is_empty())
        else {
            return self.refuse("proxy_http_call", Status::BadArgument);
        };
        match self.sidecar {
            Sidecar::There => {
                let number = self.next_call;
                self.next_call += 1;
                let path = String::from_utf8_lossy(&path).into_owned();
                self.calls.insert(number, (self.root(), path));
                Ok(number)
            }
            Sidecar::Unknown => Err(Status::BadArgument),
            Sidecar::Empty => Err(Status::InternalFailure),
        }
    }

    pub(super) fn shared(&self, key: &[u8]) -> Granted<Vec<u8>> {
        self.shared.get(key).cloned().ok_or(Status::NotFound)
    }

    /// A property of a request: what the filter itself has set, or where its route belongs.
    pub(super) fn property(&self, path: &[u8]) -> Granted<Vec<u8>> {
        let stream = self.streams.get(&self.context).ok_or(Status::NotFound)?;
        match path {
            b"xds\0virtual_host_name" => Ok(b"baton".to_vec()),
            _ => stream.properties.get(path).cloned().ok_or(Status::NotFound),
        }
    }

    pub(super) fn set_property(&mut self, path: Vec<u8>, value: Vec<u8>) -> Granted<()> {
        let Some(stream) = self.streams.get_mut(&self.context) else {
            return self.refuse("proxy_set_property", Status::NotFound);
        };
        stream.properties.insert(path, value);
        Ok(())
    }

    /// A counter by this name; the same for a name that is known.
    pub(super) fn counter(&mut self, kind: u32, name: &[u8]) -> Granted<u32> {
        if kind != 0 {
            return Err(Status::BadArgument);
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let position = self.counters.iter().position(|(known, _)| *known == name);
        let position = position.unwrap_or_else(|| {
            self.counters.push((name, 0));
            self.counters.len() - 1
        });
        // The first is 1 in Envoy, too.
        Ok(u32::try_from(position + 1).expect("a few counters"))
    }

    pub(super) fn add(&mut self, counter: u32, amount: i64) -> Granted<()> {
        let position = usize::try_from(counter).expect("an id").checked_sub(1);
        match position.and_then(|position| self.counters.get_mut(position)) {
            Some((_, value)) => {
                *value += amount;
                Ok(())
            }
            None => Err(Status::NotFound),
        }
    }

    /// The bytes of a buffer.
    pub(super) fn buffer(&mut self, kind: u32) -> Granted<Vec<u8>> {
        let stream = self.streams.get(&self.context);
        match (kind, stream, &self.answer) {
            (0, Some(stream), _) if stream.body_may_be_read() => {
                Ok(stream.body.clone().unwrap_or_default())
            }
            (4, _, Some((_, body))) => Ok(body.clone()),
            (7, ..) if self.callback == Callback::Configure => {
                Ok(self.configuration.clone().into_bytes())
            }
            _ => self.refuse("proxy_get_buffer_bytes", Status::NotFound),
        }
    }

    /// Puts bytes into a buffer, in the place of so many from `start` on.
    pub(super) fn set_buffer(
        &mut self,
        kind: u32,
        start: u32,
        length: u32,
        bytes: &[u8],
    ) -> Granted<()> {
        let stream = self.streams.get_mut(&self.context);
        match (kind, stream.and_then(|stream| stream.body.as_mut())) {
            (0, Some(body)) => {
                let start = usize::try_from(start).expect("a length").min(body.len());
                let length = usize::try_from(length).expect("a length").min(body.len() - start);
                body.splice(start..start + length, bytes.iter().copied());
                Ok(())
            }
            _ => self.refuse("proxy_set_buffer_bytes", Status::BadArgument),
        }
    }

    /// A map, to be read or changed.
    fn map_mut(&mut self, kind: u32) -> Option<&mut Headers> {
        if kind == 6 {
            return self.answer.as_mut().map(|(headers, _)| headers);
        }
        let stream = self.streams.get_mut(&self.context)?;
        match kind {
            0 => stream.headers.as_mut(),
            1 => stream.trailers.as_mut(),
            2 => stream.response.as_mut(),
            _ => None,
        }
    }

    /// All of a map; where there is none, it reads as empty.
    pub(super) fn map(&mut self, kind: u32) -> Granted<Headers> {
        match self.map_mut(kind) {
            Some(headers) => Ok(headers.clone()),
            None => {
                let _ = self.refuse::<()>("proxy_get_header_map_pairs", Status::BadArgument);
                Ok(Headers::new())
            }
        }
    }

    pub(super) fn set_map(&mut self, kind: u32, bytes: &[u8]) -> Granted<()> {
        match (headers::decode(bytes), self.map_mut(kind)) {
            (Some(headers), Some(map)) => {
                *map = headers;
                Ok(())
            }
            _ => self.refuse("proxy_set_header_map_pairs", Status::BadArgument),
        }
    }

    pub(super) fn map_value(&mut self, kind: u32, name: &[u8]) -> Granted<Vec<u8>> {
        let Some(map) = self.map_mut(kind) else {
            return self.refuse("proxy_get_header_map_value", Status::BadArgument);
        };
        value_of(map, &String::from_utf8_lossy(name)).map(<[u8]>::to_vec).ok_or(Status::NotFound)
    }

    pub(super) fn set_map_value(
        &mut self,
        kind: u32,
        name: &[u8],
        value: Option<&[u8]>,
    ) -> Granted<()> {
        let Some(map) = self.map_mut(kind) else {
            return self.refuse("proxy_replace_header_map_value", Status::BadArgument);
        };
        headers::replace(map, name, value);
        Ok(())
    }

    pub(super) fn add_map_value(&mut self, kind: u32, name: &[u8], value: &[u8]) -> Granted<()> {
        let Some(map) = self.map_mut(kind) else {
            return self.refuse("proxy_add_header_map_value", Status::BadArgument);
        };
        map.push((name.to_vec(), value.to_vec()));
        Ok(())
    }
}
