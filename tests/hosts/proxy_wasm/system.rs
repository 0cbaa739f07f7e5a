//! The little of WASI that the module takes: its environment, and somewhere to write a last word.

use wasmtime::{Caller, Linker, bail};

use super::{host::Host, imports::Guest};

/// The place of WASI in a module's imports.
const PLACE: &str = "wasi_snapshot_preview1";

pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(PLACE, "environ_sizes_get", |caller: Caller<'_, Host>, count, length| {
        let mut guest = Guest(caller);
        let variables = variables(guest.host());
        guest.put(count, super::length_of(&variables))?;
        guest.put(length, super::length_of(&variables.concat()))?;
        Ok(0)
    })?;
    linker.func_wrap(
        PLACE,
        "environ_get",
        |caller: Caller<'_, Host>, places: u32, mut at: u32| {
            let mut guest = Guest(caller);
            for (position, variable) in (0_u32..).zip(variables(guest.host())) {
                guest.put(places + 4 * position, at)?;
                guest.write(at, &variable)?;
                at += super::length_of(&variable);
            }
            Ok(0)
        },
    )?;
    linker.func_wrap(PLACE, "proc_exit", |code: u32| -> wasmtime::Result<()> {
        bail!("the module ended itself with {code}")
    })?;
    linker.func_wrap(
        PLACE,
        "fd_write",
        |caller: Caller<'_, Host>, _file: u32, parts: u32, count: u32, written: u32| {
            let mut guest = Guest(caller);
            let mut text = Vec::new();
            for part in 0..count {
                let [at, length] = [0, 4].map(|offset| guest.number(parts + 8 * part + offset));
                text.extend(guest.read(at?, length?)?);
            }
            let length = super::length_of(&text);
            guest.host().log.push(String::from_utf8_lossy(&text).into_owned());
            guest.put(written, length)?;
            Ok(0)
        },
    )?;
    Ok(())
}

/// The environment, each variable with a zero behind it.
fn variables(host: &Host) -> Vec<Vec<u8>> {
    let variables = host.environment.iter();
    variables.map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}
