//! The tenants that stand in the store: who wants to add, change or look at them asks here, whether
//! the sidecar runs or not.
//!
//! A tenant that is added, changed or removed takes effect at the next start of the sidecar: nothing
//! that serves chats is changed under them. But its webhook secret is rotated while it runs, in two
//! steps with both accepted in between.

mod answer;
mod command;
mod document;
mod error;
mod queue;
mod rotation;

use std::{collections::BTreeSet, fmt, sync::Arc};

use baton_core::tenant::TenantKey;
use baton_process::{Clock, Random};
use baton_store::{Sealing, Store, StoredTenant};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    configuration::{Configuration, ConfigurationProblem, StoredSection},
    surroundings::Surroundings,
    tenant_edges::TenantEdges,
};

use answer::{Change, ListedTenant, TakesEffect};
use document::Document;

pub(crate) use answer::{RotationBegun, RotationEnded, ShownTenant, StoredTenants, TenantChange};
pub use command::{RotationEnding, TenantCommand};
pub use error::TenantBookError;
pub(crate) use queue::{TenantOrders, tenant_orders};

/// The configuration file as it was read at the start, so that it can be read again together with
/// other tenants.
pub struct ConfigurationSource {
    text: String,
    surroundings: Box<dyn Surroundings + Send + Sync>,
}

/// The longest document of a tenant: some hundred times as much as one says.
const MOST_DOCUMENT_BYTES: usize = 256 << 10;

/// What there is to warn of when a tenant is put there with webhook secrets of which none was its.
const OTHER_SECRETS: &str = "none of its webhook secrets was its own until now, so that from then on \
                             webhooks are refused until Genesys signs with one of them; to change \
                             the secret without that: baton tenant rotate";

/// A configuration, and what there is to warn of.
type Configured = (Configuration, Vec<ConfigurationProblem>);

/// Keeps the tenants that stand in the store. Whoever has it is the only one to change them.
pub struct TenantBook {
    source: ConfigurationSource,
    store: Store,
    sealing: Sealing,
    clock: Clock,
    random: Random,
    /// Where the sidecar does not run, nothing is in effect.
    running: Option<Running>,
}

/// What a sidecar that runs has of them.
struct Running {
    edges: Arc<TenantEdges>,
    /// Those that stand there otherwise than they are served.
    changed: BTreeSet<TenantKey<'static>>,
}

/// A tenant with its document opened.
struct Entry {
    document: Document,
    changed_at_ms: i64,
}

/// Nothing of what it holds.
impl fmt::Debug for TenantBook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TenantBook").finish_non_exhaustive()
    }
}

/// Without the text, in which a secret may stand by mistake.
impl fmt::Debug for ConfigurationSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ConfigurationSource").finish_non_exhaustive()
    }
}

impl ConfigurationSource {
    /// This text of a configuration, and what it refers to.
    pub fn new(text: String, surroundings: impl Surroundings + Send + Sync + 'static) -> Self {
        Self { text, surroundings: Box::new(surroundings) }
    }

    /// The configuration that the file alone makes.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in one line.
    pub fn read(&self) -> Result<Configured, ConfigurationProblem> {
        Configuration::parse(&self.text, &*self.surroundings)
    }

    /// The configuration that the file makes together with the tenants in its store. Those are read
    /// from outside: whoever has the store open goes on, and nothing is changed.
    ///
    /// # Errors
    ///
    /// If the tenants cannot be opened, or file and store make no configuration.
    pub fn read_with_store(&self, random: Random) -> Result<Configured, TenantBookError> {
        let (in_file, warnings) = self.read()?;
        let Some(master_key) = in_file.master_key.clone() else { return Ok((in_file, warnings)) };
        let sealing = Sealing::new(master_key, random);
        let stored = Store::examine_tenants(&in_file.store_path, &sealing)?;
        let entries: Vec<Entry> = stored.iter().map(Entry::read).collect::<Result<_, _>>()?;
        Ok(self.with(&sections(&entries))?)
    }

