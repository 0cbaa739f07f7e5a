//! Reads a section of the configuration key by key.
//!
//! The `toml` package could read whole types at once, but its errors repeat the value that they
//! complain of, and that may be a secret in the wrong place.

use toml::{Table, Value};

use crate::configuration::ConfigurationProblem;

/// A section with the keys that were not read yet.
pub(crate) struct Section {
    path: String,
    rest: Table,
}

impl Section {
    /// The whole document.
    pub(crate) fn document(text: &str) -> Result<Self, ConfigurationProblem> {
        let rest = text.parse::<Table>().map_err(|error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            ConfigurationProblem::new(format!("line {line}"), "is not valid TOML; correct it")
        })?;
        Ok(Self { path: String::new(), rest })
    }

    fn of_value(path: String, value: Value) -> Result<Self, ConfigurationProblem> {
        match value {
            Value::Table(rest) => Ok(Self { path, rest }),
            _ => Err(ConfigurationProblem::new(path, "has to be a section with keys of its own")),
        }
    }

    /// The full name of a key in this section.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The section under the key; an empty one if there is none.
    pub(crate) fn section(&mut self, key: &str) -> Result<Self, ConfigurationProblem> {
        let value = self.rest.remove(key).unwrap_or_else(|| Value::Table(Table::new()));
        Self::of_value(self.name(key), value)
    }

    /// The sections under the key, each with its place in its name.
    pub(crate) fn sections(&mut self, key: &str) -> Result<Vec<Self>, ConfigurationProblem> {
        self.list(key, "has to be a list of sections")?
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| Self::of_value(name, value))
            .collect()
    }

    /// The text under the key.
    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, ConfigurationProblem> {
        let value = self.rest.remove(key);
        value.map(|value| text(self.name(key), value)).transpose()
    }

    /// The text under the key, which has to be there.
    pub(crate) fn needed_text(&mut self, key: &str) -> Result<String, ConfigurationProblem> {
        self.text(key)?
            .ok_or_else(|| ConfigurationProblem::new(self.name(key), "is missing; add it"))
    }

    /// The texts under the key, each with its full name.
    pub(crate) fn texts(
        &mut self,
        key: &str,
    ) -> Result<Vec<(String, String)>, ConfigurationProblem> {
        self.list(key, "has to be a list of texts in quotes")?
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| Ok((name.clone(), text(name, value)?)))
            .collect()
    }

    /// The values under the key, each with its full name; `None` if the key is not there.
    pub(crate) fn list(
        &mut self,
        key: &str,
        otherwise: &'static str,
    ) -> Result<Option<Vec<(String, Value)>>, ConfigurationProblem> {
        let name = self.name(key);
        match self.rest.remove(key) {
            None => Ok(None),
            Some(Value::Array(values)) => {
                let named = |(place, value)| (format!("{name}[{place}]"), value);
                Ok(Some(values.into_iter().enumerate().map(named).collect()))
            }
            Some(_) => Err(ConfigurationProblem::new(name, otherwise)),
        }
    }

    /// Checks that every key was read.
    pub(crate) fn finish(self) -> Result<(), ConfigurationProblem> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(key) => Err(ConfigurationProblem::new(
                self.name(key),
                "is not a key of the configuration; correct its name or take it out",
            )),
        }
    }
}

fn text(name: String, value: Value) -> Result<String, ConfigurationProblem> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(ConfigurationProblem::new(name, "has to be a text in quotes")),
    }
}
