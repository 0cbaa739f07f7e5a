//! Reads the secrets of the configuration. Of those that others show to us only digests are kept.

use baton_chat::SecretDigest;
use baton_genesys::Secret;
use toml::{Table, Value};

use crate::{configuration::ConfigurationProblem, section::Section};

const FORM: &str = "has to be { env = \"NAME\" } or { sha256 = \"<hex>\" }, and never the \
                    secret itself";

/// Fewer characters than this are refused.
const MIN_CHARACTERS: usize = 16;

/// Fewer characters than this are warned of.
const GOOD_CHARACTERS: usize = 32;

/// Reads secrets, and collects what there is to warn of.
pub(crate) struct Secrets<'a> {
    /// Gives the value of an environment variable.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// What was noticed so far.
    pub(crate) warnings: Vec<ConfigurationProblem>,
}

impl Secrets<'_> {
    /// The digests of the one or two secrets under the key; if it is not there, of the secret
    /// in the environment variable.
    pub(crate) fn read(
        &mut self,
        section: &mut Section,
        key: &str,
        default_variable: Option<&str>,
    ) -> Result<Vec<SecretDigest>, ConfigurationProblem> {
        let name = section.name(key);
        let values = match (section.list(key, "has to be a list of secrets")?, default_variable) {
            (Some(values), _) => values,
            (None, Some(variable)) => {
                let entry = Table::from_iter([("env".to_owned(), variable.into())]);
                vec![(name.clone(), Value::Table(entry))]
            }
            (None, None) => return Err(ConfigurationProblem::new(name, "is missing; add it")),
        };
        self.digests(name, values)
    }

    /// The digests of the one or two secrets under the key; none if it is not there.
    pub(crate) fn read_optional(
        &mut self,
        section: &mut Section,
        key: &str,
    ) -> Result<Vec<SecretDigest>, ConfigurationProblem> {
        let name = section.name(key);
        let values = section.list(key, "has to be a list of secrets")?;
        values.map_or(Ok(Vec::new()), |values| self.digests(name, values))
    }

    fn digests(
        &mut self,
        name: String,
        values: Vec<(String, Value)>,
    ) -> Result<Vec<SecretDigest>, ConfigurationProblem> {
        if !(1..=2).contains(&values.len()) {
            return Err(ConfigurationProblem::new(name, "has to hold one or two secrets"));
        }
        values.into_iter().map(|(name, value)| self.digest(name, value)).collect()
    }

    /// The secret under the key, that we show to others and so have to know itself.
    pub(crate) fn read_itself(
        &mut self,
        section: &mut Section,
        key: &str,
    ) -> Result<Secret, ConfigurationProblem> {
        let name = section.name(key);
        let secret = self.read_itself_if_there(section, key)?;
        secret.ok_or_else(|| ConfigurationProblem::new(name, "is missing; add it"))
    }

    /// The same for a secret that may be left out.
    pub(crate) fn read_itself_if_there(
        &mut self,
        section: &mut Section,
        key: &str,
    ) -> Result<Option<Secret>, ConfigurationProblem> {
        let Some((name, value)) = section.value(key) else { return Ok(None) };
        self.itself(&name, &value).map(Some)
    }

    fn itself(&self, name: &str, value: &Value) -> Result<Secret, ConfigurationProblem> {
        let entry = value.as_table().filter(|entry| entry.len() == 1);
        match entry.and_then(|entry| entry.get("env")).and_then(Value::as_str) {
            Some(variable) => self.variable(name, variable).map(Secret::new),
            None => {
                let problem = "has to be { env = \"NAME\" }, and never the secret itself";
                Err(ConfigurationProblem::new(name, problem))
            }
        }
    }

    /// The one or two secrets under the key, that we have to know themselves.
    pub(crate) fn read_each_itself(
        &mut self,
        section: &mut Section,
        key: &str,
    ) -> Result<Vec<Secret>, ConfigurationProblem> {
        let name = section.name(key);
        let values = section.list(key, "has to be a list of secrets")?.unwrap_or_default();
        if !(1..=2).contains(&values.len()) {
            return Err(ConfigurationProblem::new(name, "has to hold one or two secrets"));
        }
        values.into_iter().map(|(name, value)| self.itself(&name, &value)).collect()
    }

    fn digest(&mut self, name: String, value: Value) -> Result<SecretDigest, ConfigurationProblem> {
        let entry = value.as_table().filter(|entry| entry.len() == 1);
        let text = |key| entry.and_then(|entry| entry.get(key)).and_then(Value::as_str);
        match (text("env"), text("sha256")) {
            (Some(variable), _) => self.look_up(name, variable),
            (_, Some(hex)) => match decode(hex) {
                Some(bytes) => Ok(SecretDigest::from_bytes(bytes)),
                None => {
                    let problem = "has to hold 64 hexadecimal digits: \
                                   printf %s \"$SECRET\" | sha256sum";
                    Err(ConfigurationProblem::new(format!("{name}.sha256"), problem))
                }
            },
            (None, None) => Err(ConfigurationProblem::new(name, FORM)),
        }
    }

    fn look_up(
        &mut self,
        name: String,
        variable: &str,
    ) -> Result<SecretDigest, ConfigurationProblem> {
        let secret = self.variable(&name, variable)?;
        let characters = secret.chars().count();
        if characters < MIN_CHARACTERS {
            let problem = format!(
                "takes its secret from {variable}, which is shorter than {MIN_CHARACTERS} \
                 characters; take a longer one: openssl rand -hex 32"
            );
            return Err(ConfigurationProblem::new(name, problem));
        }
        if characters < GOOD_CHARACTERS {
            let problem = format!(
                "takes its secret from {variable}, which is shorter than {GOOD_CHARACTERS} \
                 characters; better take a longer one: openssl rand -hex 32"
            );
            self.warnings.push(ConfigurationProblem::new(name, problem));
        }
        Ok(SecretDigest::of(secret.as_bytes()))
    }
}

impl Secrets<'_> {
    /// What the environment variable holds.
    fn variable(&self, name: &str, variable: &str) -> Result<String, ConfigurationProblem> {
        // What does not look like a name may be the secret itself, and is not repeated.
        if !is_variable(variable) {
            let problem = "has to be the name of an environment variable: capital letters, \
                           digits and _";
            return Err(ConfigurationProblem::new(format!("{name}.env"), problem));
        }
        (self.environment)(variable).filter(|secret| !secret.is_empty()).ok_or_else(|| {
            let problem = format!("needs the environment variable {variable}; set it");
            ConfigurationProblem::new(name, problem)
        })
    }
}

fn is_variable(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().all(legal)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn decode(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 {
        return None;
    }
    let mut digits = hex.chars().map(|digit| digit.to_digit(16));
    let mut bytes = [0; 32];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}
