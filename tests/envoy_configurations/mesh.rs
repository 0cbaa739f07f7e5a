//! What Istio and Envoy Gateway are asked to make of the shipped resources, put together here and run
//! by a real Envoy: the filters, their order, and the routes. The control planes themselves do not
//! run: that they make this of it is read from their documentation, not proven.

use std::{net::SocketAddr, time::Duration};

use baton_tests::{
    WEBHOOK_PATH,
    http1::{self, Connection},
    upstream::Upstream,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    process::{self, Envoy},
    shipped::{Document, documents_of},
    webhooks::{BODY, forged, signed},
};

const ROUTER: &str = "envoy.extensions.filters.http.router.v3.Router";
const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

/// The resource of this kind in a file.
fn resource(file: &str, kind: &str) -> Value {
    let mut found = documents_of(file).into_iter().filter(|document| document.kind() == Some(kind));
    let Some(Document { value, .. }) = found.next() else { panic!("{file} has a {kind}") };
    assert!(found.next().is_none(), "{file} has one {kind}");
    value
}

fn typed(kind: &str, mut value: Value) -> Value {
    value["@type"] = format!("type.googleapis.com/{kind}").into();
    value
}

/// The filter as Envoy is told of it: the plugin's configuration is handed over as text.
fn plugin(configuration: &Value, variables: &Value) -> Value {
    let module = std::env::var("BATON_EDGE_ENVOY")
        .unwrap_or_else(|_| "target/edge/baton-edge-envoy.wasm".into());
    json!({
        "name": "baton",
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module}},
            "environment_variables": {"host_env_keys": variables},
        },
        "configuration": typed(
            "google.protobuf.StringValue",
            json!({"value": configuration.to_string()}),
        ),
    })
}

/// An Envoy with these filters, routes, and settings of its connections.
fn bootstrap(
    upstream: SocketAddr,
    mut filters: Vec<Value>,
    routes: &[Value],
    more: Value,
) -> Value {
    filters.push(json!({"name": "router", "typed_config": typed(ROUTER, json!({}))}));
    let address =
        |ip: &str, port: u16| json!({"socket_address": {"address": ip, "port_value": port}});
    let mut manager = typed(
        MANAGER,
        json!({
            "stat_prefix": "mesh",
            "http_filters": filters,
            // Both control planes allow it by themselves.
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        }),
    );
    merge(&mut manager, more);
    json!({
        "admin": {"address": address("127.0.0.1", 0)},
        "static_resources": {
            "listeners": [{
                "name": "public",
                "address": address("127.0.0.1", 0),
                "filter_chains": [{"filters": [{
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": manager,
                }]}],
            }],
            "clusters": [{
                "name": "baton",
                "type": "STATIC",
                "load_assignment": {"cluster_name": "baton", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": address("127.0.0.1", upstream.port())}},
                ]}]},
            }],
        },
    })
}

