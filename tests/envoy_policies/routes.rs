//! Routes that say which filter a request meets, and what nobody gets past by choosing one.

use std::time::Duration;

use baton_tests::http1::Connection;
use tokio::time::sleep;

use super::*;

/// What turns a filter off, in a route or a virtual host.
fn off(filter: &str) -> String {
    let kind = "type.googleapis.com/envoy.config.route.v3.FilterConfig";
    format!("{filter}: {{ \"@type\": {kind}, disabled: true }}")
}

/// The part of a text from one text on, up to the next occurrence of another.
fn part<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    let begin = text.find(from).expect(from);
    let length = text[begin + 1..].find(to).expect(to) + 1;
    &text[begin..begin + length]
}

/// The virtual hosts of the shipped configuration: one, for all hosts.
fn virtual_hosts(yaml: &str) -> &str {
    part(yaml, "                    - name: baton\n                      domains:", "  clusters:\n")
}

/// The route of what has none of its own.
const THE_REST: &str = "                        - match: { prefix: / }\n                          \
                        direct_response: { status: 404 }\n";

/// A virtual host like the shipped one, in which these filters are off, and every request has a
/// route.
fn virtual_host(shipped: &str, name: &str, filters_off: &[&str]) -> String {
    let choice: String = filters_off
        .iter()
        .map(|filter| format!("                        {}\n", off(filter)))
        .collect();
    let choice = match &*choice {
        "" => String::new(),
        choice => format!("                      typed_per_filter_config:\n{choice}"),
    };
    let host = replace(shipped, "- name: baton\n", &format!("- name: {name}\n"));
    let host =
        replace(&host, "domains: [\"*\"]\n", &format!("domains: [\"{name}.example\"]\n{choice}"));
    let host = host.replace("&chat", &format!("&{name}")).replace("*chat", &format!("*{name}"));
    host + THE_REST
}

/// Leads the deliveries of a virtual host to the second upstream.
fn to_second(host: &str) -> String {
    host.replace("cluster: sidecar_deliveries", "cluster: second")
}

/// Adds the cluster of the second upstream.
fn with_second(yaml: &str) -> String {
    let cluster = part(yaml, "    - name: sidecar_deliveries\n", "    - name: sidecar_chat\n");
    let second = cluster.replace("sidecar_deliveries", "second");
    let at = second.find("port_value: ").expect("a port") + "port_value: ".len();
    let end = at + second[at..].find(' ').expect("its end");
    let second = format!("{}8082{}", &second[..at], &second[end..]);
    yaml.replace(cluster, &format!("{cluster}{second}"))
}

/// The tenants of the filter for `one.example`.
fn tenants_of_one() -> Value {
    let mut live = tenant("support", "live", "GENESYS_WEBHOOK_SECRET");
    live["bot_messages"] = "forward".into();
    json!([live])
}

/// The same, for `two.example`.
fn tenants_of_two() -> Value {
    json!([tenant("support", "sandbox", "GENESYS_WEBHOOK_SECRET_SANDBOX")])
}

/// A second filter behind the shipped one, with this in the place of that.
fn with_two_filters(yaml: &str, of_one: &str, of_two: &str) -> String {
    let first = "                  - name: baton\n                    typed_config:";
    let filter = part(yaml, first, "                  - name: envoy.filters.http.");
    let second = filter.replacen("- name: baton\n", "- name: baton-two\n", 1);
    let second = replace(&second, of_one, of_two);
    yaml.replace(filter, &format!("{filter}{second}"))
}

/// Two filters with tenants of their own, each for a virtual host.
fn with_a_filter_for_each(yaml: String) -> String {
    let [of_one, of_two] = [tenants_of_one(), tenants_of_two()].map(|tenants| tenants.to_string());
    with_filters_that_differ(&yaml, &of_one, &of_two)
}

/// Two filters that differ in this; each virtual host turns off the one that is not its own, and a
/// third none.
pub(super) fn with_filters_that_differ(yaml: &str, of_one: &str, of_two: &str) -> String {
    let yaml = with_two_filters(yaml, of_one, of_two);
    let shipped = virtual_hosts(&yaml).to_owned();
    let hosts = [
        virtual_host(&shipped, "one", &["baton-two"]),
        to_second(&virtual_host(&shipped, "two", &["baton"])),
        virtual_host(&shipped, "three", &[]),
    ];
    with_second(&replace(&yaml, &shipped, &hosts.concat()))
}

