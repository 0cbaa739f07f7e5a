//! A reference in the configuration: a value that stands in an environment variable or a file.

use std::{fmt, path::PathBuf};

use baton_genesys::Secret;
use toml::Value;

use crate::{configuration::ConfigurationProblem, overrides, surroundings::Surroundings};

/// A larger file is refused.
const LARGEST_FILE: usize = 64 * 1024;

/// Where a value stands that is not in the configuration itself.
#[derive(Clone, Debug)]
pub(crate) enum Reference {
    /// In the environment variable of this name.
    Variable(String),
    /// In the file at this absolute path.
    File(PathBuf),
    /// In the document of a tenant that stands in the store: it is the value itself.
    Sealed(Secret),
}

/// What a reference led to.
pub(crate) struct Brought {
    /// The value, which may be a secret.
    pub(crate) text: Secret,
    /// Whether others may get at the file in which it stands.
    pub(crate) is_open_to_others: bool,
}

impl Reference {
    /// The reference that the value under the name is; `None` if it is something else.
    pub(crate) fn of(name: &str, value: &Value) -> Result<Option<Self>, ConfigurationProblem> {
        let Some(entries) = value.as_table() else { return Ok(None) };
        let text = |key| entries.get(key).and_then(Value::as_str).filter(|_| entries.len() == 1);
        match (text("env"), text("file"), text("value")) {
            (Some(variable), ..) => Self::variable(name, variable).map(Some),
            (_, Some(path), _) => Self::file(name, path).map(Some),
            (.., Some(value)) => Ok(Some(Self::Sealed(Secret::new(value.to_owned())))),
            (None, None, None) => overrides::check_none_in(value).map(|()| None),
        }
    }

    // What does not look like a name or a path may be the secret itself, and is not repeated.

    fn variable(name: &str, variable: &str) -> Result<Self, ConfigurationProblem> {
        if is_variable(variable) {
            return Ok(Self::Variable(variable.to_owned()));
        }
        let problem = "has to be the name of an environment variable: capital letters, digits \
                       and _";
        Err(ConfigurationProblem::new(format!("{name}.env"), problem))
    }

    fn file(name: &str, path: &str) -> Result<Self, ConfigurationProblem> {
        if path.starts_with('/') && !path.contains(char::is_control) {
            return Ok(Self::File(path.into()));
        }
        let problem = "has to be the absolute path of a file, such as \"/run/secrets/token\"";
        Err(ConfigurationProblem::new(format!("{name}.file"), problem))
    }

    /// What stands there, for the value of this name: never nothing.
    pub(crate) fn read(
        &self,
        name: &str,
        surroundings: &dyn Surroundings,
    ) -> Result<Brought, ConfigurationProblem> {
        let problem = |problem: String| ConfigurationProblem::new(name, problem);
        match self {
            Self::Variable(variable) => match surroundings.variable(variable) {
                None => Err(problem(format!("needs {self}; set it"))),
                Some(text) if text.is_empty() => {
                    Err(problem(format!("needs {self}, which is empty; fill it")))
                }
                Some(text) => Ok(Brought { text: Secret::new(text), is_open_to_others: false }),
            },
            Self::Sealed(secret) if secret.expose().is_empty() => {
                Err(problem("is empty; fill it".to_owned()))
            }
            Self::Sealed(secret) => Ok(Brought { text: secret.clone(), is_open_to_others: false }),
            Self::File(path) => {
                let most = LARGEST_FILE as u64 + 1;
                let read = surroundings.file(path, most).map_err(|error| {
                    problem(format!("needs {self}, which cannot be read ({error})"))
                })?;
                if read.content.len() > LARGEST_FILE {
                    return Err(problem(format!(
                        "needs {self}, which is larger than {LARGEST_FILE} bytes; name another"
                    )));
                }
                let Ok(mut text) = String::from_utf8(read.content) else {
                    return Err(problem(format!("needs {self}, which holds no text in UTF-8")));
                };
                // Editors end a file with one.
                if text.ends_with('\n') {
                    text.pop();
                }
                if text.is_empty() {
                    return Err(problem(format!("needs {self}, which is empty; fill it")));
                }
                Ok(Brought { text: Secret::new(text), is_open_to_others: read.is_open_to_others })
            }
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "the environment variable {name}"),
            Self::File(path) => write!(formatter, "the file {}", path.display()),
            Self::Sealed(_) => formatter.write_str("the store"),
        }
    }
}

/// Whether the text may be the name of a variable.
pub(crate) fn is_variable(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().all(legal)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}
