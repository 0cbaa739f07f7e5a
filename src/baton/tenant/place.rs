//! Where the tenants are changed: in the sidecar that runs, or in the store that nobody has open.

use baton_core::tenant::TenantKey;
use baton_sidecar::{
    Clock, Examined, OpenError, Random, RotationEnding, Store, TenantBook, TenantBookError,
    TenantCommand,
};
use serde_json::{Value, json};

use super::Request;
use crate::{
    admin::{AdminArguments, AdminClient},
    configuration_file::ConfigurationFile,
    failure::Failure,
};

/// Where the tenants are changed.
pub(crate) enum Place {
    /// Through the internal API of the sidecar that has the store open.
    Running(Box<AdminClient>),
    /// In the store itself.
    Stopped {
        /// Who changes them.
        book: Box<TenantBook>,
        /// To be closed at the end.
        store: Store,
    },
}

/// What becomes of it that there is no store yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// It is an error.
    IsRefused,
    /// One is made.
    IsMade,
}

impl Place {
    /// Whether the sidecar of this configuration runs, its store's lock tells. Where the
    /// configuration cannot be read here, as when its secrets are the sidecar's alone, it has to.
    /// Where there is no store yet, one is made only for what is to be put into it.
    pub(crate) async fn find(
        file: &ConfigurationFile,
        admin: &AdminArguments,
        request: &Request,
    ) -> Result<Self, Failure> {
        let puts = matches!(request, Request::Book(TenantCommand::Put { .. }));
        Self::find_where(file, admin, if puts { Absent::IsMade } else { Absent::IsRefused }).await
    }

    /// As [`Place::find`] does.
    pub(super) async fn find_where(
        file: &ConfigurationFile,
        admin: &AdminArguments,
        absent: Absent,
    ) -> Result<Self, Failure> {
        let read = file.source().and_then(|source| {
            let (configuration, _) = source.read().map_err(|problem| file.is_wrong(problem))?;
            Ok((source, configuration))
        });
        let (source, configuration) = match read {
            Ok(read) => read,
            Err(failure) => {
                // What keeps the configuration from being read is what helps, if nobody answers.
                let Ok(client) = admin.client() else { return Err(failure) };
                return match client.get::<Value>(&["health"], &[]).await {
                    Err(error) if error.is_unreachable() => Err(failure),
                    _ => Ok(Self::Running(Box::new(client))),
                };
            }
        };
        if let Ok(Examined::Absent) = Store::examine(&configuration.store_path) {
            if configuration.master_key.is_none() {
                return Err(TenantBookError::NoMasterKey.into());
            }
            if absent == Absent::IsRefused {
                return Err(OpenError::Missing { path: configuration.store_path }.into());
            }
        }
        let store = match Store::open(&configuration.store_path) {
            Ok(store) => store,
            Err(OpenError::InUse { .. }) => {
                return Ok(Self::Running(Box::new(admin.client_of(&configuration)?)));
            }
            Err(error) => return Err(error.into()),
        };
        let (clock, random) = (Clock::system(), Random::system());
        let book = TenantBook::open(source, &configuration, store.clone(), clock, random).await;
        match book.and_then(|book| book.ok_or(TenantBookError::NoMasterKey)) {
            Ok(book) => Ok(Self::Stopped { book: Box::new(book), store }),
            Err(error) => {
                let _ = store.close().await;
                Err(error.into())
            }
        }
    }

    /// Has it carried out. The answer is the same in both places.
    pub(super) async fn carry_out(&mut self, request: Request) -> Result<Value, Failure> {
        match (self, request) {
            (Self::Running(client), Request::Book(command)) => ask(client, command).await,
            (Self::Running(client), Request::ApplyRotation(key)) => {
                let path = [&rotation(&key)[..], &["apply"]].concat();
                Ok(client.post(&path, &json!({})).await?)
            }
            (Self::Stopped { book, .. }, Request::Book(command)) => {
                Ok(book.carry_out(command).await?)
            }
            (Self::Stopped { .. }, Request::ApplyRotation(_)) => {
                let problem = "the sidecar speaks with Genesys, and it does not run; start it";
                Err(Failure::Option { option: "--genesys", problem: problem.to_owned() })
            }
        }
    }

    /// Leaves the store as it is to be found.
    pub(crate) async fn leave(self) {
        if let Self::Stopped { store, .. } = self {
            // What was changed is on disk already.
            let _ = store.close().await;
        }
    }
}

async fn ask(client: &AdminClient, command: TenantCommand) -> Result<Value, Failure> {
    Ok(match command {
        TenantCommand::List => client.get(&["stored_tenants"], &[]).await?,
        TenantCommand::Show(key) => client.get(&path(&key), &[]).await?,
        TenantCommand::Put { key, document } => {
            client.put(&path(&key), &json!({ "document": document.expose() })).await?
        }
        TenantCommand::Remove(key) => client.delete(&path(&key), &[]).await?,
        TenantCommand::BeginRotation { key, secret, edge_cache } => {
            let body = json!({
                "secret": secret.as_ref().map(|secret| secret.expose()),
                "edge_cache_seconds": edge_cache.map(|duration| duration.as_secs()),
            });
            client.post(&rotation(&key), &body).await?
        }
        TenantCommand::EndRotation { key, ending } => {
            let query: &[(&str, &str)] = match ending {
                RotationEnding::Finished => &[],
                RotationEnding::Forced => &[("force", "true")],
                RotationEnding::Cancelled => &[("cancel", "true")],
            };
            client.delete(&rotation(&key), query).await?
        }
    })
}

fn path<'k>(key: &'k TenantKey<'_>) -> [&'k str; 4] {
    ["stored_tenants", &key.account_id, &key.project_id, &key.client_env]
}

fn rotation<'k>(key: &'k TenantKey<'_>) -> [&'k str; 5] {
    let [tenants, account, project, environment] = path(key);
    [tenants, account, project, environment, "rotation"]
}
