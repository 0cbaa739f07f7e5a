//! Changes of a shipped configuration that let it run in a test: ports, files, names.

use std::{env, net::SocketAddr};

use serde_json::{Value, json};

use crate::{certificate::Certificate, shipped::document};

/// The servers behind Envoy.
#[derive(Clone, Copy)]
pub(crate) struct Behind {
    /// What stands for the sidecar's internal listener.
    pub(crate) deliveries: SocketAddr,
    /// What stands for its chat listener.
    pub(crate) chat: SocketAddr,
    /// What stands for its listener for applications.
    pub(crate) application: SocketAddr,
}

/// The shipped front proxy, on loopback and free ports, with this certificate.
pub(crate) fn front_proxy(certificate: &Certificate, behind: Behind) -> Value {
    let mut bootstrap = document("envoy/front-proxy/envoy.yaml");
    use_module(&mut bootstrap);
    use_certificate(&mut bootstrap, certificate);
    use_ports(
        &mut bootstrap,
        &[
            (443, 0),
            (80, 0),
            (9901, 0),
            (8081, behind.deliveries.port()),
            (8080, behind.chat.port()),
            (8082, behind.application.port()),
        ],
    );
    bootstrap
}

/// Names the module that is to be tested.
pub(crate) fn use_module(bootstrap: &mut Value) {
    let Ok(module) = env::var("BATON_EDGE_ENVOY") else { return };
    let shipped = json!("target/edge/baton-edge-envoy.wasm");
    assert!(replace(bootstrap, "filename", &shipped, &json!(module)) > 0);
}

/// Names the certificate that is to be shown.
pub(crate) fn use_certificate(bootstrap: &mut Value, certificate: &Certificate) {
    let shipped = json!("envoy/front-proxy/certificate.yaml");
    let secret = json!(certificate.secret());
    assert_eq!(replace(bootstrap, "path", &shipped, &secret), 1);
}

/// Puts ports in the place of others, and loopback in that of every address.
fn use_ports(bootstrap: &mut Value, ports: &[(u16, u16)]) {
    replace(bootstrap, "address", &json!("::"), &json!("127.0.0.1"));
    replace(bootstrap, "ipv4_compat", &json!(true), &json!(false));
    // By way of what is no port, so that none is replaced twice.
    for (from, to) in ports {
        let place = json!(format!("port {to} for {from}"));
        assert_eq!(replace(bootstrap, "port_value", &json!(from), &place), 1, "{from}");
    }
    for (from, to) in ports {
        let place = json!(format!("port {to} for {from}"));
        replace(bootstrap, "port_value", &place, &json!(to));
    }
}

/// Replaces a member's value wherever it is this one; how often.
fn replace(value: &mut Value, name: &str, from: &Value, to: &Value) -> usize {
    match value {
        Value::Object(object) => object
            .iter_mut()
            .map(|(key, value)| {
                if key == name && value == from {
                    *value = to.clone();
                    return 1;
                }
                replace(value, name, from, to)
            })
            .sum(),
        Value::Array(values) => values.iter_mut().map(|value| replace(value, name, from, to)).sum(),
        _ => 0,
    }
}
