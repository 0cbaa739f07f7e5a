//! Writes the JavaScript and the types beside a module: `as_javascript <module> <folder> <name>`.
//!
//! It is the library that the program `wasm-bindgen` is made of, which has to be of the version
//! that the module was built with: here both come from one lock file.

use std::{env, error::Error, fs, path::Path};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder, name] = arguments.as_slice() else {
        return Err("usage: as_javascript <module> <folder> <name>".into());
    };
    // The one kind that each host can load, given the module's bytes or where they are.
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .out_name(name)
        .typescript(true)
        // For what is left of a module that has trapped: `package/gate.js`.
        .reset_state_function(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)?;
    only_what_is_exported(&Path::new(folder).join(format!("{name}.d.ts")))?;
    Ok(())
}

/// Takes the types away of what makes the module ready, which is the business of the package's own
/// files and has types that say nothing.
fn only_what_is_exported(types: &Path) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(types)?;
    let (exported, _) = text.split_once("\nexport type InitInput").ok_or("no such types")?;
    Ok(fs::write(types, exported)?)
}
