//! Open Messaging integrations (Genesys reference, 2.7).

use serde::Deserialize;

use super::look_up::{LookUpError, Named, choose, shown};
use crate::{
    call::Call,
    client::Genesys,
    error::{CallError, printable},
    lenient::or_default,
    rate_limit::Class,
};

pub(super) const PATH: [&str; 4] = ["conversations", "messaging", "integrations", "open"];

/// An Open Messaging integration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Integration {
    /// Its id.
    pub id: String,
    /// What it is called in Genesys.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// How an integration is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntegrationRef {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

impl Named for Integration {
    const KIND: &'static str = "Open Messaging integration";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Genesys {
    /// All integrations that the OAuth client may see.
    pub async fn integrations(&self) -> Result<Vec<Integration>, CallError> {
        self.pages(Call::get("listing the integrations", Class::Name, &PATH)).await
    }

    /// The integration of the id or name.
    pub async fn integration(
        &self,
        reference: &IntegrationRef,
    ) -> Result<Integration, LookUpError> {
        match reference {
            IntegrationRef::Name(name) => choose(self.integrations().await?, name),
            IntegrationRef::Id(id) => {
                let path = [PATH.as_slice(), &[id]].concat();
                let call = Call::get("reading the integration", Class::Name, &path);
                match self.read(call).await {
                    Err(CallError::Genesys(error)) if error.status == 404 => {
                        // Those are only to choose from.
                        let all = self.integrations().await.unwrap_or_default();
                        let known = shown(&all, |one| {
                            format!("{} {:?}", printable(&one.id), printable(&one.name))
                        });
                        Err(LookUpError::Missing {
                            kind: Integration::KIND,
                            wanted: id.clone(),
                            known,
                            context_id: error.context_id,
                        })
                    }
                    outcome => Ok(outcome?),
                }
            }
        }
    }
}
