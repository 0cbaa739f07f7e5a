//! A tenant that stands in the store: the section `[[tenants]]` of a configuration, which holds all
//! its values itself, a secret as `{ value = "…" }`. It refers to nothing outside: whoever may write
//! a tenant into the store does not thereby read the sidecar's environment and files.

use std::{collections::BTreeMap, fmt};

use baton_core::tenant::{TenantKey, is_segment};
use baton_genesys::Secret;
use serde::Serialize;
use toml::{Table, Value};

use super::ConfigurationProblem;
use crate::{
    reference::Reference,
    section::{Section, table},
    surroundings::Surroundings,
};

const ONE_TENANT: &str = "has to hold one section [[tenants]], with its keys and sections, and \
                          nothing else";

/// The section of a tenant that stands in the store.
#[derive(Clone, PartialEq)]
pub(crate) struct StoredSection {
    key: TenantKey<'static>,
    section: Table,
}

/// Without the section, which holds secrets.
impl fmt::Debug for StoredSection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoredSection").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Resolves what the one tenant of this piece of a configuration refers to, `{ env = "NAME" }` and
/// `{ file = "/path" }`: whose it is, and how it may stand in the store, in TOML with its secrets.
///
/// # Errors
///
/// If it holds something else than one tenant, or refers to what is not there.
pub fn self_contained_tenant(
    text: &str,
    surroundings: &dyn Surroundings,
) -> Result<(TenantKey<'static>, Secret), ConfigurationProblem> {
    let mut section = one_tenant(text)?;
    replace(&mut section, "tenants[0]", &mut |path, key, text| {
        if !matches!(key, "env" | "file") {
            return Ok(None);
        }
        let entry = Value::Table(Table::from_iter([(key.to_owned(), text.into())]));
        let Some(reference) = Reference::of(path, &entry)? else { return Ok(None) };
        let brought = reference.read(path, surroundings)?;
        let value = Value::from(brought.text.expose());
        Ok(Some(Value::Table(Table::from_iter([("value".to_owned(), value)]))))
    })?;
    let StoredSection { key, section } = StoredSection::of_table(section)?;
    let tenants = Value::Array(vec![Value::Table(section)]);
    let document = toml::to_string(&Table::from_iter([("tenants".to_owned(), tenants)]))
        .map_err(|_| ConfigurationProblem::new("the tenant", "cannot be written as TOML"))?;
    Ok((key, Secret::new(document)))
}

/// Checks that a configuration file holds no `{ value = "…" }`: that is for the store alone.
pub(crate) fn refuse_values(document: &Table) -> Result<(), ConfigurationProblem> {
    // Nothing is replaced: the copy is for the walk.
    replace(&mut document.clone(), "", &mut |path, key, _| match key {
        "value" => {
            let problem = "has to be { env = \"NAME\" } or { file = \"/path\" }, and never the \
                           secret itself: { value = … } is for tenants in the store";
            Err(ConfigurationProblem::new(path, problem))
        }
        _ => Ok(None),
    })
}

