//! The calls that a filter can make, and what goes over the border with them.

use wasmtime::{
    Caller, Engine, ExternType, Linker, Memory, Module, Val, error::Context as _, format_err,
};

use super::{
    headers,
    host::{Host, Status},
    system,
};

/// The place of the ABI's calls in a module's imports.
const PLACE: &str = "env";

/// All that this module can import. What Envoy has beside that is there, too, and does nothing: a
/// filter that calls it is in trouble.
pub(super) fn linker(engine: &Engine, module: &Module) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    for import in module.imports() {
        let ExternType::Func(kind) = import.ty() else { continue };
        let name = import.name().to_owned();
        let refuse = move |mut caller: Caller<'_, Host>, _: &[Val], results: &mut [Val]| {
            let _ = caller.data_mut().refuse::<()>(&name, Status::Unimplemented);
            results.fill(Val::I32(Status::Unimplemented as i32));
            Ok(())
        };
        linker.func_new(import.module(), import.name(), kind, refuse).expect("a function");
    }
    system::add_to_linker(&mut linker).expect("WASI");
    add_calls_of_any_context(&mut linker).expect("the calls of any context");
    add_calls_of_a_request(&mut linker).expect("the calls of a request");
    add_calls_about_headers(&mut linker).expect("the calls about headers");
    linker
}

