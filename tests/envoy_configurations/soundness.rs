//! What has to hold for every shipped file.

use std::collections::BTreeMap;

use baton_core::configuration::Configuration;
use baton_tests::environment;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{
    bootstrap::{use_certificate, use_module},
    certificate::Certificate,
    process,
    shipped::{Document, all, document, documents, members, root},
};

/// The plugin's configurations in a document, as Envoy hands them to the filter.
pub(crate) fn plugin_configurations(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for configuration in all(document, "configuration") {
        if let Some(text) = configuration.get("value").and_then(Value::as_str) {
            found.push(text.to_owned());
        }
    }
    found.extend(all(document, "pluginConfig").into_iter().map(ToString::to_string));
    for wasm in all(document, "wasm").into_iter().filter_map(Value::as_array).flatten() {
        found.extend(wasm.get("config").map(ToString::to_string));
    }
    found
}

#[tokio::test]
async fn envoy_itself_takes_every_shipped_configuration() {
    let certificate = Certificate::make();
    let mut checked = 0;
    for Document { file, value: mut bootstrap } in documents() {
        if bootstrap.get("static_resources").is_none() {
            continue;
        }
        use_module(&mut bootstrap);
        if file == "envoy/front-proxy/envoy.yaml" {
            use_certificate(&mut bootstrap, &certificate);
        }
        let output = process::validate(&bootstrap).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file}: {said}");
        assert!(!said.contains("deprecated"), "{file}: {said}");
        checked += 1;
    }
    assert!(checked >= 3, "{checked}");
}

#[test]
fn the_filter_takes_every_shipped_plugin_configuration() {
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for document in documents() {
        for text in plugin_configurations(&document.value) {
            let parsed = Configuration::parse(text.as_bytes(), &environment);
            let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", document.file));
            assert_eq!(parsed.warnings, Vec::<String>::new(), "{}", document.file);
            *files.entry(document.file.clone()).or_default() += 1;
        }
    }
    for file in [
        "envoy/pause/envoy.yaml",
        "envoy/buffer-filter/envoy.yaml",
        "envoy/front-proxy/envoy.yaml",
        "envoy/istio/filter.yaml",
        "envoy/envoy-gateway/filter.yaml",
    ] {
        assert_eq!(files.get(file), Some(&1), "{file} has one configuration of the filter");
    }
}

#[test]
fn invariant_1_no_shipped_configuration_lets_webhooks_through_when_the_filter_fails() {
    for document in documents() {
        let mut found = Vec::new();
        members(&document.value, &mut found);
        for (name, value) in found {
            let file = &document.file;
            match name {
                "failOpen" | "fail_open" => assert_eq!(value, false, "{file}"),
                "failure_policy" => assert_eq!(value, "FAIL_RELOAD", "{file}"),
                "failStrategy" => {
                    assert!(value == "FAIL_RELOAD" || value == "FAIL_CLOSE", "{file}");
                }
                _ => assert_ne!(value, "FAIL_OPEN", "{file}"),
            }
        }
    }
}

#[test]
fn every_resource_with_a_known_schema_keeps_to_it() {
    let schemas = schemas();
    let mut checked: BTreeMap<String, usize> = BTreeMap::new();
    for document in documents() {
        let Some(kind) = document.kind() else { continue };
        let version = document.value["apiVersion"].as_str().expect("a resource has a version");
        let name = format!("{version} {kind}");
        let Some(schema) = schemas.get(&name) else { continue };
        let errors: Vec<_> = schema
            .iter_errors(&document.value)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{} {kind}: {errors:#?}", document.file);
        *checked.entry(name).or_default() += 1;
    }
    let unused: Vec<_> = schemas.keys().filter(|name| !checked.contains_key(*name)).collect();
    assert!(unused.is_empty(), "nothing shipped is of {unused:?}");
}

#[test]
fn a_member_that_a_schema_does_not_know_is_an_error() {
    let schemas = schemas();
    let schema = &schemas["extensions.istio.io/v1alpha1 WasmPlugin"];
    let plugin = |spec| {
        json!({
            "apiVersion": "extensions.istio.io/v1alpha1",
            "kind": "WasmPlugin",
            "metadata": {"name": "baton"},
            "spec": spec,
        })
    };
    assert!(schema.is_valid(&plugin(json!({"url": "oci://a", "failStrategy": "FAIL_CLOSE"}))));
    for spec in [
        json!({}),
        json!({"url": 1}),
        json!({"url": "oci://a", "failureStrategy": "FAIL_CLOSE"}),
        json!({"url": "oci://a", "failStrategy": "FAIL_CLOSED"}),
    ] {
        assert!(!schema.is_valid(&plugin(spec.clone())), "{spec}");
    }
}

/// The schemas that are known, by the version and the kind that they are for.
fn schemas() -> BTreeMap<String, Validator> {
    let folder = root().join("tests/envoy_configurations/schemas");
    let files = std::fs::read_dir(folder).expect("the schemas").map(|entry| entry.unwrap().path());
    let schemas = files.filter(|file| file.extension().is_some_and(|it| it == "json"));
    schemas
        .map(|file| {
            let name = file.strip_prefix(root()).unwrap().display().to_string();
            let schema = document(&name);
            let constant = |member: &str| {
                schema["properties"][member]["const"].as_str().expect("a constant").to_owned()
            };
            let name = format!("{} {}", constant("apiVersion"), constant("kind"));
            (name, jsonschema::validator_for(&schema).expect("a schema"))
        })
        .collect()
}
