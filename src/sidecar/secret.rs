//! Reads the secrets of the configuration. Of those that others show to us only digests are kept.

use baton_chat::SecretDigest;
use baton_genesys::Secret;
use toml::Value;

use crate::{
    configuration::ConfigurationProblem,
    reference::Reference,
    section::{Section, brought_texts, places},
    surroundings::Surroundings,
};

const ONE_OR_TWO: &str = "has to hold one or two secrets";

const FORM: &str = "has to be { env = \"NAME\" }, { file = \"/path\" } or \
                    { sha256 = \"<hex>\" }, and never the secret itself";

const FORM_OF_ITSELF: &str = "has to be { env = \"NAME\" } or { file = \"/path\" }, and never \
                              the secret itself";

/// Fewer characters than this are refused.
const MIN_CHARACTERS: usize = 16;

/// Fewer characters than this are warned of.
const GOOD_CHARACTERS: usize = 32;

/// Reads secrets, and collects what there is to warn of.
pub(crate) struct Secrets<'a> {
    /// Where they stand.
    pub(crate) surroundings: &'a dyn Surroundings,
    /// What was noticed so far.
    pub(crate) warnings: Vec<ConfigurationProblem>,
}

/// A secret as the configuration gives it.
struct Given {
    /// The full name of its key or place.
    name: String,
    form: Form,
}

enum Form {
    /// It stands there itself.
    Itself { secret: Secret, from: Reference },
    /// The configuration knows this SHA-256 of it, in hexadecimal digits.
    Digest(String),
    /// Something else.
    Neither,
}

