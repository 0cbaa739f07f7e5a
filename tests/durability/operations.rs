//! The records of `unsynced.c`: what a process did to its files and told its clients, in order.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use baton_tests::process::Home;

/// One call, or one end of a call that syncs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation<'a> {
    Create {
        file: &'a str,
    },
    Remove {
        file: &'a str,
    },
    Write {
        file: &'a str,
        offset: u64,
        data: &'a [u8],
    },
    Truncate {
        file: &'a str,
        length: u64,
    },
    SyncBegins {
        file: &'a str,
        thread: u32,
    },
    /// The sync that this thread began last on this file has ended well.
    Synced {
        file: &'a str,
        thread: u32,
    },
    /// The process answers 200 to whom is at this port.
    Answer {
        process: u32,
        port: u16,
    },
    /// The process sends frames of text over a WebSocket.
    Frames {
        data: &'a [u8],
    },
}

/// The name of the folder itself, among its files.
pub(crate) const FOLDER: &str = ".";

/// SQLite's write-ahead log.
pub(crate) const LOG: &str = "baton.db-wal";

/// Records what the processes of a home do.
pub(crate) struct Recorder {
    library: PathBuf,
}

impl Recorder {
    /// Builds the library that records.
    pub(crate) fn build(home: &Home) -> Self {
        let library = home.path("unsynced.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("durability/unsynced.c");
        let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
        let built = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
            .args([&library, &source])
            .output()
            .expect("a C compiler, as SQLite needs one");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { library }
    }

    /// What the environment of the next process has to hold.
    pub(crate) fn environment(&self, home: &Home) -> [(&'static str, String); 3] {
        let text = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
        [
            ("LD_PRELOAD", text(self.library.clone())),
            ("DISK_FOLDER", text(home.disk())),
            ("DISK_OPERATIONS", text(file_of(home, home.started() + 1))),
        ]
    }

    /// What each of the processes did that a home has had.
    pub(crate) fn records(&self, home: &Home) -> Vec<Vec<u8>> {
        let read = |process| fs::read(file_of(home, process)).expect("the records of a process");
        (1..=home.started()).map(read).collect()
    }
}

fn file_of(home: &Home, process: u32) -> PathBuf {
    home.path(&format!("operations-{process}"))
}

/// Reads the records of the processes, the first process first.
pub(crate) fn operations(records: &[Vec<u8>]) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (process, mut rest) in (1..).zip(records.iter().map(Vec::as_slice)) {
        while !rest.is_empty() {
            operations.push(read(process, &mut rest));
        }
    }
    operations
}

fn read<'a>(process: u32, rest: &mut &'a [u8]) -> Operation<'a> {
    let kind = take(rest, 1)[0];
    let mut number = |length| {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(take(rest, length));
        u64::from_le_bytes(bytes)
    };
    let (who, offset, path, length) = (number(4), number(8), number(4), number(4));
    let who = u32::try_from(who).expect("four bytes");
    let size = |length| usize::try_from(length).expect("a length");
    let file = std::str::from_utf8(take(rest, size(path))).expect("UTF-8");
    let data = take(rest, size(length));
    match kind {
        b'C' => Operation::Create { file },
        b'R' => Operation::Remove { file },
        b'W' => Operation::Write { file, offset, data },
        b'T' => Operation::Truncate { file, length: offset },
        b'B' => Operation::SyncBegins { file, thread: who },
        b'S' => Operation::Synced { file, thread: who },
        b'A' => Operation::Answer { process, port: u16::try_from(who).expect("a port") },
        b'F' => Operation::Frames { data },
        _ => panic!("the model of the disk does not know what this does: {file}"),
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at_checked(length).expect("a whole record");
    *rest = left;
    taken
}