#[tokio::test]
async fn each_virtual_host_is_served_by_the_filter_that_it_left_on() {
    let body =
        br#"{"id":"m1","type":"Text","text":"hello","originatingEntity":"Bot","direction":"Outbound"}"#;
    for hold in Hold::BOTH {
        let changes = json!({"tenants": tenants_of_one()});
        let stage = Stage::set_with(hold, &changes, with_a_filter_for_each).await;
        let live = Webhook { body, ..Webhook::default() };
        let sandbox = Webhook { body, ..Webhook::of_sandbox() };
        for (host, own, other, upstream, shown) in [
            ("one.example", live, sandbox, &stage.upstream, true),
            ("ONE.example", live, sandbox, &stage.upstream, true),
            ("two.example", sandbox, live, &stage.second, false),
        ] {
            let case = format!("{hold:?}, {host}");
            let [own, other] = [own, other].map(|webhook| Webhook { host, ..webhook });
            assert_eq!(stage.status(&own.forged()).await, 401, "{case}");
            assert_eq!(stage.status(&other).await, 401, "{case}: rightly signed, for the other");
            assert_eq!(stage.status(&other.forged()).await, 401, "{case}");
            stage.assert_untouched(&case);
            assert_eq!(stage.status(&own).await, 200, "{case}");
            let seen = upstream.take();
            assert_eq!(seen.len(), 1, "{case}");
            let delivery = String::from_utf8_lossy(&seen[0].body).into_owned();
            assert_eq!(delivery.contains(r#""text":"hello""#), shown, "{case}: {delivery}");
            stage.assert_untouched(&case);
        }
    }
}

#[tokio::test]
async fn invariant_1_a_virtual_host_that_chose_no_filter_lets_nothing_through() {
    for hold in Hold::BOTH {
        let changes = json!({"tenants": tenants_of_one()});
        let stage = Stage::set_with(hold, &changes, with_a_filter_for_each).await;
        for webhook in [Webhook::default(), Webhook::of_sandbox()] {
            let webhook = Webhook { host: "three.example", ..webhook };
            for webhook in [webhook, webhook.forged()] {
                let status = stage.status(&webhook).await;
                assert!(status >= 400, "{hold:?}: {status}");
                stage.assert_untouched(&format!("{hold:?}: both filters are on"));
            }
        }
    }
}

/// Paths with which somebody might try to get past a filter.
const PATHS: [&str; 16] = [
    "/internal/v1/deliveries",
    "/internal/v1/deliveries?x",
    "/internal/v1/deliveries/",
    "/Internal/V1/Deliveries",
    "//internal/v1/deliveries",
    "/internal//v1/deliveries",
    "/internal/v1/%64eliveries",
    "/ws/../internal/v1/deliveries",
    "/ws/internal/v1/deliveries",
    "/api/v1/../../internal/v1/deliveries",
    "/api/v1/..%2f..%2finternal/v1/deliveries",
    "/api/v1/internal/v1/deliveries",
    "/api/v1/../../webhooks/genesys/acme/support/live/events",
    "/webhooks/genesys/acme/support/LIVE/events",
    "/WEBHOOKS/genesys/acme/support/live/events",
    "/webhooks/genesys/acme/support/live/events/",
];

#[tokio::test]
async fn invariant_1_nobody_gets_to_the_upstream_by_naming_a_path_or_a_host() {
    for hold in Hold::BOTH {
        let changes = json!({"tenants": tenants_of_one()});
        let stage = Stage::set_with(hold, &changes, with_a_filter_for_each).await;
        for host in ["one.example", "two.example", "three.example", "four.example", "ONE.EXAMPLE"] {
            for path in PATHS {
                let case = format!("{hold:?}: {host}{path}");
                let status = stage.status(&Webhook { host, path, ..Webhook::default() }).await;
                stage.assert_untouched(&case);
                let chat = stage.chat.take();
                assert_eq!(chat.len(), usize::from(status == 200), "{case}");
                for seen in chat {
                    assert!(!seen.headers.contains_key("authorization"), "{case}");
                    assert_eq!(seen.path, path, "{case}: as it was sent, to the chat");
                }
            }
        }
    }
}

#[tokio::test]
async fn invariant_1_nor_where_envoy_puts_paths_in_order_first() {
    for hold in Hold::BOTH {
        let in_order = |yaml: String| {
            let yaml = with_a_filter_for_each(yaml);
            let place = "                use_remote_address: true\n";
            let options = "                normalize_path: true\n                merge_slashes: true\n                \
                           path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD\n";
            replace(&yaml, place, &format!("{place}{options}"))
        };
        let changes = json!({"tenants": tenants_of_one()});
        let stage = Stage::set_with(hold, &changes, in_order).await;
        for host in ["one.example", "two.example", "three.example"] {
            for path in PATHS {
                stage.status(&Webhook { host, path, ..Webhook::default() }.forged()).await;
                stage.assert_untouched(&format!("{hold:?}: {host}{path}"));
                let chat = stage.chat.take();
                assert!(chat.iter().all(|seen| !seen.headers.contains_key("authorization")));
            }
        }
    }
}

#[tokio::test]
async fn invariant_1_without_a_route_for_every_path_two_filters_let_nothing_through() {
    for hold in Hold::BOTH {
        let routeless = |yaml: String| with_a_filter_for_each(yaml).replace(THE_REST, "");
        let changes = json!({"tenants": tenants_of_one()});
        let stage = Stage::set_with(hold, &changes, routeless).await;
        for (host, webhook) in
            [("one.example", Webhook::default()), ("two.example", Webhook::of_sandbox())]
        {
            let webhook = Webhook { host, ..webhook };
            for webhook in [webhook, webhook.forged()] {
                let status = stage.status(&webhook).await;
                assert!(status >= 400, "{hold:?}, {host}: {status}");
                stage.assert_untouched(&format!("{hold:?}, {host}: no choice holds"));
            }
        }
    }
}

/// The route for deliveries, as it is shipped.
const DELIVERIES: &str = "route: { cluster: sidecar_deliveries, timeout: 8s }\n";

#[tokio::test]
async fn a_delivery_route_without_a_filter_is_open_to_whoever_names_it() {
    // What the documents warn of: Envoy looks up which filters are on by the path that was sent.
    let turned_off = |yaml: String| {
        let choice =
            format!("                          typed_per_filter_config: {{ {} }}\n", off("baton"));
        replace(&yaml, DELIVERIES, &format!("{DELIVERIES}{choice}"))
    };
    let never_turned_on = |yaml: String| {
        let filter = "                  - name: baton\n                    ";
        replace(
            &yaml,
            &format!("{filter}typed_config"),
            &format!("{filter}disabled: true\n                    typed_config"),
        )
    };
    for hold in Hold::BOTH {
        for stage in [
            Stage::set_with(hold, &json!({}), turned_off).await,
            Stage::set_with(hold, &json!({}), never_turned_on).await,
        ] {
            let direct = Webhook { path: "/internal/v1/deliveries", ..Webhook::default() };
            assert_eq!(stage.status(&direct.forged()).await, 200, "{hold:?}");
            let seen = stage.upstream.take();
            assert!(!seen[0].headers.contains_key("authorization"), "{hold:?}: no credential");
            assert!(stage.status(&Webhook::default().forged()).await >= 400, "{hold:?}");
            stage.assert_untouched("a webhook");
        }
    }
}

#[tokio::test]
async fn the_buffer_filter_holds_unless_the_route_of_a_webhook_takes_it_out() {
    let per_route = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute";
    let filter_config = "type.googleapis.com/envoy.config.route.v3.FilterConfig";
    for (kind, heads) in [(per_route, 0), (filter_config, 1)] {
        let without = |yaml: String| {
            let route = format!(
                "                        - match: {{ prefix: /webhooks }}\n                          \
                 direct_response: {{ status: 404 }}\n                          \
                 typed_per_filter_config: {{ envoy.filters.http.buffer: {{ \"@type\": {kind}, disabled: true }} }}\n"
            );
            let place = "                        # Chat clients.\n";
            replace(&yaml, place, &format!("{route}{place}"))
        };
        let stage = Stage::set_with(Hold::BufferFilter, &json!({}), without).await;
        let bytes = Webhook::default().forged().bytes();
        let (head, _) = bytes.split_at(bytes.len() - Webhook::default().body.len());
        let mut connection = Connection::open(stage.envoy.address).await;
        connection.send(head).await;
        sleep(Duration::from_millis(400)).await;
        assert_eq!(stage.upstream.heads(), heads, "{kind}");
    }
}

#[tokio::test]
async fn a_chat_does_not_enter_the_filter() {
    for hold in Hold::BOTH {
        // A filter that takes all of the chat's paths for its own answers 404 to whatever it sees.
        let changes = json!({"path_prefixes": ["/api", "/ws", "/webhooks/genesys"]});
        let stage = Stage::set(hold, &changes).await;
        for (path, passes) in [
            ("/api/v1/access-token", true),
            ("/ws", true),
            ("/ws?access_token=x", true),
            ("/ws/", false),
            ("/api/v2", false),
        ] {
            let case = format!("{hold:?}, {path}");
            let status = stage.status(&Webhook { path, ..Webhook::default() }).await;
            assert_eq!(status, if passes { 200 } else { 404 }, "{case}");
            assert_eq!(stage.chat.take().len(), usize::from(passes), "{case}");
        }
        stage.assert_untouched("a chat");
        let refused = stage.envoy.counter("refused.not_found").await;
        assert_eq!(refused, 2, "{hold:?}: only what did not pass was seen");
    }
}

#[tokio::test]
async fn the_edges_own_headers_do_not_come_from_a_chats_caller() {
    let headers = [("x-baton-verdict", "accepted"), ("CE-Id", "1"), ("x-token", "kept")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &json!({})).await;
        for path in ["/api/v1/sessions", "/ws"] {
            let request = http1::request("POST", path, &headers, b"{}");
            assert_eq!(http1::exchange(stage.envoy.address, &request).await.status, 200);
            let seen = &stage.chat.take()[0].headers;
            for name in ["x-baton-verdict", "ce-id"] {
                assert!(!seen.contains_key(name), "{hold:?}, {path}: {seen:?}");
            }
            assert_eq!(seen["x-token"], "kept", "{hold:?}, {path}");
        }
    }
}