fn add_calls_of_any_context(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        PLACE,
        "proxy_log",
        |caller: Caller<'_, Host>, _: u32, at: u32, length: u32| {
            granted(caller, "proxy_log", |guest| {
                let line = String::from_utf8_lossy(&guest.read(at, length)?).into_owned();
                guest.host().log.push(line);
                Ok(Ok(()))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_get_current_time_nanoseconds",
        |caller: Caller<'_, Host>, time: u32| {
            granted(caller, "proxy_get_current_time_nanoseconds", |guest| {
                let now = guest.host().now;
                guest.write(time, &now.to_le_bytes())?;
                Ok(Ok(()))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_set_tick_period_milliseconds",
        |caller: Caller<'_, Host>, period: u32| {
            granted(caller, "proxy_set_tick_period_milliseconds", |guest| {
                guest.host().set_tick(period);
                Ok(Ok(()))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_define_metric",
        |caller: Caller<'_, Host>, kind: u32, at: u32, length: u32, id: u32| {
            granted(caller, "proxy_define_metric", |guest| {
                let name = guest.read(at, length)?;
                let counter = guest.host().counter(kind, &name);
                guest.put_granted(id, counter)
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_increment_metric",
        |caller: Caller<'_, Host>, counter: u32, amount: i64| {
            granted(caller, "proxy_increment_metric", |guest| Ok(guest.host().add(counter, amount)))
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_get_shared_data",
        |caller: Caller<'_, Host>, at: u32, length: u32, value: u32, size: u32, version: u32| {
            granted(caller, "proxy_get_shared_data", |guest| {
                let key = guest.read(at, length)?;
                let shared = guest.host().shared(&key);
                if shared.is_ok() {
                    guest.put(version, 1)?;
                }
                guest.give_granted(value, size, shared)
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_set_shared_data",
        |caller: Caller<'_, Host>, at: u32, length: u32, value: u32, size: u32, _: u32| {
            granted(caller, "proxy_set_shared_data", |guest| {
                let (key, value) = (guest.read(at, length)?, guest.read(value, size)?);
                guest.host().shared.insert(key, value);
                Ok(Ok(()))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_set_effective_context",
        |caller: Caller<'_, Host>, context: u32| {
            granted(caller, "proxy_set_effective_context", |guest| {
                Ok(guest.host().speak_for(context))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_get_property",
        |caller: Caller<'_, Host>, at: u32, length: u32, value: u32, size: u32| {
            granted(caller, "proxy_get_property", |guest| {
                let path = guest.read(at, length)?;
                let property = guest.host().property(&path);
                guest.give_granted(value, size, property)
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_set_property",
        |caller: Caller<'_, Host>, at: u32, length: u32, value: u32, size: u32| {
            granted(caller, "proxy_set_property", |guest| {
                let (path, value) = (guest.read(at, length)?, guest.read(value, size)?);
                Ok(guest.host().set_property(path, value))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_http_call",
        |caller: Caller<'_, Host>,
         cluster: u32,
         cluster_length: u32,
         headers: u32,
         headers_length: u32,
         _body: u32,
         _body_length: u32,
         _trailers: u32,
         _trailers_length: u32,
         longest: u32,
         number: u32| {
            granted(caller, "proxy_http_call", |guest| {
                let cluster = guest.read(cluster, cluster_length)?;
                let headers = guest.read(headers, headers_length)?;
                let call = guest.host().call(&cluster, &headers, longest);
                guest.put_granted(number, call)
            })
        },
    )?;
    Ok(())
}

fn add_calls_of_a_request(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(PLACE, "proxy_continue_stream", |caller: Caller<'_, Host>, kind: u32| {
        granted(caller, "proxy_continue_stream", |guest| Ok(guest.host().resume(kind)))
    })?;
    linker.func_wrap(
        PLACE,
        "proxy_send_local_response",
        |caller: Caller<'_, Host>,
         status: u32,
         _details: u32,
         _details_length: u32,
         body: u32,
         body_length: u32,
         headers: u32,
         headers_length: u32,
         _grpc: u32| {
            granted(caller, "proxy_send_local_response", |guest| {
                let body = guest.read(body, body_length)?;
                let headers = guest.read(headers, headers_length)?;
                Ok(guest.host().reply(status, body, &headers))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_get_buffer_bytes",
        |caller: Caller<'_, Host>, kind: u32, start: u32, most: u32, value: u32, size: u32| {
            granted(caller, "proxy_get_buffer_bytes", |guest| {
                let part = guest.host().buffer(kind).map(|buffer| part(&buffer, start, most));
                guest.give_granted(value, size, part)
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_set_buffer_bytes",
        |caller: Caller<'_, Host>, kind: u32, start: u32, length: u32, value: u32, size: u32| {
            granted(caller, "proxy_set_buffer_bytes", |guest| {
                let bytes = guest.read(value, size)?;
                Ok(guest.host().set_buffer(kind, start, length, &bytes))
            })
        },
    )?;
    Ok(())
}

fn add_calls_about_headers(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        PLACE,
        "proxy_get_header_map_pairs",
        |caller: Caller<'_, Host>, kind: u32, value: u32, size: u32| {
            granted(caller, "proxy_get_header_map_pairs", |guest| {
                let map = guest.host().map(kind).map(|map| match map.is_empty() {
                    true => Vec::new(),
                    false => headers::encode(&map),
                });
                guest.give_granted(value, size, map)
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_set_header_map_pairs",
        |caller: Caller<'_, Host>, kind: u32, at: u32, length: u32| {
            granted(caller, "proxy_set_header_map_pairs", |guest| {
                let map = guest.read(at, length)?;
                Ok(guest.host().set_map(kind, &map))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_get_header_map_value",
        |caller: Caller<'_, Host>, kind: u32, at: u32, length: u32, value: u32, size: u32| {
            granted(caller, "proxy_get_header_map_value", |guest| {
                let name = guest.read(at, length)?;
                let found = guest.host().map_value(kind, &name);
                guest.give_granted(value, size, found)
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_remove_header_map_value",
        |caller: Caller<'_, Host>, kind: u32, at: u32, length: u32| {
            granted(caller, "proxy_remove_header_map_value", |guest| {
                let name = guest.read(at, length)?;
                Ok(guest.host().set_map_value(kind, &name, None))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_replace_header_map_value",
        |caller: Caller<'_, Host>, kind: u32, at: u32, length: u32, value: u32, size: u32| {
            granted(caller, "proxy_replace_header_map_value", |guest| {
                let (name, value) = (guest.read(at, length)?, guest.read(value, size)?);
                Ok(guest.host().set_map_value(kind, &name, Some(&value)))
            })
        },
    )?;
    linker.func_wrap(
        PLACE,
        "proxy_add_header_map_value",
        |caller: Caller<'_, Host>, kind: u32, at: u32, length: u32, value: u32, size: u32| {
            granted(caller, "proxy_add_header_map_value", |guest| {
                let (name, value) = (guest.read(at, length)?, guest.read(value, size)?);
                Ok(guest.host().add_map_value(kind, &name, &value))
            })
        },
    )?;
    Ok(())
}

/// So many bytes of a buffer, or as many as there are.
fn part(buffer: &[u8], start: u32, most: u32) -> Vec<u8> {
    let [start, most] = [start, most].map(|length| usize::try_from(length).expect("a length"));
    let rest = buffer.get(start..).unwrap_or_default();
    rest.get(..most).unwrap_or(rest).to_vec()
}

/// Makes a call, unless it is the one that fails, and returns its status: 0 for one that was granted.
fn granted(
    caller: Caller<'_, Host>,
    name: &str,
    call: impl FnOnce(&mut Guest<'_>) -> wasmtime::Result<Result<(), Status>>,
) -> wasmtime::Result<u32> {
    let mut guest = Guest(caller);
    if let Some(status) = guest.host().count(name) {
        return Ok(status);
    }
    Ok(call(&mut guest)?.map_or_else(|status| status as u32, |()| 0))
}

/// The module that calls, and its memory.
pub(super) struct Guest<'c>(pub(super) Caller<'c, Host>);

impl Guest<'_> {
    pub(super) fn host(&mut self) -> &mut Host {
        self.0.data_mut()
    }

    pub(super) fn read(&mut self, at: u32, length: u32) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length)?];
        self.memory()?.read(&self.0, usize::try_from(at)?, &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn number(&mut self, at: u32) -> wasmtime::Result<u32> {
        let mut bytes = [0; 4];
        self.memory()?.read(&self.0, usize::try_from(at)?, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
        Ok(self.memory()?.write(&mut self.0, usize::try_from(at)?, bytes)?)
    }

    pub(super) fn put(&mut self, at: u32, number: u32) -> wasmtime::Result<()> {
        self.write(at, &number.to_le_bytes())
    }

    fn put_granted(
        &mut self,
        at: u32,
        number: Result<u32, Status>,
    ) -> wasmtime::Result<Result<(), Status>> {
        match number {
            Ok(number) => self.put(at, number).map(Ok),
            Err(status) => Ok(Err(status)),
        }
    }

    /// Gives the module bytes, in memory that it allots for them. It gets none for no bytes.
    fn give_granted(
        &mut self,
        value: u32,
        size: u32,
        bytes: Result<Vec<u8>, Status>,
    ) -> wasmtime::Result<Result<(), Status>> {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(status) => return Ok(Err(status)),
        };
        if bytes.is_empty() {
            return Ok(Ok(()));
        }
        let length = super::length_of(&bytes);
        let at = self.allot(length)?;
        self.write(at, &bytes)?;
        self.put(value, at)?;
        self.put(size, length)?;
        Ok(Ok(()))
    }

    fn allot(&mut self, length: u32) -> wasmtime::Result<u32> {
        let names = ["proxy_on_memory_allocate", "malloc"];
        let function = names.iter().find_map(|name| self.0.get_export(name)?.into_func());
        let function = function.context("a module that allots memory")?;
        function.typed::<u32, u32>(&self.0)?.call(&mut self.0, length)
    }

    fn memory(&mut self) -> wasmtime::Result<Memory> {
        let memory = self.0.get_export("memory").and_then(wasmtime::Extern::into_memory);
        memory.ok_or_else(|| format_err!("the module has no memory"))
    }
}
