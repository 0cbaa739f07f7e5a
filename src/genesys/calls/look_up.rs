//! Things that Genesys lists, and finding one of them by its name.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{call::Call, client::Genesys, error::CallError};

/// The most that Genesys gives on a page.
const PAGE_SIZE: &str = "100";

/// More pages than any organisation has; the count comes from outside.
const MOST_PAGES: u32 = 100;

/// So many names are shown to choose from.
const MOST_NAMES: usize = 10;

/// Why a thing was not found.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// Genesys could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is none of the name or id.
    #[error("Genesys has no {kind} {wanted:?}; {}", choice(known))]
    Missing {
        /// "Open Messaging integration", "queue".
        kind: &'static str,
        /// The name or id.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There are several of the name.
    #[error("Genesys has several {kind}s called {wanted:?}; name one by its id: {}", ids.join(", "))]
    Ambiguous {
        /// "Open Messaging integration", "queue".
        kind: &'static str,
        /// The name.
        wanted: String,
        /// Their ids.
        ids: Vec<String>,
    },
}

fn choice(known: &[String]) -> String {
    match known {
        [] => "there is none that the OAuth client may see".to_owned(),
        known => format!("there is: {}", known.join(", ")),
    }
}

/// What can be looked up by its name.
pub(super) trait Named {
    const KIND: &'static str;
    fn id(&self) -> &str;
    fn name(&self) -> &str;
}

/// A page of a listing (Genesys reference, 2.7).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    #[serde(default = "Vec::new")]
    entities: Vec<T>,
    #[serde(default)]
    page_count: u32,
}

/// The one of the name; several names that differ in case only are told apart.
pub(super) fn choose<T: Named>(all: Vec<T>, name: &str) -> Result<T, LookUpError> {
    let is_exact = |one: &T| one.name() == name;
    let is_like = |one: &T| one.name().to_lowercase() == name.to_lowercase();
    let fits: &dyn Fn(&T) -> bool = if all.iter().any(is_exact) { &is_exact } else { &is_like };
    let (mut found, others): (Vec<T>, Vec<T>) = all.into_iter().partition(fits);
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(one), false) => {
            let ids = found.iter().chain([&one]).map(|one| one.id().to_owned());
            let ids = ids.take(MOST_NAMES).collect();
            Err(LookUpError::Ambiguous { kind: T::KIND, wanted: name.to_owned(), ids })
        }
        (None, _) => {
            let known = others.iter().map(|one| format!("{:?}", one.name()));
            let known = known.take(MOST_NAMES).collect();
            Err(LookUpError::Missing { kind: T::KIND, wanted: name.to_owned(), known })
        }
    }
}

impl Genesys {
    /// What the call lists, on all pages.
    pub(super) async fn pages<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, CallError> {
        let mut all = Vec::new();
        for number in 1..=MOST_PAGES {
            let call = call
                .clone()
                .with_query("pageSize", PAGE_SIZE)
                .with_query("pageNumber", &number.to_string());
            let page: Page<T> = self.read(call).await?;
            let is_last = page.entities.is_empty() || number >= page.page_count;
            all.extend(page.entities);
            if is_last {
                break;
            }
        }
        Ok(all)
    }
}
