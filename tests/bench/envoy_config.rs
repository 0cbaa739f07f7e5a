//! The configurations of Envoy: one listener, one route, one answer. Only the filter differs.
//!
//! The listener is that of `envoy/pause/envoy.yaml`. The answer comes from the router, so that no
//! upstream is measured along.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    plugin::{self, DELIVERY_PATH},
    variant::Variant,
    webhook,
};

/// The most of a request that Envoy keeps, as in the product's configurations.
const BUFFER_BYTES: u32 = 2 * 1024 * 1024;

/// The configuration of a variant; `None` for one that is not Envoy.
pub(crate) fn of(variant: Variant, port: u16, module: &Path) -> Option<Value> {
    let (filters, path) = match variant {
        Variant::Baseline => (vec![buffer()], webhook::PATH),
        Variant::BatonPause => (vec![baton("pause", module)], DELIVERY_PATH),
        Variant::BatonBufferFilter => {
            let filters = vec![baton("buffer_filter", module), buffer()];
            (filters, DELIVERY_PATH)
        }
        Variant::Lua => (vec![lua()], webhook::PATH),
        Variant::Node => return None,
    };
    Some(envoy(port, filters, path))
}

fn envoy(port: u16, mut filters: Vec<Value>, path: &str) -> Value {
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
            "name": "baton",
            "domains": ["*"],
            "routes": [{"match": {"path": path}, "direct_response": {"status": 200}}],
        }]},
    });
    json!({"static_resources": {"listeners": [{
        "name": "public",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        }]}],
    }]}})
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

fn baton(hold: &str, module: &Path) -> Value {
    let names = plugin::ENVIRONMENT.map(|(name, _)| name);
    json!({
        "name": "baton",
        "typed_config": {
            "@type": http_type("wasm.v3.Wasm"),
            "config": {
                "name": "baton",
                "allow_on_headers_stop_iteration": hold == "pause",
                "failure_policy": "FAIL_RELOAD",
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                    "environment_variables": {"host_env_keys": names},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": plugin::document(hold).to_string(),
                },
            },
        },
    })
}

fn lua() -> Value {
    json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": http_type("lua.v3.Lua"),
            "default_source_code": {"inline_string": include_str!("verify.lua")},
        },
    })
}

fn http_type(name: &str) -> String {
    format!("type.googleapis.com/envoy.extensions.filters.http.{name}")
}
