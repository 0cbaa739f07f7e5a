//! An error with what caused it, for the log.

use std::{error::Error, fmt};

/// Shows an error and, after it, each cause.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + Send + Sync));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_store::OpenError;
    use std::io;

    #[test]
    fn an_error_is_shown_with_its_causes() {
        let source = io::Error::other(io::Error::other("the disk is gone"));
        let error = OpenError::Io { doing: "create", path: "here".into(), source };
        let shown = Chain(&error).to_string();
        assert!(shown.starts_with("cannot create here") && shown.contains("the disk is gone"));
    }
}
