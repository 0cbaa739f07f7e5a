//! Things that Genesys lists, and finding one of them by its name.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    call::Call,
    client::Genesys,
    error::{CallError, ContextId, printable},
    lenient::{Item, or_default},
};

/// The most that Genesys gives on a page.
const PAGE_SIZE: &str = "100";

/// More pages than any organisation has; the count comes from outside.
const MOST_PAGES: u32 = 100;

/// So many are shown to choose from.
const MOST_SHOWN: usize = 10;

/// Why a thing was not found.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// Genesys could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is none of the name or id.
    #[error(
        "Genesys has no {kind} {wanted:?}{}; {}",
        ContextId(context_id.as_deref()),
        choice(known)
    )]
    Missing {
        /// "Open Messaging integration", "queue".
        kind: &'static str,
        /// The name or id.
        wanted: String,
        /// What there is.
        known: Vec<String>,
        /// What Genesys' support asks for; none for a name, which is looked for in a listing.
        context_id: Option<String>,
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
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(default = "Vec::new", deserialize_with = "or_default")]
    entities: Vec<Item<T>>,
    #[serde(default, deserialize_with = "or_default")]
    page_count: u32,
}

impl<T> Page<T> {
    /// The entries that can be read.
    fn readable(self, purpose: &'static str) -> impl Iterator<Item = T> {
        let left_out = self.entities.iter().filter(|one| matches!(one, Item::Other(_))).count();
        if left_out > 0 {
            tracing::warn!(purpose, left_out, "entries of a listing cannot be read");
        }
        self.entities.into_iter().filter_map(Item::readable)
    }
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
            found.push(one);
            let ids = shown(&found, |one| printable(one.id()));
            Err(LookUpError::Ambiguous { kind: T::KIND, wanted: name.to_owned(), ids })
        }
        (None, _) => {
            let known = shown(&others, |one| format!("{:?}", printable(one.name())));
            let wanted = name.to_owned();
            Err(LookUpError::Missing { kind: T::KIND, wanted, known, context_id: None })
        }
    }
}

/// The first of them, to choose from.
pub(super) fn shown<T>(all: &[T], show: impl Fn(&T) -> String) -> Vec<String> {
    all.iter().map(show).take(MOST_SHOWN).collect()
}

impl Genesys {
    /// What the call lists, on all pages; without the entries that cannot be read.
    pub(super) async fn pages<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, CallError> {
        let purpose = call.purpose;
        let mut all = Vec::new();
        for number in 1..=MOST_PAGES {
            let call = call
                .clone()
                .with_query("pageSize", PAGE_SIZE)
                .with_query("pageNumber", &number.to_string());
            let page: Page<T> = self.read(call).await?;
            let is_last = page.entities.is_empty() || number >= page.page_count;
            all.extend(page.readable(purpose));
            if is_last {
                break;
            }
        }
        Ok(all)
    }
}
