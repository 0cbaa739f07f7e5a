//! Reads a section of the configuration key by key.
//!
//! The `toml` package could read whole types at once, but its errors repeat the value that they
//! complain of, and that may be a secret in the wrong place.

use std::ops::RangeInclusive;

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

    /// The section under the key, if there is one.
    pub(crate) fn optional_section(
        &mut self,
        key: &str,
    ) -> Result<Option<Self>, ConfigurationProblem> {
        let value = self.rest.remove(key);
        value.map(|value| Self::of_value(self.name(key), value)).transpose()
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

    /// The truth value under the key.
    pub(crate) fn truth(&mut self, key: &str) -> Result<Option<bool>, ConfigurationProblem> {
        let problem = "has to be true or false, without quotes";
        match self.rest.remove(key) {
            None => Ok(None),
            Some(Value::Boolean(truth)) => Ok(Some(truth)),
            Some(_) => Err(ConfigurationProblem::new(self.name(key), problem)),
        }
    }

    /// The whole number under the key, which has to lie in the range.
    pub(crate) fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ConfigurationProblem> {
        let Some(value) = self.rest.remove(key) else { return Ok(None) };
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (least, most) = (range.start(), range.end());
                let problem = format!("has to be a whole number from {least} to {most}");
                Err(ConfigurationProblem::new(self.name(key), problem))
            }
        }
    }

    /// What the word under the key stands for.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ConfigurationProblem> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<String> =
                    choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                let problem = format!("has to be one of {}", words.join(", "));
                Err(ConfigurationProblem::new(self.name(key), problem))
            }
        }
    }

    /// The value under the key, if there is one, with its full name.
    pub(crate) fn value(&mut self, key: &str) -> Option<(String, Value)> {
        let value = self.rest.remove(key)?;
        Some((self.name(key), value))
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
