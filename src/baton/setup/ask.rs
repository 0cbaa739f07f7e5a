//! Asking the person at the terminal. Questions go to standard error: standard output is for what
//! the command was asked for.

use std::io::{self, Write};

use baton_genesys::Secret;

use crate::{failure::Failure, output};

/// Asks, if there is somebody to be asked.
pub(crate) struct Ask {
    is_possible: bool,
}

impl Ask {
    pub(crate) const fn new(is_possible: bool) -> Self {
        Self { is_possible }
    }

    /// Whether there is somebody.
    pub(crate) const fn is_possible(&self) -> bool {
        self.is_possible
    }

    /// What was given with the option, or else the answer to the question; without either the
    /// option is missing. An answer that cannot be used is asked for again.
    pub(crate) fn unless_given<T>(
        &mut self,
        option: &'static str,
        given: Option<&str>,
        question: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        if let Some(given) = given {
            return read(given).map_err(|problem| Failure::Option { option, problem });
        }
        if !self.is_possible {
            let problem = "it is needed, and there is nobody at a terminal to be asked".to_owned();
            return Err(Failure::Option { option, problem });
        }
        loop {
            match read(&self.line(question)?) {
                Ok(answer) => return Ok(answer),
                Err(problem) => output::note(&format!("  {problem}")),
            }
        }
    }

    /// What was given, or else the answer to the question; `None` if it is empty, or there is nobody.
    pub(crate) fn unless_left_out(
        &mut self,
        given: Option<&str>,
        question: &str,
    ) -> Result<Option<String>, Failure> {
        let answer = match given {
            None if self.is_possible => self.line(question)?,
            given => given.unwrap_or_default().to_owned(),
        };
        Ok(Some(answer).filter(|answer| !answer.is_empty()))
    }

    /// The answer to the question, which may be empty.
    pub(crate) fn line(&mut self, question: &str) -> Result<String, Failure> {
        let mut terminal = io::stderr().lock();
        write!(terminal, "{question}: ").and_then(|()| terminal.flush()).map_err(Failure::Ask)?;
        drop(terminal);
        let mut line = String::new();
        if io::stdin().read_line(&mut line).map_err(Failure::Ask)? == 0 {
            return Err(Failure::Ask(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(line.trim().to_owned())
    }

    /// A secret, which is not shown while it is typed.
    pub(crate) fn secret(&mut self, question: &str) -> Result<Secret, Failure> {
        loop {
            let secret =
                rpassword::prompt_password(format!("{question}: ")).map_err(Failure::Ask)?;
            match secret.trim() {
                "" => output::note("  it is empty; what is typed or pasted is not shown"),
                secret => return Ok(Secret::new(secret.to_owned())),
            }
        }
    }

    /// Whether the answer is yes.
    pub(crate) fn yes(&mut self, question: &str) -> Result<bool, Failure> {
        let answer = self.line(&format!("{question} [y/N]"))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}
