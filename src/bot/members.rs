//! The members of an object, read as what they have to be.

use serde_json::{Map, Value};

use crate::error::AnswerProblem;

/// An object within the answer. A member that is `null` is read as one that is not there.
pub(crate) struct Members<'a> {
    /// Where it stands: `handoff.text_chat`; empty for the answer itself.
    path: String,
    members: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    /// The answer itself.
    pub(crate) fn of_answer(members: &'a Map<String, Value>) -> Self {
        Self { path: String::new(), members }
    }

    /// An object at this place.
    pub(crate) fn of_value(value: &'a Value, path: String) -> Result<Self, AnswerProblem> {
        match value {
            Value::Object(members) => Ok(Self { path, members }),
            _ => Err(AnswerProblem::WrongType { member: path, wanted: "an object" }),
        }
    }

    /// The names of the members that are there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        let there = self.members.iter().filter(|(_, value)| !value.is_null());
        there.map(|(name, _)| name.as_str())
    }

    pub(crate) fn map(&self) -> &'a Map<String, Value> {
        self.members
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, AnswerProblem> {
        self.read(name, "a text", Value::as_str)
    }

    /// The text; `None` too if it is blank.
    pub(crate) fn words(&self, name: &str) -> Result<Option<&'a str>, AnswerProblem> {
        Ok(self.text(name)?.filter(|text| !text.trim().is_empty()))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, AnswerProblem> {
        self.read(name, "true or false", Value::as_bool)
    }

    pub(crate) fn list(&self, name: &str) -> Result<Option<&'a Vec<Value>>, AnswerProblem> {
        self.read(name, "a list", Value::as_array)
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, AnswerProblem> {
        let members = self.read(name, "an object", Value::as_object)?;
        Ok(members.map(|members| Self { path: self.path_of(name), members }))
    }

    /// Where the member stands.
    pub(crate) fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn read<T>(
        &self,
        name: &str,
        wanted: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, AnswerProblem> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(AnswerProblem::WrongType { member: self.path_of(name), wanted }),
            },
        }
    }
}
