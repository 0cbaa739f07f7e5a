//! No access log prints a query: that of `/ws` is an access token.

use serde_json::Value;

use crate::shipped::{all, documents};

/// What prints a query, or a header of the caller's that may hold one. Names in lower case.
const TELLS_TOO_MUCH: [&str; 6] = [
    "req(:path",
    "x-envoy-original-path",
    "referer",
    "path(wq",
    "query_param",
    "req(authorization",
];

/// Why a format must not be shipped.
fn fault_of(format: &str) -> Option<String> {
    let format = format.to_ascii_lowercase();
    let found = TELLS_TOO_MUCH.iter().find(|part| format.contains(*part));
    // What is not said counts: without a mode, the path is printed with its query.
    let with_query = format.contains("%path%") || format.contains("%path(:");
    found.map(|part| (*part).to_owned()).or(with_query.then(|| "path".to_owned()))
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(object) => object.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_format_that_prints_a_query_is_seen() {
    for format in [
        "%REQ(:PATH)%",
        "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
        "%REQ(Referer):10%",
        "%PATH%",
        "%PATH(WQ)%",
        "%PATH(WQ:ORIG)%",
        "%QUERY_PARAM(access_token)%",
    ] {
        assert!(fault_of(format).is_some(), "{format}");
    }
    for format in ["%PATH(NQ)%", "%PATH(NQ:ORIG_OR_PATH)%", "%REQ(:METHOD)%", "/ws"] {
        assert_eq!(fault_of(format), None, "{format}");
    }
}

#[test]
fn invariant_10_no_shipped_access_log_prints_a_query() {
    let mut seen = 0;
    for document in documents() {
        let logs = ["access_log", "accessLog"].map(|name| all(&document.value, name));
        for log in logs.concat() {
            let formats = ["log_format", "format"].map(|name| all(log, name)).concat();
            assert!(
                !formats.is_empty(),
                "{}: a log without a format of its own prints paths with their queries",
                document.file
            );
            let texts = texts(log);
            for text in texts {
                assert_eq!(fault_of(text), None, "{}: {text}", document.file);
            }
            seen += 1;
        }
    }
    // Two of the front proxy, one of Istio's gateway, one of Envoy Gateway's.
    assert!(seen >= 4, "{seen}");
}
