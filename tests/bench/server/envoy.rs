//! The configurations of Envoy: one listener, one route. Only the filter differs.
//!
//! The listener is that of `envoy/pause/envoy.yaml`. The answer comes from the router, so that no
//! upstream is measured along.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use serde_json::{Value, json};

use super::{BUFFER_BYTES, Stage};
use crate::{
    Result,
    plugin::{self, DELIVERY_PATH},
    webhook,
};

/// Envoy with so many workers.
pub(crate) fn command(stage: &Stage<'_>, config: &Value, workers: usize) -> Result<Command> {
    let file = stage.work.join("envoy.json");
    fs::write(&file, serde_json::to_vec(config)?)?;
    let mut command = stage.pinning.server(&stage.tools.envoy);
    command
        .arg("--config-path")
        .arg(file)
        .args(["--disable-hot-restart", "--log-level", "warning", "--concurrency"])
        .arg(workers.to_string());
    Ok(command)
}

/// Envoy that holds the body and looks at nothing.
pub(crate) fn bare(port: u16) -> Value {
    envoy(port, vec![buffer()], answered_at(webhook::PATH), vec![])
}

/// Envoy with Baton's filter, in this hold mode.
pub(crate) fn with_baton(port: u16, hold: &str, module: &Path) -> Value {
    let mut filters = vec![baton(module, &plugin::document(hold))];
    if hold == "buffer_filter" {
        filters.push(buffer());
    }
    envoy(port, filters, answered_at(DELIVERY_PATH), vec![])
}

/// Envoy that holds the body, with a module that does nothing.
pub(crate) fn with_empty_module(port: u16, module: &Path) -> Value {
    let filters = vec![wasm("empty", module, &json!({})), buffer()];
    envoy(port, filters, answered_at(webhook::PATH), vec![])
}

/// Envoy with a Lua filter that verifies.
pub(super) fn with_lua(port: u16) -> Value {
    let lua = json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": http_type("lua.v3.Lua"),
            "default_source_code": {"inline_string": include_str!("verify.lua")},
        },
    });
    envoy(port, vec![lua], answered_at(webhook::PATH), vec![])
}

/// Envoy that sends a request with its body to a service, and goes by what that answers.
pub(super) fn with_authorization(port: u16, service: SocketAddr) -> Value {
    const CLUSTER: &str = "authorization";
    let filter = json!({
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": http_type("ext_authz.v3.ExtAuthz"),
            "transport_api_version": "V3",
            "http_service": {
                "server_uri": {
                    "uri": format!("http://{service}"), "cluster": CLUSTER, "timeout": "5s",
                },
            },
            "with_request_body": {"max_request_bytes": BUFFER_BYTES},
            "allowed_headers": {"patterns": [{"exact": "x-hub-signature-256"}]},
        },
    });
    envoy(port, vec![filter], answered_at(webhook::PATH), vec![cluster(CLUSTER, service)])
}

/// The same, with memory that is free given back to the operating system within a second.
pub(crate) fn with_free_memory_given_back(mut config: Value) -> Value {
    if let Some(bootstrap) = config.as_object_mut() {
        let manager = json!({"bytes_to_release": 1 << 30, "memory_release_interval": "0.2s"});
        bootstrap.insert("memory_allocator_manager".into(), manager);
    }
    config
}

/// The same, with trailers of HTTP/1.1 not dropped before the filters see them.
pub(crate) fn with_trailers(mut config: Value) -> Value {
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    if let Some(Value::Object(manager)) = config.pointer_mut(manager) {
        manager.insert("http_protocol_options".into(), json!({"enable_trailers": true}));
    }
    config
}

/// Envoy with one listener, these filters and this route.
pub(crate) fn envoy(
    port: u16,
    mut filters: Vec<Value>,
    route: Value,
    clusters: Vec<Value>,
) -> Value {
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": http_type("router.v3.Router")},
    }));
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3\
                  .HttpConnectionManager",
        "stat_prefix": "public",
        "request_headers_timeout": "5s",
        "common_http_protocol_options": {"max_stream_duration": "20s"},
        "stream_idle_timeout": "30s",
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{
            "name": "baton", "domains": ["*"], "routes": [route],
        }]},
    });
    let listener = json!({
        "name": "public",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        }]}],
    });
    json!({"static_resources": {"listeners": [listener], "clusters": clusters}})
}

/// Baton's filter with this configuration.
pub(crate) fn baton(module: &Path, document: &Value) -> Value {
    wasm("baton", module, document)
}

/// A cluster of one host.
pub(crate) fn cluster(name: &str, address: SocketAddr) -> Value {
    let socket = json!({"address": address.ip().to_string(), "port_value": address.port()});
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": {"socket_address": socket}}},
        ]}]},
    })
}

fn answered_at(path: &str) -> Value {
    json!({"match": {"path": path}, "direct_response": {"status": 200}})
}

fn buffer() -> Value {
    json!({
        "name": "envoy.filters.http.buffer",
        "typed_config": {
            "@type": http_type("buffer.v3.Buffer"),
            "max_request_bytes": BUFFER_BYTES,
        },
    })
}

fn wasm(name: &str, module: &Path, configuration: &Value) -> Value {
    let names = plugin::ENVIRONMENT.map(|(name, _)| name);
    let pauses = configuration.pointer("/envoy/hold") == Some(&json!("pause"));
    json!({
        "name": name,
        "typed_config": {
            "@type": http_type("wasm.v3.Wasm"),
            "config": {
                "name": name,
                "allow_on_headers_stop_iteration": pauses,
                "failure_policy": "FAIL_RELOAD",
                "vm_config": {
                    "vm_id": name,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                    "environment_variables": {"host_env_keys": names},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration.to_string(),
                },
            },
        },
    })
}

fn http_type(name: &str) -> String {
    format!("type.googleapis.com/envoy.extensions.filters.http.{name}")
}
