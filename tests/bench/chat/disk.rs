//! The disk by itself: how long it takes to append a little to a file and to sync it.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use crate::Result;

/// How often it is tried.
const TIMES: usize = 500;

/// How long the tries may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is appended: about what the store appends for a handful of deliveries.
const BYTES: usize = 16 * 1024;

/// How long each try took in this folder.
pub(crate) fn sync_times(folder: &Path) -> Result<Vec<Duration>> {
    let path = folder.join("appended");
    let mut file = File::create(&path)?;
    let (mut times, start) = (Vec::with_capacity(TIMES), Instant::now());
    while times.len() < TIMES && start.elapsed() < PATIENCE {
        let begun = Instant::now();
        file.write_all(&[7; BYTES])?;
        file.sync_all()?;
        times.push(begun.elapsed());
    }
    fs::remove_file(&path)?;
    Ok(times)
}
