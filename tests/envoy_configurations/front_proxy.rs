//! The front proxy before servers that record what reaches them.

use std::net::SocketAddr;

use baton_tests::{
    WEBHOOK_PATH,
    http1::{self, Answer},
    http2,
    upstream::Upstream,
};
use serde_json::Value;

use crate::{
    bootstrap::{self, Behind},
    certificate::Certificate,
    process::Envoy,
    tunnel::Tunnel,
    webhooks::{BODY, forged, signed},
};

/// The front proxy, and who is behind it.
struct Stage {
    envoy: Envoy,
    certificate: Certificate,
    deliveries: Upstream,
    chat: Upstream,
    application: Upstream,
}

impl Stage {
    async fn set() -> Self {
        let certificate = Certificate::make();
        let [deliveries, chat, application] =
            [Upstream::start().await, Upstream::start().await, Upstream::start().await];
        let behind = Behind {
            deliveries: deliveries.address,
            chat: chat.address,
            application: application.address,
        };
        let envoy = Envoy::start(&bootstrap::front_proxy(&certificate, behind)).await;
        Self { envoy, certificate, deliveries, chat, application }
    }

    /// A way in by this version of HTTP.
    async fn tunnel(&self, protocol: &'static str) -> Tunnel {
        Tunnel::to(self.envoy.listener("public"), &self.certificate, protocol).await
    }

    /// The status of a webhook with these headers, by this version of HTTP.
    async fn post(&self, protocol: &'static str, headers: &[(String, String)]) -> u16 {
        let tunnel = self.tunnel(protocol).await;
        if protocol == "h2" {
            return http2::exchange(tunnel.address, WEBHOOK_PATH, headers, &[BODY], None).await;
        }
        let request = http1::request("POST", WEBHOOK_PATH, headers, BODY);
        http1::exchange(tunnel.address, &request).await.status
    }

    fn assert_untouched(&self, case: &str) {
        for server in [&self.deliveries, &self.chat, &self.application] {
            assert_eq!(server.heads(), 0, "{case}: a server saw a request");
        }
    }
}

