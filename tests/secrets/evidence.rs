//! What a run leaves behind, and the search through it.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use crate::marked::{Kind, Marked};

/// Who may have what people wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Nothing of it.
    NoWords,
    /// It is kept or shown there.
    Words,
}

struct Piece {
    name: String,
    holds: Holds,
    bytes: Vec<u8>,
}

/// All that was said, answered and kept.
#[derive(Default)]
pub(crate) struct Evidence(Mutex<Vec<Piece>>);

/// How much of a form is looked up at once; none is shorter.
const HEAD: usize = 8;

/// How much is shown around what leaks.
const AROUND: usize = 80;

impl Evidence {
    /// Takes up what nothing may stand in.
    pub(crate) fn add(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.push(name, Holds::NoWords, bytes.into());
    }

    /// Takes up what words may stand in, and no secret.
    pub(crate) fn add_with_words(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.push(name, Holds::Words, bytes.into());
    }

    /// Takes up each file of a folder, with those of the folders in it: what people wrote may
    /// stand there.
    pub(crate) fn add_files(&self, name: &str, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                self.add_files(name, &path);
            } else if let Ok(bytes) = fs::read(&path) {
                // SQLite removes some of its files when it likes.
                self.add_with_words(&format!("{name}: {}", path.display()), bytes);
            }
        }
    }

    /// What stands where it may not: one line for each thing, form and piece.
    pub(crate) fn leaks(&self, marked: &[Marked]) -> Vec<String> {
        let may_not = |holds, kind| holds == Holds::NoWords || kind == Kind::Secret;
        self.found(marked, may_not)
    }

    /// The same for what people wrote, where it may stand.
    pub(crate) fn kept_words(&self, marked: &[Marked]) -> Vec<String> {
        self.found(marked, |holds, kind| holds == Holds::Words && kind == Kind::Words)
    }

    fn push(&self, name: &str, holds: Holds, bytes: Vec<u8>) {
        let piece = Piece { name: name.to_owned(), holds, bytes };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }

    fn found(&self, marked: &[Marked], counts: impl Fn(Holds, Kind) -> bool) -> Vec<String> {
        let forms: Vec<_> = marked
            .iter()
            .flat_map(|marked| marked.forms().into_iter().map(move |form| (marked, form)))
            .collect();
        let mut by_head: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (number, (marked, (form, bytes))) in forms.iter().enumerate() {
            assert!(bytes.len() >= 2 * HEAD, "{} {form} is too short", marked.name);
            by_head.entry(&bytes[..HEAD]).or_default().push(number);
        }
        let mut found = BTreeMap::new();
        for piece in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (at, head) in piece.bytes.windows(HEAD).enumerate() {
                let Some(numbers) = by_head.get(head) else { continue };
                let wanted = numbers.iter().map(|number| &forms[*number]);
                for (marked, (form, bytes)) in wanted {
                    if counts(piece.holds, marked.kind) && piece.bytes[at..].starts_with(bytes) {
                        let what = format!("{}, {form}, in {}", marked.name, piece.name);
                        found.entry(what).or_insert_with(|| around(piece, at, bytes.len()));
                    }
                }
            }
        }
        found.into_iter().map(|(what, around)| format!("{what}: …{around}…")).collect()
    }
}

fn around(piece: &Piece, at: usize, length: usize) -> String {
    let end = (at + length + AROUND).min(piece.bytes.len());
    let around = String::from_utf8_lossy(&piece.bytes[at.saturating_sub(AROUND)..end]);
    around.escape_debug().to_string()
}
