//! Secrets on the command line, and the environment variables that keep them off it.

use std::env::{self, VarError};

use clap::Args;

use crate::failure::Failure;

/// The one secret that a command needs.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SecretArgument {
    /// The integration's secret; other users of this machine can see it there
    #[arg(long, value_name = "SECRET", allow_hyphen_values = true)]
    secret: Option<String>,

    /// The environment variable that holds the secret
    #[arg(long, value_name = "NAME")]
    secret_env: Option<String>,
}

impl SecretArgument {
    /// The secret.
    pub(crate) fn read(&self) -> Result<String, Failure> {
        // One of the two is there: the command line is refused otherwise.
        either(("--secret", self.secret.as_deref()), ("--secret-env", self.secret_env.as_deref()))
            .map(Option::unwrap_or_default)
    }
}

/// A secret that is given itself, or by the name of its variable; `None` if it is not given.
pub(crate) fn either(
    (option, secret): (&'static str, Option<&str>),
    (variable_option, name): (&'static str, Option<&str>),
) -> Result<Option<String>, Failure> {
    match (secret, name) {
        (Some(secret), _) => not_empty(option, secret).map(Some),
        (None, Some(name)) => variable(variable_option, name).map(Some),
        (None, None) => Ok(None),
    }
}

/// The secret itself, as long as there is one.
pub(crate) fn not_empty(option: &'static str, secret: &str) -> Result<String, Failure> {
    if secret.is_empty() {
        let problem = "it is empty; is the variable in your command line set?".to_owned();
        return Err(Failure::Option { option, problem });
    }
    Ok(secret.to_owned())
}

/// The secret in an environment variable.
pub(crate) fn variable(option: &'static str, name: &str) -> Result<String, Failure> {
    let problem = match env::var(name) {
        Ok(secret) if !secret.is_empty() => return Ok(secret),
        Ok(_) => format!("the environment variable {name} is empty; put the secret into it"),
        // What is no name may be the secret itself, and is not shown.
        Err(_) if !is_name(name) => {
            "it takes the name of an environment variable, not the secret itself".to_owned()
        }
        Err(VarError::NotPresent) => {
            format!("the environment variable {name} is not set; export {name}='...'")
        }
        Err(VarError::NotUnicode(_)) => {
            format!("the environment variable {name} is not UTF-8; correct it")
        }
    };
    Err(Failure::Option { option, problem })
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