async fn get(address: SocketAddr, path: &str, headers: &[(String, String)]) -> Answer {
    http1::exchange(address, &http1::request("GET", path, headers, b"")).await
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_webhook_is_delivered_by_both_versions_of_http() {
    for protocol in ["http/1.1", "h2"] {
        let stage = Stage::set().await;
        assert_eq!(stage.post(protocol, &signed()).await, 200, "{protocol}");
        let seen = stage.deliveries.take();
        assert_eq!(seen.len(), 1, "{protocol}");
        assert_eq!(seen[0].path, "/internal/v1/deliveries", "{protocol}");
        let delivery: Value = serde_json::from_slice(&seen[0].body).expect("one delivery");
        assert_eq!(delivery["type"], "baton.genesys.text", "{protocol}");
        let log = stage.envoy.access_log(1).await;
        assert_eq!(log[0]["status"], 200, "{log:?}");
        assert_eq!(log[0]["upstream"], "sidecar_deliveries", "{log:?}");
        assert_eq!(log[0]["verdict"], "accepted", "{log:?}");
        assert_eq!(log[0]["tenant"], "acme/support/live", "{log:?}");
    }
}

#[tokio::test]
async fn invariant_1_a_forged_webhook_leaves_no_trace_behind_the_front_proxy() {
    let stage = Stage::set().await;
    for protocol in ["http/1.1", "h2"] {
        assert_eq!(stage.post(protocol, &forged()).await, 401, "{protocol}");
        assert_eq!(stage.post(protocol, &[]).await, 401, "{protocol}");
        stage.assert_untouched(protocol);
    }
    let log = stage.envoy.access_log(4).await;
    assert_eq!(log[0]["verdict"], "signature_mismatch", "{log:?}");
}

#[tokio::test]
async fn what_is_not_named_is_not_to_be_had() {
    let stage = Stage::set().await;
    let tunnel = stage.tunnel("http/1.1").await;
    for path in [
        "/",
        "/internal/v1/deliveries",
        "/internal/v1/deliveries?a=b",
        "//internal/v1/deliveries",
        "/x/../internal/v1/deliveries",
        "/%69nternal/v1/deliveries",
        "/internal%2Fv1%2Fdeliveries",
        "/internal/v1/tenants",
        "/internal/v1/dead_letters",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/ws/",
        "/api/v2/sessions",
    ] {
        for method in ["GET", "POST"] {
            let request = http1::request(method, path, &signed(), BODY);
            let answer = http1::exchange(tunnel.address, &request).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            stage.assert_untouched(path);
        }
    }
}

#[tokio::test]
async fn what_is_named_leads_to_its_own_listener() {
    let stage = Stage::set().await;
    let tunnel = stage.tunnel("http/1.1").await;
    for (path, server) in [
        ("/api/v1/sessions", &stage.chat),
        // The chat listener judges what it is asked; no path leads past it to another.
        ("/api/v1/../../internal/v1/deliveries", &stage.chat),
        ("/context/s1?expires=1&signature=x", &stage.application),
        ("/v1/acme/support/sessions/s1/events", &stage.application),
        ("/v1/acme/support/sessions", &stage.application),
    ] {
        assert_eq!(get(tunnel.address, path, &[]).await.status, 200, "{path}");
        assert_eq!(server.take()[0].path, path);
        stage.assert_untouched(path);
    }
}

#[tokio::test]
async fn the_edges_own_headers_and_envoys_do_not_come_from_callers() {
    let stage = Stage::set().await;
    let tunnel = stage.tunnel("http/1.1").await;
    let headers = [
        header("x-baton-verdict", "accepted"),
        header("CE-Id", "1"),
        header("x-envoy-upstream-rq-timeout-ms", "1"),
        header("x-forwarded-proto", "http"),
        header("x-forwarded-for", "203.0.113.9"),
        header("x-token", "kept"),
    ];
    let answer = get(tunnel.address, "/api/v1/sessions", &headers).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("server"), None);
    assert_eq!(answer.header("x-envoy-upstream-service-time"), None);
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    let seen = &stage.chat.take()[0].headers;
    for name in ["x-baton-verdict", "ce-id", "x-envoy-upstream-rq-timeout-ms"] {
        assert!(!seen.contains_key(name), "{seen:?}");
    }
    assert_eq!(seen["x-token"], "kept");
    assert_eq!(seen["x-forwarded-proto"], "https");
    // Whoever counts callers reads it from its end.
    let addresses = seen["x-forwarded-for"].to_str().unwrap();
    assert!(!addresses.ends_with("203.0.113.9"), "{addresses}");
}

#[tokio::test]
async fn plain_http_is_led_to_https_and_no_further() {
    let stage = Stage::set().await;
    let request = http1::request("POST", WEBHOOK_PATH, &signed(), BODY);
    let answer = http1::exchange(stage.envoy.listener("redirect"), &request).await;
    assert_eq!(answer.status, 308);
    let place = format!("https://edge.example{WEBHOOK_PATH}");
    assert_eq!(answer.header("location"), Some(&*place));
    stage.assert_untouched("plain http");
}

#[tokio::test]
async fn invariant_10_no_query_is_in_the_access_log() {
    let stage = Stage::set().await;
    let tunnel = stage.tunnel("http/1.1").await;
    let headers = [header("referer", "https://www.example.com/?access_token=unspeakable")];
    let paths = [
        "/context/s1?signature=unspeakable",
        "/ws?access_token=unspeakable",
        "/nowhere?unspeakable",
        "/webhooks/genesys/acme/support/live/events?unspeakable",
    ];
    for path in paths {
        get(tunnel.address, path, &headers).await;
        get(stage.envoy.listener("redirect"), path, &headers).await;
    }
    let log = stage.envoy.access_log(2 * paths.len()).await;
    assert!(log.iter().any(|line| line["path"] == "/ws"), "{log:?}");
    let written = stage.envoy.written();
    assert!(!written.contains("unspeakable"), "{written}");
}
