//! Reads a section of the configuration key by key.
//!
//! The `toml` package could read whole types at once, but its errors repeat the value that they
//! complain of, and that may be a secret in the wrong place.

use std::{collections::BTreeMap, ops::RangeInclusive};

use toml::{Table, Value};

use crate::{
    configuration::{ConfigurationProblem, stored},
    overrides,
    reference::{self, Reference},
    surroundings::Surroundings,
};

const NO_TEXT: &str = "has to be a text in quotes";

/// A section with the keys that were not read yet.
pub(crate) struct Section<'a> {
    path: String,
    rest: Table,
    surroundings: &'a dyn Surroundings,
    /// The keys whose values came from elsewhere.
    brought: BTreeMap<String, Reference>,
}

/// What a key has.
enum Found {
    /// What is written there.
    Written(Value),
    /// What a reference led to.
    Brought(String),
}

impl<'a> Section<'a> {
    /// The whole document, with what the surroundings override.
    pub(crate) fn document(
        text: &str,
        surroundings: &'a dyn Surroundings,
    ) -> Result<Self, ConfigurationProblem> {
        let document = table(text)?;
        stored::refuse_values(&document)?;
        let rest = overrides::write(document, surroundings.variable_names())?;
        Ok(Self { path: String::new(), rest, surroundings, brought: BTreeMap::new() })
    }

    /// The section of a tenant that stands in the store, under this name.
    pub(crate) fn stored(path: String, rest: Table, surroundings: &'a dyn Surroundings) -> Self {
        Self { path, rest, surroundings, brought: BTreeMap::new() }
    }

    fn within(&self, path: String, value: Value) -> Result<Self, ConfigurationProblem> {
        match value {
            Value::Table(rest) => {
                overrides::check_is_section(&rest)?;
                let surroundings = self.surroundings;
                Ok(Self { path, rest, surroundings, brought: BTreeMap::new() })
            }
            _ => Err(ConfigurationProblem::new(path, "has to be a section with keys of its own")),
        }
    }

