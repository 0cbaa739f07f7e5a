//! What a configuration may refer to: environment variables and files, passed in so that a test
//! decides what they hold.

use std::{
    env, fs,
    io::{self, Read},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use rustix::process::geteuid;

/// Gives what a configuration refers to. A function from names to values knows variables alone.
pub trait Surroundings {
    /// What the environment variable holds; `None` if it is not set, or holds no text.
    fn variable(&self, name: &str) -> Option<String>;

    /// The names of all variables that are set.
    fn variable_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// The file at this path, which is not read further than so many bytes.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn file(&self, _path: &Path, _most: u64) -> io::Result<ReadFile> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// What was read of a file.
pub struct ReadFile {
    /// Its bytes, as far as it was read.
    pub content: Vec<u8>,
    /// Whether others than its owner and this process may get at it.
    pub is_open_to_others: bool,
}

/// The environment variables and the files of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessSurroundings;

impl<F: Fn(&str) -> Option<String>> Surroundings for F {
    fn variable(&self, name: &str) -> Option<String> {
        self(name)
    }
}

impl Surroundings for ProcessSurroundings {
    fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok()
    }

    fn variable_names(&self) -> Vec<String> {
        env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
    }

    fn file(&self, path: &Path, most: u64) -> io::Result<ReadFile> {
        // A pipe would hold up who opens it, until somebody writes to it.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let file = fs::File::open(path)?;
        let found = file.metadata()?;
        let is_ours = found.uid() == geteuid().as_raw();
        let is_open_to_others = is_open_to_others(found.permissions().mode(), is_ours);
        let mut content = Vec::new();
        file.take(most).read_to_end(&mut content)?;
        Ok(ReadFile { content, is_open_to_others })
    }
}

/// Whether others may get at a file with this mode. One that is somebody else's is handed to this
/// process through its group, which may read it: so does a volume of Kubernetes with an `fsGroup`.
const fn is_open_to_others(mode: u32, is_ours: bool) -> bool {
    let of_others = if is_ours { 0o077 } else { 0o037 };
    mode & of_others != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_somebody_else_may_be_handed_over_through_its_group() {
        for (mode, is_ours, expected) in [
            (0o600, true, false),
            (0o400, true, false),
            (0o640, true, true),
            (0o440, false, false),
            (0o640, false, false),
            (0o660, false, true),
            (0o444, false, true),
            (0o604, false, true),
        ] {
            assert_eq!(is_open_to_others(mode, is_ours), expected, "{mode:o} {is_ours}");
        }
    }
}
