//! `baton store rotate-key`: seals the tenants in the store under another master key.

use std::fs;

use baton_sidecar::{Examined, MasterKey, OpenError, Random, Sealing, Store, TenantBookError};
use clap::Args;

use crate::{
    Outcome, block_on, configuration_file::ConfigurationFile, failure::Failure, output, secret,
};

/// Seal the tenants in the store under another master key: all of them or none.
///
/// The sidecar has to be stopped. Then `master_key` of `[store]` has to become the new key, before
/// it is started again.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    configuration: ConfigurationFile,

    #[command(flatten)]
    new_key: NewKey,
}

/// The key under which they are to be sealed.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct NewKey {
    /// The environment variable that holds the new key
    #[arg(long, value_name = "NAME")]
    new_key_env: Option<String>,

    /// The file that holds the new key
    #[arg(long, value_name = "PATH")]
    new_key_file: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let new_key = arguments.new_key.read()?;
    let (configuration, _) = arguments.configuration.read()?;
    let old_key = configuration.master_key.ok_or(TenantBookError::NoMasterKey)?;
    // A wrong path would else be a new store, in which nothing is sealed.
    if let Examined::Absent = Store::examine(&configuration.store_path)? {
        return Err(OpenError::Missing { path: configuration.store_path }.into());
    }
    let store = Store::open(&configuration.store_path)?;
    let [old, new] = [old_key, new_key].map(|key| Sealing::new(key, Random::system()));
    let tenants = block_on(async {
        let sealed = store.reseal_tenants(&old, &new).await;
        // What was changed is on disk already.
        let _ = store.close().await;
        Ok(sealed?)
    })?;
    output::line(&format!(
        "tenants sealed under the new key: {tenants}; set store.master_key to it before the sidecar \
         is started again"
    ))?;
    Ok(Outcome::Done)
}

impl NewKey {
    fn read(&self) -> Result<MasterKey, Failure> {
        let (option, text) = match (&self.new_key_env, &self.new_key_file) {
            (Some(name), _) => ("--new-key-env", secret::variable("--new-key-env", name)?),
            (None, Some(path)) => {
                let read = fs::read_to_string(path);
                let unreadable = |source| Failure::Read { path: path.clone(), source };
                ("--new-key-file", read.map_err(unreadable)?)
            }
            // One of the two is there: the command line is refused otherwise.
            (None, None) => ("--new-key-env", String::new()),
        };
        MasterKey::parse(&text)
            .map_err(|error| Failure::Option { option, problem: format!("the key {error}") })
    }
}
