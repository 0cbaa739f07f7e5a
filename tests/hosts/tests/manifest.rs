//! The manifest for `spin up`, beside the Spin component.

use std::{collections::BTreeSet, fs, path::PathBuf};

use baton_core::configuration::Configuration;
use toml::{Table, Value};

fn room() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../src/edge-spin")
}

fn manifest() -> Table {
    let text = fs::read_to_string(room().join("spin.toml")).expect("the manifest");
    text.parse().expect("TOML")
}

fn names(table: &Value) -> BTreeSet<String> {
    table.as_table().expect("a table").keys().cloned().collect()
}

/// The variables that a component reads with the manifest's own configuration.
fn read_by_a_component(manifest: &Table) -> BTreeSet<String> {
    let document = manifest["variables"]["edge_configuration"]["default"].as_str().expect("text");
    let own = ["edge_configuration", "upstream", "store_secret"].map(str::to_owned);
    let secrets = Configuration::secrets(document.as_bytes());
    own.into_iter().chain(secrets.into_iter().map(|name| name.to_lowercase())).collect()
}

#[test]
fn the_manifest_declares_every_variable_that_a_component_reads_and_no_other() {
    let manifest = manifest();
    assert_eq!(manifest["spin_manifest_version"].as_integer(), Some(2));
    let read = read_by_a_component(&manifest);
    assert!(read.len() > 5, "{read:?}");
    assert_eq!(names(&manifest["variables"]), read);
    for (id, component) in manifest["component"].as_table().expect("components") {
        assert_eq!(names(&component["variables"]), read, "{id}");
        for (name, value) in component["variables"].as_table().expect("variables") {
            assert_eq!(value.as_str(), Some(&*format!("{{{{ {name} }}}}")), "{id}");
        }
    }
}

#[test]
fn invariant_10_the_manifest_marks_every_secret_and_has_a_value_for_none() {
    let manifest = manifest();
    for (name, variable) in manifest["variables"].as_table().expect("variables") {
        let variable = variable.as_table().expect("a variable");
        let is_secret = !["edge_configuration", "upstream"].contains(&name.as_str());
        let marked = variable.get("secret").and_then(Value::as_bool).unwrap_or_default();
        assert_eq!(marked, is_secret, "{name}");
        if is_secret {
            let value = variable.get("default").and_then(Value::as_str).unwrap_or_default();
            assert_eq!(value, "", "{name}");
        }
    }
}

#[test]
fn the_manifests_configuration_is_a_right_one() {
    let manifest = manifest();
    let document = manifest["variables"]["edge_configuration"]["default"].as_str().expect("text");
    let secret = |name: &str| Some(format!("a-secret-of-its-own-for-{name}"));
    let configuration = Configuration::parse(document.as_bytes(), &secret).expect("right");
    assert!(configuration.warnings.is_empty(), "{:?}", configuration.warnings);
}

/// The modules that the manifest names, the one that is taken and the one that may be.
fn modules() -> Vec<PathBuf> {
    let text = fs::read_to_string(room().join("spin.toml")).expect("the manifest");
    let sources = text.lines().filter_map(|line| {
        line.trim_start_matches("# ").strip_prefix("source = \"")?.strip_suffix('"')
    });
    sources.map(|source| room().join(source)).collect()
}

#[test]
fn both_modules_that_the_manifest_names_are_there() {
    let modules = modules();
    assert_eq!(modules.len(), 2);
    for module in modules {
        assert!(module.exists(), "{}: `make components` makes it", module.display());
    }
}

#[test]
fn the_component_goes_to_its_upstream_only_and_has_the_default_store() {
    let manifest = manifest();
    let component = &manifest["component"]["baton-edge"];
    assert_eq!(component["allowed_outbound_hosts"], Value::from(vec!["{{ upstream }}"]));
    assert_eq!(component["key_value_stores"], Value::from(vec!["default"]));
    assert_eq!(manifest["trigger"]["http"][0]["component"].as_str(), Some("baton-edge"));
}
