//! Writes the list of the pages' files that `lib.rs` includes.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Without this file nothing is built.
const CHAT: &str = "baton-chat.js";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=BATON_WEB");
    let built = match env::var_os("BATON_WEB") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/web"),
    };
    // A directory that is not there would have this run each time.
    fs::create_dir_all(&built)?;
    let built = fs::canonicalize(built)?;
    println!("cargo::rerun-if-changed={}", built.display());
    let mut names = file_names(&built)?;
    names.sort();
    if !names.iter().any(|name| name == CHAT) {
        println!("cargo::warning=the pages are not built, and will not be served: run `make web`");
    }
    let entries = names.iter().map(|name| entry(&built, name)).collect::<io::Result<String>>()?;
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    fs::write(out.join("assets.rs"), format!("&[\n{entries}]\n"))
}

fn file_names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    Ok(names)
}

/// A file as an element of the list: its name, its tag, and its bytes.
fn entry(directory: &Path, name: &str) -> io::Result<String> {
    let path = directory.join(name);
    let digest = Sha256::digest(fs::read(&path)?);
    let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let path = path.display().to_string();
    Ok(format!("    ({name:?}, \"\\\"{tag}\\\"\", include_bytes!({path:?})),\n"))
}
