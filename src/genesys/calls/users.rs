//! Agents' names and pictures (Genesys reference, 6.3).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use tokio::{sync::OnceCell, time::Instant};

use crate::{
    call::Call,
    client::Genesys,
    error::CallError,
    lenient::{Item, or_default},
    rate_limit::Class,
};

/// More users are not kept: an organisation has fewer agents in a shift.
const MOST_USERS: usize = 10_000;

/// An agent, as their organisation knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their full name.
    pub name: Option<String>,
    /// What they like to be called.
    pub preferred_name: Option<String>,
    /// The address of their picture, the largest there is: https, but for a simulator's.
    pub picture: Option<String>,
}

/// What was read of users, and is being read: one look-up per user.
pub(crate) struct Users {
    kept: Duration,
    entries: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    since: Instant,
    user: Arc<OnceCell<Arc<User>>>,
}

impl Users {
    pub(crate) fn new(kept: Duration) -> Self {
        Self { kept, entries: Mutex::default() }
    }

    /// Where the user is, or will be.
    fn entry(&self, id: &str, now: Instant) -> Arc<OnceCell<Arc<User>>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_USERS && !entries.contains_key(id) {
            entries.clear();
        }
        let entry = entries
            .entry(id.to_owned())
            .or_insert_with(|| Entry { since: now, user: Arc::default() });
        if now.saturating_duration_since(entry.since) >= self.kept {
            *entry = Entry { since: now, user: Arc::default() };
        }
        Arc::clone(&entry.user)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    name: Option<String>,
    preferred_name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    images: Vec<Item<Image>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    #[serde(default, deserialize_with = "or_default")]
    resolution: String,
    #[serde(default, deserialize_with = "or_default")]
    image_uri: String,
}

impl Image {
    /// Genesys writes `x400`, or `640x480`.
    fn size(&self) -> u32 {
        let numbers = self.resolution.split('x').filter_map(|number| number.parse().ok());
        numbers.max().unwrap_or(0)
    }
}

impl Genesys {
    /// Reads who a user is. What was read is kept for a while; a failure is not.
    pub async fn user(&self, id: &str) -> Result<Arc<User>, CallError> {
        let entry = self.users().entry(id, Instant::now());
        entry.get_or_try_init(|| self.read_user(id)).await.cloned()
    }

    async fn read_user(&self, id: &str) -> Result<Arc<User>, CallError> {
        let call = Call::get("reading the agent's name", Class::Name, &["users", id]);
        let body: Body = self.read(call).await?;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let images = body.images.into_iter().filter_map(Item::readable);
        // A simulator on this machine serves its pictures as plainly as everything else.
        let own = self.hosts().api().as_str();
        let is_shown = |uri: &str| uri.starts_with("https://") || uri.starts_with(own);
        let pictures = images.filter(|one| is_shown(&one.image_uri));
        Ok(Arc::new(User {
            id: id.to_owned(),
            name: filled(body.name),
            preferred_name: filled(body.preferred_name),
            picture: pictures.max_by_key(Image::size).map(|image| image.image_uri),
        }))
    }
}