/// Puts the members of an object over those of another, at every depth.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// What Istio is asked to make.
fn istio(upstream: SocketAddr) -> Value {
    let file = "envoy/istio/filter.yaml";
    let wasm = resource(file, "WasmPlugin")["spec"].take();
    let patches = resource(file, "EnvoyFilter")["spec"]["configPatches"].take();
    let patch_of = |target: &str, name: Option<&str>| {
        let matches = |patch: &&Value| {
            patch["applyTo"] == target
                && name.is_none_or(|name| {
                    patch["match"]["routeConfiguration"]["vhost"]["route"]["name"] == name
                })
        };
        let patch = patches.as_array().unwrap().iter().find(matches).expect(target);
        (patch["patch"]["operation"].clone(), patch["patch"]["value"].clone())
    };
    let variables = wasm["vmConfig"]["env"].as_array().unwrap().iter().map(|variable| {
        assert_eq!(variable["valueFrom"], "HOST");
        variable["name"].clone()
    });
    let variables = variables.collect::<Vec<_>>();
    let mut config = plugin(&wasm["pluginConfig"], &json!(variables));
    config["failure_policy"] = wasm["failStrategy"].clone();
    let wasm = json!({
        "name": "istio-ingress.baton",
        "typed_config": typed(WASM, json!({"config": config})),
    });
    let (operation, buffer) = patch_of("HTTP_FILTER", None);
    assert_eq!(operation, "INSERT_BEFORE");
    let (_, manager) = patch_of("NETWORK_FILTER", None);
    let services = resource("envoy/istio/routes.yaml", "VirtualService")["spec"]["http"].take();
    let routes: Vec<_> = services
        .as_array()
        .unwrap()
        .iter()
        .map(|service| {
            let name = service["name"].as_str().unwrap();
            let path = &service["match"][0]["uri"];
            let mut route = json!({
                "name": name,
                "match": path.get("exact").map_or_else(
                    || json!({"prefix": path["prefix"]}),
                    |exact| json!({"path": exact}),
                ),
                "route": {"cluster": "baton", "timeout": service["timeout"]},
            });
            if name != "baton-deliveries" {
                merge(&mut route, patch_of("HTTP_ROUTE", Some(name)).1);
            }
            route
        })
        .collect();
    let mut bootstrap =
        bootstrap(upstream, vec![wasm, buffer], &routes, manager["typed_config"].clone());
    let listener = &mut bootstrap["static_resources"]["listeners"][0];
    merge(listener, patch_of("LISTENER", None).1);
    bootstrap
}

/// A chain in front of a server that records what reaches it.
struct Stage {
    envoy: Envoy,
    upstream: Upstream,
}

impl Stage {
    async fn set(bootstrap: impl FnOnce(SocketAddr) -> Value) -> Self {
        let upstream = Upstream::start().await;
        let envoy = Envoy::start(&bootstrap(upstream.address)).await;
        Self { envoy, upstream }
    }

    /// The status of a webhook whose body comes some time after its head.
    async fn post_slowly(&self, headers: &[(String, String)]) -> u16 {
        let mut connection = Connection::open(self.envoy.listener("public")).await;
        let mut head = http1::head("POST", WEBHOOK_PATH, headers);
        head.extend_from_slice(format!("content-length: {}\r\n\r\n", BODY.len()).as_bytes());
        connection.send(&head).await;
        sleep(Duration::from_millis(300)).await;
        connection.send(BODY).await;
        connection.answer().await.status
    }

    /// The status of a request without a body.
    async fn get(&self, path: &str, headers: &[(String, String)]) -> u16 {
        let mut request = http1::head("GET", path, headers);
        request.extend_from_slice(b"\r\n");
        http1::exchange(self.envoy.listener("public"), &request).await.status
    }

    /// What a caller says in the edge's own headers does not reach a chat.
    async fn assert_takes_no_headers_of_the_edge(&self) {
        let headers = [("x-baton-verdict", "accepted"), ("CE-Id", "1"), ("x-token", "kept")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(self.get("/api/v1/sessions", &headers).await, 200);
        let seen = &self.upstream.take()[0].headers;
        assert!(!seen.contains_key("x-baton-verdict") && !seen.contains_key("ce-id"), "{seen:?}");
        assert_eq!(seen["x-token"], "kept");
    }

    async fn assert_holds(&self) {
        assert_eq!(self.post_slowly(&forged()).await, 401);
        assert_eq!(self.post_slowly(&[]).await, 401);
        assert_eq!(self.get("/internal/v1/deliveries", &[]).await, 404);
        assert_eq!(self.upstream.heads(), 0, "the upstream saw a forged request");
        assert_eq!(self.post_slowly(&signed()).await, 200);
        let seen = self.upstream.take();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].path, "/internal/v1/deliveries");
        let delivery: Value = serde_json::from_slice(&seen[0].body).expect("a delivery");
        assert_eq!(delivery["type"], "baton.genesys.text");
    }
}

#[tokio::test]
async fn invariant_1_the_chain_that_istio_is_asked_for_holds_what_is_not_verified() {
    let stage = Stage::set(istio).await;
    stage.assert_holds().await;
    assert_eq!(stage.get("/elsewhere", &[]).await, 404);
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    // It has no end, so a buffer would hold it for ever.
    assert_eq!(stage.get("/ws", &upgrade).await, 200);
    assert_eq!(stage.upstream.take()[0].headers["upgrade"], "websocket");
    stage.assert_takes_no_headers_of_the_edge().await;
}

