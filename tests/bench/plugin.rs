//! The filter's configuration, for Envoy and for the core alone.

use serde_json::{Value, json};

use crate::webhook::SECRET;

/// The path to which the filter sends what it has verified.
pub(crate) const DELIVERY_PATH: &str = "/internal/v1/deliveries";

/// The environment that the configuration names, with its values.
pub(crate) const ENVIRONMENT: [(&str, &str); 3] = [
    ("BATON_DELIVERY_CREDENTIAL", "a-credential-of-the-benchmark-and-of-nothing-else"),
    ("BATON_LOOK_UP_CREDENTIAL", "another-credential-of-the-benchmark-and-of-nothing-else"),
    ("GENESYS_WEBHOOK_SECRET", SECRET),
];

/// The document, with `hold` as the way in which Envoy holds a request.
pub(crate) fn document(hold: &str) -> Value {
    json!({
        // The same webhook is sent over and over.
        "envoy": {"hold": hold, "duplicates": "forward"},
        "upstream": {
            "path": DELIVERY_PATH,
            "credential": {"env": "BATON_DELIVERY_CREDENTIAL"},
        },
        "tenants": [{
            "account_id": "acme",
            "project_id": "support",
            "client_env": "live",
            "signature_secrets": [{"env": "GENESYS_WEBHOOK_SECRET"}],
        }],
    })
}

/// The value of a variable of that environment.
pub(crate) fn environment(wanted: &str) -> Option<String> {
    let mut variables = ENVIRONMENT.into_iter();
    variables.find_map(|(name, value)| (name == wanted).then(|| value.to_owned()))
}
