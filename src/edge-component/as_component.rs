//! Makes a component of the module that the compiler makes of this package. A target that gives a
//! component at once would import interfaces that the gate has no use for.

use std::{env, fs};

use wit_component::ComponentEncoder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(module), Some(component), None) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: as_component MODULE COMPONENT".into());
    };
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder.validate(true).module(&fs::read(module)?)?.encode()?;
    Ok(fs::write(component, encoded)?)
}
