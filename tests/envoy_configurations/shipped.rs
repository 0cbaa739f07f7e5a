//! What is shipped under `envoy/`, as it is read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A document of a shipped file.
pub(crate) struct Document {
    /// The file, from the root of the repository.
    pub(crate) file: String,
    /// What it says.
    pub(crate) value: Value,
}

impl Document {
    /// Its kind, if it is a resource of Kubernetes.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.value.get("kind")?.as_str()
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every document under `envoy/`.
pub(crate) fn documents() -> Vec<Document> {
    let mut files = Vec::new();
    collect(&root().join("envoy"), &mut files);
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

/// The documents of one file, named from the root.
pub(crate) fn documents_of(file: &str) -> Vec<Document> {
    read(&root().join(file))
}

/// The only document of a file.
pub(crate) fn document(file: &str) -> Value {
    let mut documents = documents_of(file);
    assert_eq!(documents.len(), 1, "{file}");
    documents.remove(0).value
}

/// The value, and every value in it, with the member under which it stands.
pub(crate) fn members<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.push((name, value));
                members(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

/// Every value in the document that stands under this name.
pub(crate) fn all<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    members(value, &mut found);
    found.into_iter().filter(|(key, _)| *key == name).map(|(_, value)| value).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

fn read(file: &Path) -> Vec<Document> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let name = file.strip_prefix(root()).expect("under the root").display().to_string();
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    documents.into_iter().map(|value| Document { file: name.clone(), value }).collect()
}