    fn with(&self, stored: &[StoredSection]) -> Result<Configured, ConfigurationProblem> {
        Configuration::parse_with(&self.text, &*self.surroundings, Some(stored))
    }
}

impl TenantBook {
    /// Opens the book of a store, with the master key of the file's configuration. `None` if that
    /// has none, and the store no tenant.
    ///
    /// # Errors
    ///
    /// If there are tenants and no master key, or another than theirs.
    pub async fn open(
        source: ConfigurationSource,
        in_file: &Configuration,
        store: Store,
        clock: Clock,
        random: Random,
    ) -> Result<Option<Self>, TenantBookError> {
        let Some(master_key) = in_file.master_key.clone() else {
            return match store.tenant_keys().await?.len() {
                0 => Ok(None),
                tenants => Err(TenantBookError::NoMasterKeyFor { tenants }),
            };
        };
        let sealing = Sealing::new(master_key, random.clone());
        let book = Self { source, store, sealing, clock, random, running: None };
        book.entries().await?;
        Ok(Some(book))
    }

    /// The configuration that file and store make together.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in one line.
    pub async fn configuration(&self) -> Result<Configured, TenantBookError> {
        Ok(self.source.with(&sections(&self.entries().await?))?)
    }

    /// From now on the tenants are served as they stand there, and these edges are told when a
    /// secret changes.
    pub(crate) fn serves(self, edges: Arc<TenantEdges>) -> Self {
        Self { running: Some(Running { edges, changed: BTreeSet::new() }), ..self }
    }

    /// Carries a command out. The answer is the JSON that the internal API gives.
    ///
    /// # Errors
    ///
    /// [`TenantBookError`] says why it is refused; nothing is changed then.
    pub async fn carry_out(&mut self, command: TenantCommand) -> Result<Value, TenantBookError> {
        match command {
            TenantCommand::List => answer::to_json(self.list().await?),
            TenantCommand::Show(key) => answer::to_json(self.show(&key).await?),
            TenantCommand::Put { key, document } => {
                answer::to_json(self.put(&key, document.expose()).await?)
            }
            TenantCommand::Remove(key) => answer::to_json(self.remove(&key).await?),
            TenantCommand::BeginRotation { key, secret, edge_cache } => {
                answer::to_json(self.begin_rotation(&key, secret, edge_cache).await?)
            }
            TenantCommand::EndRotation { key, ending } => {
                answer::to_json(self.end_rotation(&key, ending).await?)
            }
        }
    }

    async fn list(&self) -> Result<StoredTenants, TenantBookError> {
        let entries = self.entries().await?;
        let tenants = entries.iter().map(|entry| self.listed(entry)).collect();
        Ok(StoredTenants { tenants })
    }

    async fn show(&self, key: &TenantKey<'_>) -> Result<ShownTenant, TenantBookError> {
        let entries = self.entries().await?;
        let entry = self.find(&entries, key)?;
        Ok(ShownTenant { listed: self.listed(entry), section: entry.document.shown() })
    }

    async fn put(
        &mut self,
        key: &TenantKey<'static>,
        text: &str,
    ) -> Result<TenantChange, TenantBookError> {
        if text.len() > MOST_DOCUMENT_BYTES {
            return Err(TenantBookError::TooLong { most: MOST_DOCUMENT_BYTES });
        }
        let section = StoredSection::parse(text).map_err(TenantBookError::Document)?;
        if section.key() != key {
            return Err(TenantBookError::AnotherTenant { named: section.key().clone() });
        }
        let mut entries = self.entries().await?;
        let place = entries.iter().position(|entry| entry.document.key() == key);
        let before = place.map(|place| entries.remove(place).document);
        let change = match &before {
            None => Change::Added,
            Some(before) if *before.section() == section => Change::Unchanged,
            Some(_) => Change::Changed,
        };
        if change == Change::Unchanged {
            let takes_effect = self.takes_effect(key);
            let (tenant, warnings) = (key.clone(), Vec::new());
            return Ok(TenantChange { tenant, change, takes_effect, warnings });
        }
        if before.as_ref().is_some_and(|before| before.rotation().is_some()) {
            return Err(TenantBookError::RotationGoesOn { key: key.clone() });
        }
        let now = self.clock.now();
        let document = Document::new(section, before.as_ref(), now);
        let mut all = sections(&entries);
        all.push(document.section().clone());
        let (_, warnings) = self.source.with(&all)?;
        self.keep(&document, now).await?;
        self.will_change(key);
        let own = |warning: &String| warning.contains(&format!("[{key}]"));
        let mut warnings: Vec<String> =
            warnings.iter().map(ToString::to_string).filter(own).collect();
        if before.is_some_and(|before| document.has_other_signature_secrets_than(&before)) {
            warnings.push(OTHER_SECRETS.to_owned());
        }
        let takes_effect = TakesEffect::AtRestart;
        Ok(TenantChange { tenant: key.clone(), change, takes_effect, warnings })
    }

