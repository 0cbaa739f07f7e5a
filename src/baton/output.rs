//! Writing to the terminal, or to whatever stands in its place.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes a line to standard output.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}").map_err(Failure::Write)
}

/// Writes what was generated to standard output as it is.
pub(crate) fn bytes(generated: &[u8]) -> Result<(), Failure> {
    io::stdout().lock().write_all(generated).map_err(Failure::Write)
}

/// Writes a line to standard error: what is no part of the output. A line that nobody can read
/// is no reason to stop.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The text without what would steer the terminal: what comes over the network may be shown,
/// and must not move the cursor or hide a line.
pub(crate) fn harmless(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', " ")
}