    /// The full name of a key in this section; once it was read, also where its value came from,
    /// if that was elsewhere.
    pub(crate) fn name(&self, key: &str) -> String {
        let path = self.path_of(key);
        match self.brought.get(key) {
            Some(reference) => format!("{path} (from {reference})"),
            None => path,
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The section under the key; an empty one if there is none.
    pub(crate) fn section(&mut self, key: &str) -> Result<Self, ConfigurationProblem> {
        let value = self.rest.remove(key).unwrap_or_else(|| Value::Table(Table::new()));
        self.within(self.path_of(key), value)
    }

    /// The section under the key, if there is one.
    pub(crate) fn optional_section(
        &mut self,
        key: &str,
    ) -> Result<Option<Self>, ConfigurationProblem> {
        let value = self.rest.remove(key);
        value.map(|value| self.within(self.path_of(key), value)).transpose()
    }

    /// The sections under the key, each with its place in its name.
    pub(crate) fn sections(&mut self, key: &str) -> Result<Vec<Self>, ConfigurationProblem> {
        match self.rest.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => {
                let named = places(self.path_of(key), values);
                named.map(|(name, value)| self.within(name, value)).collect()
            }
            Some(value) => {
                overrides::check_none_in(&value)?;
                Err(ConfigurationProblem::new(self.name(key), "has to be a list of sections"))
            }
        }
    }

    /// The text under the key.
    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, ConfigurationProblem> {
        match self.found(key)? {
            None => Ok(None),
            Some(Found::Brought(text)) => Ok(Some(text)),
            Some(Found::Written(Value::String(text))) => {
                check_is_meant(&self.name(key), &text)?;
                Ok(Some(text))
            }
            Some(Found::Written(_)) => Err(ConfigurationProblem::new(self.name(key), NO_TEXT)),
        }
    }

    /// The text under the key, which has to be there.
    pub(crate) fn needed_text(&mut self, key: &str) -> Result<String, ConfigurationProblem> {
        self.text(key)?
            .ok_or_else(|| ConfigurationProblem::new(self.name(key), "is missing; add it"))
    }

    /// The truth value under the key.
    pub(crate) fn truth(&mut self, key: &str) -> Result<Option<bool>, ConfigurationProblem> {
        let problem = "has to be true or false, without quotes";
        let truth = match self.found(key)? {
            None => return Ok(None),
            Some(Found::Written(value)) => value.as_bool(),
            Some(Found::Brought(text)) => text.parse().ok(),
        };
        truth.map(Some).ok_or_else(|| ConfigurationProblem::new(self.name(key), problem))
    }

    /// The whole number under the key, which has to lie in the range.
    pub(crate) fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ConfigurationProblem> {
        let number = match self.found(key)? {
            None => return Ok(None),
            Some(Found::Written(value)) => value.as_integer(),
            Some(Found::Brought(text)) => text.parse().ok(),
        };
        let number = number.and_then(|number| u32::try_from(number).ok());
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

    /// The texts under the key, each with its full name; none if the key is not there.
    pub(crate) fn texts(
        &mut self,
        key: &str,
    ) -> Result<Vec<(String, String)>, ConfigurationProblem> {
        self.optional_texts(key).map(Option::unwrap_or_default)
    }

    /// The same, and `None` if the key is not there.
    pub(crate) fn optional_texts(
        &mut self,
        key: &str,
    ) -> Result<Option<Vec<(String, String)>>, ConfigurationProblem> {
        let texts = match self.found(key)? {
            None => return Ok(None),
            Some(Found::Written(Value::Array(values))) => {
                let one =
                    |(name, value): (String, _)| Ok((name.clone(), self.text_of(&name, value)?));
                places(self.path_of(key), values).map(one).collect::<Result<_, _>>()?
            }
            Some(Found::Brought(text)) => brought_texts(&self.name(key), &text)?,
            Some(Found::Written(_)) => {
                let problem = "has to be a list of texts in quotes";
                return Err(ConfigurationProblem::new(self.name(key), problem));
            }
        };
        Ok(Some(texts))
    }

    fn text_of(&self, name: &str, value: Value) -> Result<String, ConfigurationProblem> {
        match (Reference::of(name, &value)?, value) {
            (Some(reference), _) => {
                Ok(reference.read(name, self.surroundings)?.text.expose().to_owned())
            }
            (None, Value::String(text)) => {
                check_is_meant(name, &text)?;
                Ok(text)
            }
            (None, _) => Err(ConfigurationProblem::new(name, NO_TEXT)),
        }
    }

    /// The value under the key as it is written, if there is one, with its full name.
    pub(crate) fn value(&mut self, key: &str) -> Option<(String, Value)> {
        let value = self.rest.remove(key)?;
        Some((self.name(key), value))
    }

    fn found(&mut self, key: &str) -> Result<Option<Found>, ConfigurationProblem> {
        let Some((name, value)) = self.value(key) else { return Ok(None) };
        let Some(reference) = Reference::of(&name, &value)? else {
            return Ok(Some(Found::Written(value)));
        };
        let text = reference.read(&name, self.surroundings)?.text.expose().to_owned();
        self.brought.insert(key.to_owned(), reference);
        Ok(Some(Found::Brought(text)))
    }

    /// Checks that every key was read.
    pub(crate) fn finish(self) -> Result<(), ConfigurationProblem> {
        self.rest.values().try_for_each(overrides::check_none_in)?;
        match self.rest.keys().next() {
            None => Ok(()),
            Some(key) => Err(ConfigurationProblem::new(
                self.name(key),
                "is not a key of the configuration; correct its name or take it out",
            )),
        }
    }
}

/// Refuses a text that looks like a reference as other programs write them, and would be taken as it
/// stands.
fn check_is_meant(name: &str, text: &str) -> Result<(), ConfigurationProblem> {
    let is_variable = text.strip_prefix("env:").is_some_and(reference::is_variable);
    let is_file = text.strip_prefix("file:").is_some_and(|path| path.starts_with('/'));
    if is_variable || is_file {
        let problem = "looks like a reference, and a text is taken as it stands; write \
                       { env = \"NAME\" } or { file = \"/path\" }";
        return Err(ConfigurationProblem::new(name, problem));
    }
    Ok(())
}

/// Reads TOML. The error names a line and repeats nothing of it.
pub(crate) fn table(text: &str) -> Result<Table, ConfigurationProblem> {
    text.parse::<Table>().map_err(|error| {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        ConfigurationProblem::new(format!("line {line}"), "is not valid TOML; correct it")
    })
}

/// The values of a list, each with its full name.
pub(crate) fn places(name: String, values: Vec<Value>) -> impl Iterator<Item = (String, Value)> {
    values.into_iter().enumerate().map(move |(place, value)| (format!("{name}[{place}]"), value))
}

/// The texts of a list that a reference led to, each with its full name.
pub(crate) fn brought_texts(
    name: &str,
    text: &str,
) -> Result<Vec<(String, String)>, ConfigurationProblem> {
    let problem = "has to hold a list of texts as TOML has it, such as [\"one\", \"two\"]";
    let no_list = || ConfigurationProblem::new(name, problem);
    let Ok(Value::Array(values)) = text.parse() else { return Err(no_list()) };
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        _ => Err(no_list()),
    };
    places(name.to_owned(), values).map(text).collect()
}
