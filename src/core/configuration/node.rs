//! A value of the configuration together with its place, so that an error can name it.

use alloc::{format, string::String, vec::Vec};

use super::{ConfigurationError, Result};
use crate::json::{Json, Object};

/// A value and its place in the document.
pub(super) struct Node<'a> {
    place: String,
    value: Json<'a>,
}

impl<'a> Node<'a> {
    /// The document itself.
    pub(super) fn root(document: &'a [u8]) -> Result<Self> {
        let place = String::new();
        match Json::parse(document) {
            Ok(value) => Ok(Self { place, value }),
            Err(_) => Err(ConfigurationError { member: place, problem: "it is not JSON".into() }),
        }
    }

    /// The place, such as `tenants[0].account_id`.
    pub(super) fn member(&self) -> &str {
        &self.place
    }

    #[cold]
    pub(super) fn error(&self, problem: impl Into<String>) -> ConfigurationError {
        ConfigurationError { member: self.place.clone(), problem: problem.into() }
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.text().is_some()
    }

    pub(super) fn text(&self) -> Result<String> {
        let text = self.value.text().ok_or_else(|| self.error("it has to be a string"))?;
        Ok(text.into_owned())
    }

    pub(super) fn integer(&self) -> Result<u64> {
        self.value.integer().ok_or_else(|| self.error("it has to be a whole number"))
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        self.value.boolean().ok_or_else(|| self.error("it has to be true or false"))
    }

    /// One of the words, as what it stands for.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let text = self.value.text();
        let found = words.iter().find(|(word, _)| text.as_deref() == Some(*word));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.error(format!("it has to be one of {}", names.join(", ")))
        })
    }

    pub(super) fn elements(&self) -> Result<Vec<Self>> {
        let list = self.value.list().ok_or_else(|| self.error("it has to be an array"))?;
        let element =
            |(position, value)| Self { place: format!("{}[{position}]", self.place), value };
        Ok(list.into_iter().enumerate().map(element).collect())
    }

    /// Refuses members of other names: a name that is spelled wrongly would otherwise be a
    /// setting without effect.
    pub(super) fn allow_only(&self, names: &[&str]) -> Result<()> {
        match self.object()?.keys().find(|key| !names.contains(key)) {
            Some(key) => Err(self
                .inner(key, self.value)
                .error(format!("there is no such member; there are {}", names.join(", ")))),
            None => Ok(()),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<Self> {
        match self.optional(name)? {
            Some(value) => Ok(value),
            None => Err(self.inner(name, self.value).error("it is missing")),
        }
    }

    pub(super) fn optional(&self, name: &str) -> Result<Option<Self>> {
        Ok(self.object()?.get(name).map(|value| self.inner(name, value)))
    }

    fn object(&self) -> Result<Object<'a>> {
        self.value.object().ok_or_else(|| self.error("it has to be an object"))
    }

    fn inner(&self, name: &str, value: Json<'a>) -> Self {
        let place =
            if self.place.is_empty() { name.into() } else { format!("{}.{name}", self.place) };
        Self { place, value }
    }
}