impl Secrets<'_> {
    /// The digests of the one or two secrets under the key; if it is not there, of the secret
    /// in the environment variable.
    pub(crate) fn read(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
        default_variable: Option<&str>,
    ) -> Result<Vec<SecretDigest>, ConfigurationProblem> {
        let name = section.name(key);
        let given = match (self.given_list(section, key)?, default_variable) {
            (Some(given), _) => given,
            (None, Some(variable)) => {
                vec![self.brought(name, Reference::Variable(variable.to_owned()))?]
            }
            (None, None) => return Err(ConfigurationProblem::new(name, "is missing; add it")),
        };
        given.into_iter().map(|given| self.digest(given)).collect()
    }

    /// The digests of the one or two secrets under the key; none if it is not there.
    pub(crate) fn read_optional(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
    ) -> Result<Vec<SecretDigest>, ConfigurationProblem> {
        let given = self.given_list(section, key)?.unwrap_or_default();
        given.into_iter().map(|given| self.digest(given)).collect()
    }

    /// The secret under the key, that we show to others and so have to know itself.
    pub(crate) fn read_itself(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
    ) -> Result<Secret, ConfigurationProblem> {
        let name = section.name(key);
        let secret = self.read_itself_if_there(section, key)?;
        secret.ok_or_else(|| ConfigurationProblem::new(name, "is missing; add it"))
    }

    /// The same for a secret that may be left out.
    pub(crate) fn read_itself_if_there(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
    ) -> Result<Option<Secret>, ConfigurationProblem> {
        let Some((name, value)) = section.value(key) else { return Ok(None) };
        self.given(name, &value)?.itself().map(Some)
    }

    /// The one or two secrets under the key, that we have to know themselves.
    pub(crate) fn read_each_itself(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
    ) -> Result<Vec<Secret>, ConfigurationProblem> {
        let name = section.name(key);
        let given = self.given_list(section, key)?;
        let given = given.ok_or_else(|| ConfigurationProblem::new(name, ONE_OR_TWO))?;
        given.into_iter().map(Given::itself).collect()
    }

    /// The one or two secrets under the key; `None` if it is not there.
    fn given_list(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
    ) -> Result<Option<Vec<Given>>, ConfigurationProblem> {
        let Some((name, value)) = section.value(key) else { return Ok(None) };
        let given: Vec<Given> = match (Reference::of(&name, &value)?, value) {
            (Some(from), _) => self.brought_list(&name, &from)?,
            (None, Value::Array(values)) => places(name.clone(), values)
                .map(|(name, value)| self.given(name, &value))
                .collect::<Result<_, _>>()?,
            (None, _) => {
                return Err(ConfigurationProblem::new(name, "has to be a list of secrets"));
            }
        };
        if !(1..=2).contains(&given.len()) {
            return Err(ConfigurationProblem::new(name, ONE_OR_TWO));
        }
        Ok(Some(given))
    }

    fn given(&mut self, name: String, value: &Value) -> Result<Given, ConfigurationProblem> {
        if let Some(from) = Reference::of(&name, value)? {
            return self.brought(name, from);
        }
        let entry = value.as_table().filter(|entry| entry.len() == 1);
        let digest = entry.and_then(|entry| entry.get("sha256")).and_then(Value::as_str);
        let form = digest.map_or(Form::Neither, |hex| Form::Digest(hex.to_owned()));
        Ok(Given { name, form })
    }

    fn brought(&mut self, name: String, from: Reference) -> Result<Given, ConfigurationProblem> {
        let secret = self.text(&name, &from)?;
        self.check_ends(&name, &secret, &from);
        Ok(Given { name, form: Form::Itself { secret, from } })
    }

    fn brought_list(
        &mut self,
        name: &str,
        from: &Reference,
    ) -> Result<Vec<Given>, ConfigurationProblem> {
        let list = self.text(name, from)?;
        let texts = brought_texts(&format!("{name} (from {from})"), list.expose())?;
        let given = |(name, text): (String, _)| {
            let secret = Secret::new(text);
            self.check_ends(&name, &secret, from);
            Given { name, form: Form::Itself { secret, from: from.clone() } }
        };
        Ok(texts.into_iter().map(given).collect())
    }

    fn text(&mut self, name: &str, from: &Reference) -> Result<Secret, ConfigurationProblem> {
        let brought = from.read(name, self.surroundings)?;
        if brought.is_open_to_others {
            let problem = format!(
                "takes its secret from {from}, which others may get at; better chmod 600 it, or \
                 in Kubernetes give it the defaultMode 0400"
            );
            self.warnings.push(ConfigurationProblem::new(name, problem));
        }
        Ok(brought.text)
    }

    /// A blank at an end most often came along by mistake, as a newline does with `echo`.
    fn check_ends(&mut self, name: &str, secret: &Secret, from: &Reference) {
        let text = secret.expose();
        if text.trim() != text {
            let problem = format!(
                "takes its secret from {from}, which begins or ends with a blank or a newline; \
                 better take that out"
            );
            self.warnings.push(ConfigurationProblem::new(name, problem));
        }
    }

    fn digest(&mut self, given: Given) -> Result<SecretDigest, ConfigurationProblem> {
        let Given { name, form } = given;
        match form {
            Form::Itself { secret, from } => {
                self.check_length(name, &secret, &from)?;
                Ok(SecretDigest::of(secret.expose().as_bytes()))
            }
            Form::Digest(hex) => match decode(&hex) {
                Some(bytes) => Ok(SecretDigest::from_bytes(bytes)),
                None => {
                    let problem = "has to hold 64 hexadecimal digits: \
                                   printf %s \"$SECRET\" | sha256sum";
                    Err(ConfigurationProblem::new(format!("{name}.sha256"), problem))
                }
            },
            Form::Neither => Err(ConfigurationProblem::new(name, FORM)),
        }
    }

    fn check_length(
        &mut self,
        name: String,
        secret: &Secret,
        from: &Reference,
    ) -> Result<(), ConfigurationProblem> {
        let characters = secret.expose().chars().count();
        let is_shorter = |than: usize, better: &str| {
            let problem = format!(
                "takes its secret from {from}, which is shorter than {than} characters; \
                 {better}take a longer one: openssl rand -hex 32"
            );
            ConfigurationProblem::new(name, problem)
        };
        if characters < MIN_CHARACTERS {
            return Err(is_shorter(MIN_CHARACTERS, ""));
        }
        if characters < GOOD_CHARACTERS {
            self.warnings.push(is_shorter(GOOD_CHARACTERS, "better "));
        }
        Ok(())
    }
}

impl Given {
    /// The secret, where a digest is not enough.
    fn itself(self) -> Result<Secret, ConfigurationProblem> {
        match self.form {
            Form::Itself { secret, .. } => Ok(secret),
            Form::Digest(_) | Form::Neither => {
                Err(ConfigurationProblem::new(self.name, FORM_OF_ITSELF))
            }
        }
    }
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
