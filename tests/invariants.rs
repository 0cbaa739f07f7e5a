//! `tests/INVARIANTS.md` says which tests prove what: this keeps it true.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where something is not as it has to be"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn the_list_of_invariants_names_every_test_of_one_and_no_other() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let list = fs::read_to_string(root.join("tests/INVARIANTS.md")).expect("the list");
    let listed = names(&list, "`");
    let mut written = BTreeSet::new();
    for room in ["src", "tests"] {
        collect(&root.join(room), &mut written);
    }
    let missing: Vec<_> = written.difference(&listed).collect();
    let vanished: Vec<_> = listed.difference(&written).collect();
    assert!(missing.is_empty(), "not in the list: {missing:#?}");
    assert!(vanished.is_empty(), "in the list and nowhere else: {vanished:#?}");
}

fn collect(folder: &Path, written: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, written);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("source code");
            written.extend(names(&text, "fn "));
        }
    }
}

/// The names of tests of invariants that stand behind this text.
fn names(text: &str, before: &str) -> BTreeSet<String> {
    let marker = format!("{before}invariant_");
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_');
    let name = |rest: &str| format!("invariant_{}", rest.split(ends).next().unwrap_or_default());
    text.split(&marker).skip(1).map(name).collect()
}