    async fn remove(&mut self, key: &TenantKey<'static>) -> Result<TenantChange, TenantBookError> {
        let entries = self.entries().await?;
        self.find(&entries, key)?;
        let live_sessions = self.store.live_sessions_of(key).await?;
        self.store.remove_tenant(key).await?;
        self.will_change(key);
        let (change, takes_effect) = (Change::Removed, TakesEffect::AtRestart);
        let warnings = match live_sessions {
            0 => Vec::new(),
            live => vec![format!(
                "its sessions that go on ({live} of them) are left without Genesys and its bot \
                 from then on; they go on if it is added again before they end, as every session \
                 does that is idle; what waits for Genesys is dead letters then, and their \
                 conversations in Genesys stay open"
            )],
        };
        Ok(TenantChange { tenant: key.clone(), change, takes_effect, warnings })
    }

    async fn entries(&self) -> Result<Vec<Entry>, TenantBookError> {
        let stored = self.store.tenants(&self.sealing).await?;
        stored.iter().map(Entry::read).collect()
    }

    fn find<'e>(
        &self,
        entries: &'e [Entry],
        key: &TenantKey<'_>,
    ) -> Result<&'e Entry, TenantBookError> {
        if let Some(entry) = entries.iter().find(|entry| entry.document.key() == key) {
            return Ok(entry);
        }
        let (in_file, _) = self.source.read()?;
        let key = key.clone().into_owned();
        Err(match in_file.tenants.iter().any(|tenant| tenant.key == key) {
            true => TenantBookError::InFile { key },
            false => TenantBookError::Unknown { key },
        })
    }

    async fn keep(&self, document: &Document, now: Timestamp) -> Result<(), TenantBookError> {
        let tenant = StoredTenant {
            key: document.key().clone(),
            document: document.to_bytes()?,
            changed_at_ms: now.as_millisecond(),
        };
        Ok(self.store.put_tenant(&self.sealing, tenant).await?)
    }

    fn listed(&self, entry: &Entry) -> ListedTenant {
        ListedTenant {
            tenant: entry.document.key().clone(),
            changed_at: answer::time(entry.changed_at_ms),
            takes_effect: self.takes_effect(entry.document.key()),
            rotation: entry.document.rotation().map(Into::into),
        }
    }

    fn takes_effect(&self, key: &TenantKey<'static>) -> TakesEffect {
        match &self.running {
            Some(running) if !running.changed.contains(key) => TakesEffect::Now,
            _ => TakesEffect::AtRestart,
        }
    }

    fn will_change(&mut self, key: &TenantKey<'static>) {
        if let Some(running) = &mut self.running {
            running.changed.insert(key.clone());
        }
    }
}

impl Entry {
    fn read(stored: &StoredTenant) -> Result<Self, TenantBookError> {
        let document = Document::of_bytes(&stored.document)?;
        Ok(Self { document, changed_at_ms: stored.changed_at_ms })
    }
}

fn sections(entries: &[Entry]) -> Vec<StoredSection> {
    entries.iter().map(|entry| entry.document.section().clone()).collect()
}