impl StoredSection {
    /// Reads a piece of a configuration that holds one tenant, and all its values.
    ///
    /// # Errors
    ///
    /// If it holds something else, or refers to something outside. Whether the section makes sense
    /// shows itself when a configuration is made of it.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigurationProblem> {
        Self::of_table(one_tenant(text)?)
    }

    /// The same of a section that was read already.
    pub(crate) fn of_table(mut section: Table) -> Result<Self, ConfigurationProblem> {
        let part = |key: &str| match section.get(key).and_then(Value::as_str) {
            Some(text) if is_segment(text) => Ok(text.to_owned()),
            _ => {
                let problem = "has to be 1 to 64 characters of A-Z a-z 0-9 . _ -";
                Err(ConfigurationProblem::new(format!("tenants[0].{key}"), problem))
            }
        };
        let key = TenantKey::new(part("account_id")?, part("project_id")?, part("client_env")?);
        replace(&mut section, &path(&key), &mut |path, key, _| match key {
            "env" | "file" => {
                let problem = "refers to something outside, and a tenant in the store holds its \
                               values itself: write { value = \"…\" }, or let baton tenant add \
                               resolve it";
                Err(ConfigurationProblem::new(path, problem))
            }
            _ => Ok(None),
        })?;
        Ok(Self { key, section })
    }

    /// Whose it is.
    pub(crate) const fn key(&self) -> &TenantKey<'static> {
        &self.key
    }

    /// Its keys and sections.
    pub(crate) const fn table(&self) -> &Table {
        &self.section
    }

    /// The section, to be read as those of the file.
    pub(crate) fn section<'a>(&self, surroundings: &'a dyn Surroundings) -> Section<'a> {
        Section::stored(path(&self.key), self.section.clone(), surroundings)
    }

    /// The secrets, and digests of secrets, that it holds, each under its place in the section.
    pub(crate) fn secrets(&self) -> BTreeMap<String, String> {
        let mut secrets = BTreeMap::new();
        // The walk refuses nothing.
        let _ = replace(&mut self.section.clone(), "", &mut |path, key, text| {
            if is_secret(key) {
                secrets.insert(path.to_owned(), text.to_owned());
            }
            Ok(None)
        });
        secrets
    }

    /// The section with this in the place of each secret, which is told its place.
    pub(crate) fn without_secrets<Shown: Serialize>(
        &self,
        mut instead: impl FnMut(&str) -> Shown,
    ) -> Table {
        let mut section = self.section.clone();
        let _ = replace(&mut section, "", &mut |path, key, _| {
            Ok(is_secret(key).then(|| {
                Value::try_from(instead(path)).unwrap_or_else(|_| Value::Table(Table::new()))
            }))
        });
        section
    }

    /// What Genesys signs the tenant's webhooks with, as it stands there: none, one or two.
    pub(crate) fn signature_secrets(&self) -> Vec<Value> {
        let edge = self.section.get("edge").and_then(Value::as_table);
        let secrets = edge.and_then(|edge| edge.get("signature_secrets"));
        secrets.and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// The same section with these in their place.
    pub(crate) fn with_signature_secrets(mut self, secrets: Vec<Value>) -> Self {
        if let Some(edge) = self.section.get_mut("edge").and_then(Value::as_table_mut) {
            edge.insert("signature_secrets".to_owned(), Value::Array(secrets));
        }
        self
    }
}

/// A secret as it stands in a stored section.
pub(crate) fn sealed_value(secret: &str) -> Value {
    Value::Table(Table::from_iter([("value".to_owned(), secret.into())]))
}

/// Under what name problems with the section are told.
fn path(key: &TenantKey<'_>) -> String {
    format!("stored_tenants[{key}]")
}

fn is_secret(key: &str) -> bool {
    matches!(key, "value" | "sha256")
}

fn one_tenant(text: &str) -> Result<Table, ConfigurationProblem> {
    let mut document = table(text)?;
    let problem = || ConfigurationProblem::new("the tenant's document", ONE_TENANT);
    let tenants = document.remove("tenants").filter(|_| document.is_empty());
    let Some(Value::Array(tenants)) = tenants else { return Err(problem()) };
    match <[Value; 1]>::try_from(tenants) {
        Ok([Value::Table(section)]) => Ok(section),
        _ => Err(problem()),
    }
}

/// What becomes of an entry such as `{ env = "NAME" }`: it is told its place, its one key and the
/// text under it.
type Each<'e> = dyn FnMut(&str, &str, &str) -> Result<Option<Value>, ConfigurationProblem> + 'e;

/// Replaces each entry of one key with a text, wherever it stands in the section, by what it is
/// given; what is given nothing stays.
fn replace(
    section: &mut Table,
    path: &str,
    each: &mut Each<'_>,
) -> Result<(), ConfigurationProblem> {
    for (key, value) in section {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        replace_in(value, &path, each)?;
    }
    Ok(())
}

