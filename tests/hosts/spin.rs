//! What Spin gives a component beside WASI: variables and a key-value store, in both versions.

use wasmtime::component::{Accessor, HasSelf, Linker, Resource};

use crate::{
    guest::Guest,
    surroundings::{Fault, Surroundings},
};

/// What the interfaces' definitions are made into.
#[allow(missing_docs, unused_qualifications, reason = "made from the definitions")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "imports",
        with: {
            "fermyon:spin/key-value.store": super::Opened,
            "spin:key-value/key-value.store": super::Opened,
        },
    });
}

use bindings::{
    fermyon::spin::{key_value as key_value_2, variables as variables_2},
    spin::{key_value::key_value as key_value_3, variables::variables as variables_3},
};

/// A key-value store that was opened. There is one only, so it has nothing to say.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "what is made from the definitions shows it")]
pub struct Opened;

/// Gives a component both versions.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    let of = Guest::surroundings;
    variables_2::add_to_linker::<_, HasSelf<Surroundings>>(linker, of)?;
    key_value_2::add_to_linker::<_, HasSelf<Surroundings>>(linker, of)?;
    variables_3::add_to_linker::<_, HasSelf<Surroundings>>(linker, of)?;
    key_value_3::add_to_linker::<_, HasSelf<Surroundings>>(linker, of)
}

impl variables_2::Host for Surroundings {
    fn get(&mut self, name: String) -> Result<String, variables_2::Error> {
        self.variable(&name).ok_or(variables_2::Error::Undefined(name))
    }
}

impl key_value_2::Host for Surroundings {}

impl key_value_2::HostStore for Surroundings {
    fn open(&mut self, label: String) -> Result<Resource<Opened>, key_value_2::Error> {
        self.open_store(&label).map_err(key_value_2::Error::Other)
    }

    fn get(
        &mut self,
        _: Resource<Opened>,
        key: String,
    ) -> Result<Option<Vec<u8>>, key_value_2::Error> {
        self.read_store(&key).map_err(key_value_2::Error::Other)
    }

    fn set(
        &mut self,
        _: Resource<Opened>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), key_value_2::Error> {
        self.write_store(key, value).map_err(key_value_2::Error::Other)
    }

    fn drop(&mut self, _: Resource<Opened>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl variables_3::Host for Surroundings {}

impl<T: Send> variables_3::HostWithStore<T> for HasSelf<Surroundings> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, variables_3::Error> {
        let value = accessor.with(|mut access| access.get().variable(&name));
        value.ok_or(variables_3::Error::Undefined(name))
    }
}

impl key_value_3::Host for Surroundings {}

impl key_value_3::HostStore for Surroundings {
    fn drop(&mut self, _: Resource<Opened>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl<T: Send> key_value_3::HostStoreWithStore<T> for HasSelf<Surroundings> {
    async fn open(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> Result<Resource<Opened>, key_value_3::Error> {
        let opened = accessor.with(|mut access| access.get().open_store(&label));
        opened.map_err(key_value_3::Error::Other)
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        _: Resource<Opened>,
        key: String,
    ) -> Result<Option<Vec<u8>>, key_value_3::Error> {
        let read = accessor.with(|mut access| access.get().read_store(&key));
        read.map_err(key_value_3::Error::Other)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        _: Resource<Opened>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), key_value_3::Error> {
        let written = accessor.with(|mut access| access.get().write_store(key, value));
        written.map_err(key_value_3::Error::Other)
    }
}

impl Surroundings {
    fn open_store(&self, label: &str) -> Result<Resource<Opened>, String> {
        match (self.fault(), label) {
            (Some(Fault::Open), _) => Err("the store cannot be opened".to_owned()),
            (_, "default") => Ok(Resource::new_own(0)),
            _ => Err(format!("there is no store {label}")),
        }
    }

    fn read_store(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        match self.fault() {
            Some(Fault::Read) => Err("the store cannot be read".to_owned()),
            _ => Ok(self.kept().remove(key)),
        }
    }

    fn write_store(&self, key: String, value: Vec<u8>) -> Result<(), String> {
        match self.fault() {
            Some(Fault::Write) => Err("the store cannot be written".to_owned()),
            _ => {
                self.change_kept(|kept| kept.insert(key, value));
                Ok(())
            }
        }
    }
}