#[tokio::test]
async fn envoy_takes_the_chain_that_istio_is_asked_for() {
    let output = process::validate(&istio(SocketAddr::from(([127, 0, 0, 1], 1)))).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What Envoy Gateway is asked to make, with the patches or without.
fn envoy_gateway(upstream: SocketAddr, is_patched: bool) -> Value {
    let file = "envoy/envoy-gateway/filter.yaml";
    let policy = resource(file, "EnvoyExtensionPolicy")["spec"]["wasm"][0].take();
    let mut config = plugin(&policy["config"], &policy["env"]["hostKeys"]);
    config["name"] = policy["name"].clone();
    config["fail_open"] = policy["failOpen"].clone();
    let mut manager = json!({"common_http_protocol_options": {"max_stream_duration": "2s"}});
    if is_patched {
        let patches = resource(file, "EnvoyPatchPolicy")["spec"]["jsonPatches"].take();
        for patch in patches.as_array().unwrap() {
            let operation = &patch["operation"];
            assert_eq!(operation["op"], "add");
            let path = operation["path"].as_str().unwrap().strip_prefix('/').unwrap();
            let of_the_plugin = operation["jsonPath"].as_str().unwrap().contains("http_filters");
            let patched = if of_the_plugin { &mut config } else { &mut manager };
            patched[path] = operation["value"].clone();
        }
    }
    // Envoy Gateway has each filter once and off, and turns it on for the routes of its policy.
    let name = "envoy.filters.http.wasm/envoyextensionpolicy/baton/baton/wasm/0";
    let wasm = json!({
        "name": name,
        "disabled": true,
        "typed_config": typed(WASM, json!({"config": config})),
    });
    let on = json!({name: typed("envoy.config.route.v3.FilterConfig", json!({"config": {}}))});
    let nowhere = resource("envoy/envoy-gateway/routes.yaml", "HTTPRouteFilter");
    let status = &nowhere["spec"]["directResponse"]["statusCode"];
    let rules: Vec<_> = documents_of("envoy/envoy-gateway/routes.yaml")
        .into_iter()
        .filter(|document| document.value["kind"] == "HTTPRoute")
        .filter(|document| document.value["metadata"]["name"] != "baton-redirect")
        .flat_map(|document| document.value["spec"]["rules"].as_array().unwrap().clone())
        .collect();
    let routes: Vec<_> = rules
        .iter()
        .map(|rule| {
            let path = &rule["matches"][0]["path"];
            let kind = match path["type"].as_str() {
                Some("Exact") => "path",
                _ => "path_separated_prefix",
            };
            let mut route = json!({"match": {kind: path["value"]}, "typed_per_filter_config": on});
            match rule.get("backendRefs") {
                Some(_) => route["route"] = json!({"cluster": "baton", "timeout": "8s"}),
                None => route["direct_response"] = json!({"status": status}),
            }
            route
        })
        .collect();
    bootstrap(upstream, vec![wasm], &routes, manager)
}

#[tokio::test]
async fn invariant_1_the_chain_that_envoy_gateway_is_asked_for_holds_what_is_not_verified() {
    let stage = Stage::set(|upstream| envoy_gateway(upstream, true)).await;
    stage.assert_holds().await;
    assert_eq!(stage.get("/webhooks/genesys", &[]).await, 404);
    assert_eq!(stage.upstream.heads(), 0);
    stage.assert_takes_no_headers_of_the_edge().await;
}

#[tokio::test]
async fn invariant_1_without_its_patch_envoy_gateways_chain_lets_no_webhook_through_at_all() {
    let stage = Stage::set(|upstream| envoy_gateway(upstream, false)).await;
    for headers in [signed(), forged()] {
        let status = stage.post_slowly(&headers).await;
        assert!(matches!(status, 408 | 504), "{status}");
        assert_eq!(stage.upstream.heads(), 0, "the upstream saw a request");
    }
}