fn replace_in(
    value: &mut Value,
    path: &str,
    each: &mut Each<'_>,
) -> Result<(), ConfigurationProblem> {
    match value {
        Value::Array(values) => {
            for (place, value) in values.iter_mut().enumerate() {
                replace_in(value, &format!("{path}[{place}]"), each)?;
            }
        }
        Value::Table(entries) => {
            let mut only = entries.iter().filter(|_| entries.len() == 1);
            let replaced = match only.next() {
                Some((key, Value::String(text))) => each(path, key, text)?,
                _ => None,
            };
            match replaced {
                Some(replaced) => *value = replaced,
                None => replace(entries, path, each)?,
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: &str = r#"
        [[tenants]]
        account_id = "acme"
        project_id = "support"
        client_env = "live"
        hosts = ["www.example.com"]
        connector_tokens = [{ sha256 = "00ff" }]
        [tenants.edge]
        signature_secrets = [{ value = "the first" }, { value = "the second" }]
    "#;

    #[test]
    fn a_tenant_is_read_with_the_places_of_its_secrets() {
        let stored = StoredSection::parse(SECTION).unwrap();
        assert_eq!(stored.key().to_string(), "acme/support/live");
        let secrets = stored.secrets();
        let places: Vec<&str> = secrets.keys().map(String::as_str).collect();
        let first = "edge.signature_secrets[0]";
        assert_eq!(places, ["connector_tokens[0]", first, "edge.signature_secrets[1]"]);
        assert_eq!(secrets[first], "the first");
        let shown = stored.without_secrets(|place| place.len()).to_string();
        assert!(shown.contains("[25, 25]") && !shown.contains("the first"), "{shown}");
        assert!(!format!("{stored:?}").contains("first"));
    }

    #[test]
    fn what_is_not_one_tenant_or_refers_outside_is_refused_without_a_value() {
        for (text, expected) in [
            ("", "has to hold one section [[tenants]]"),
            ("[[tenants]]\n[chat]", "has to hold one section [[tenants]]"),
            ("[[tenants]]\n[[tenants]]", "has to hold one section [[tenants]]"),
            ("tenants = 'hidden'", "has to hold one section [[tenants]]"),
            ("[[tenants]]\naccount_id = 'hidden!'", "tenants[0].account_id has to be 1 to 64"),
            ("[[tenants]\nhidden", "line 1 is not valid TOML"),
            (
                &format!("{SECTION}\nbot_messages = {{ env = 'HIDDEN' }}"),
                "stored_tenants[acme/support/live].edge.bot_messages refers to something outside",
            ),
        ] {
            let problem = StoredSection::parse(text).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
            assert!(!problem.to_lowercase().contains("hidden"), "{problem}");
        }
    }

    #[test]
    fn what_a_tenant_refers_to_is_resolved_before_it_is_stored() {
        let text = SECTION.replace("{ value = \"the first\" }", "{ env = 'FIRST' }");
        let environment = |name: &str| (name == "FIRST").then(|| "the \"first\"".to_owned());
        let (key, document) = self_contained_tenant(&text, &environment).unwrap();
        assert_eq!(key.to_string(), "acme/support/live");
        let secrets = StoredSection::parse(document.expose()).unwrap().secrets();
        assert_eq!(secrets["edge.signature_secrets[0]"], "the \"first\"");
        assert_eq!(secrets["edge.signature_secrets[1]"], "the second");
        let problem = self_contained_tenant(&text, &|_: &str| None).unwrap_err().to_string();
        assert!(problem.contains("tenants[0].edge.signature_secrets[0] needs"), "{problem}");
    }

    #[test]
    fn a_configuration_file_holds_no_secret_itself() {
        let problem = refuse_values(&SECTION.parse().unwrap()).unwrap_err().to_string();
        assert!(problem.contains("tenants[0].edge.signature_secrets[0] has to be"), "{problem}");
        assert!(problem.contains("never the secret itself"), "{problem}");
    }
}
