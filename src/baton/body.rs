//! The body of a webhook: a file, or standard input.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
};

use clap::Args;

use crate::{failure::Failure, output};

/// Where the body comes from.
#[derive(Args)]
pub(crate) struct BodyArgument {
    /// The webhook's body, byte for byte as received; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,
}

impl BodyArgument {
    /// Opens it.
    fn open(&self) -> Result<Box<dyn Read>, Failure> {
        if self.file == "-" {
            let input = io::stdin();
            if input.is_terminal() {
                output::note("baton: reading the body from the terminal; end it with Ctrl-D");
            }
            return Ok(Box::new(input.lock()));
        }
        match File::open(&self.file) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// At most this many bytes of it.
    pub(crate) fn read(&self, most: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        match self.open()?.take(most).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// The failure to read it.
    fn unreadable(&self, source: io::Error) -> Failure {
        let path = if self.file == "-" { "standard input".to_owned() } else { self.file.clone() };
        Failure::Read { path, source }
    }
}
