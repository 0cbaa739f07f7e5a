//! `baton store backup`: a copy of the store as it is at one moment.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use baton_sidecar::{Store, StoreFacts};
use clap::Args;

use super::check::facts_line;
use crate::{Outcome, admin::AdminArguments, block_on, failure::Failure, output};

/// Back the store up while the sidecar runs.
///
/// All that was answered before the command began is in the back-up: nobody waits for it, and it is
/// checked before it gets its name. The sidecar needs as much room beside its store for a short
/// while as the store has. In the back-up stands what people wrote, and the tenants of the store
/// sealed under its master key: keep it as you keep the store, and the key elsewhere.
#[derive(Args)]
pub(super) struct Arguments {
    /// Where to, a file that is not there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Copy this store, which no sidecar has open, in the place of asking one
    #[arg(long, value_name = "STORE")]
    stopped: Option<PathBuf>,

    #[command(flatten)]
    admin: AdminArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let facts = match &arguments.stopped {
        Some(store) => Store::back_up_file(store, &arguments.file)?,
        None => block_on(fetch(&arguments.admin, &arguments.file))?,
    };
    output::line(&format!("{} is whole: {}", arguments.file.display(), facts_line(&facts)))?;
    Ok(Outcome::Done)
}

/// Fetches a copy from the sidecar, and gives it its name once it is whole.
async fn fetch(admin: &AdminArguments, file: &Path) -> Result<StoreFacts, Failure> {
    let refused = |source| Failure::WriteFile { path: file.display().to_string(), source };
    if fs::symlink_metadata(file).is_ok() {
        return Err(refused(io::ErrorKind::AlreadyExists.into()));
    }
    let mut partial = Partial::create(file).map_err(refused)?;
    let client = admin.patient_client()?;
    let mut download = client.download(&["store", "backup"]).await?;
    while let Some(piece) = download.next().await? {
        partial.file.write_all(&piece).map_err(refused)?;
    }
    partial.file.sync_all().map_err(refused)?;
    let facts = Store::check_file(&partial.path)?;
    partial.give_name(file).map_err(refused)?;
    Ok(facts)
}

/// A file that is not whole yet, and goes unless it gets its name.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    fn create(file: &Path) -> io::Result<Self> {
        let mut name = file.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        // Two would write over each other; one that a crash has left is written anew.
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another command is writing it"),
            TryLockError::Error(error) => error,
        })?;
        file.set_len(0)?;
        Ok(Self { path, file })
    }

    fn give_name(&self, name: &Path) -> io::Result<()> {
        if fs::symlink_metadata(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&self.path, name)?;
        let directory = name.parent().filter(|parent| *parent != Path::new(""));
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Once it has its name there is nothing here any more.
        let _ = fs::remove_file(&self.path);
    }
}
