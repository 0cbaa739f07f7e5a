//! What the tests of every edge share, whatever hosts it: the corpus and the configuration that it
//! stands on, an upstream that records what reaches it, and HTTP by hand.

// A test stops where something is not as it has to be, and so does what it stands on.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

pub mod corpus;
pub mod http1;
pub mod sidecar;
pub mod upstream;

/// The secret that signs the webhooks of the tenant `acme/support/live`.
pub const SECRET: &str = "the current secret of acme support live";

/// The secret that signed them before it was rotated, and is still active.
pub const PREVIOUS_SECRET: &str = "the previous secret of acme support live";

/// The secret of the tenant `acme/support/sandbox`.
pub const SANDBOX_SECRET: &str = "the only secret of acme support sandbox";

/// The API key with which events of the tenant `acme/support/live` come in.
pub const API_KEY: &str = "the-current-API-key-of-acme-support-live";

/// The API key before it was rotated, still active.
pub const PREVIOUS_API_KEY: &str = "the-previous-API-key-of-acme-support-live";

/// The API key of the tenant `acme/support/sandbox`.
pub const SANDBOX_API_KEY: &str = "the-only-API-key-of-acme-support-sandbox";

/// The credential that the edge adds to a delivery.
pub const CREDENTIAL: &str = "the-delivery-credential-of-the-edge";

/// The credential that the edge shows when it looks a tenant up.
pub const LOOK_UP_CREDENTIAL: &str = "the-look-up-credential-of-the-edge";

/// Where the tenant's webhooks go.
pub const WEBHOOK_PATH: &str = "/webhooks/genesys/acme/support/live/events";

/// The value of an environment variable as the edge of a test sees it.
pub fn environment(name: &str) -> Option<String> {
    let value = match name {
        "BATON_DELIVERY_CREDENTIAL" => CREDENTIAL,
        "BATON_LOOK_UP_CREDENTIAL" => LOOK_UP_CREDENTIAL,
        "GENESYS_WEBHOOK_SECRET" => SECRET,
        "GENESYS_WEBHOOK_SECRET_PREVIOUS" => PREVIOUS_SECRET,
        "GENESYS_WEBHOOK_SECRET_SANDBOX" => SANDBOX_SECRET,
        "GENESYS_API_KEY" => API_KEY,
        "GENESYS_API_KEY_PREVIOUS" => PREVIOUS_API_KEY,
        "GENESYS_API_KEY_SANDBOX" => SANDBOX_API_KEY,
        _ => return None,
    };
    Some(value.to_owned())
}

/// The names that [`environment`] knows.
pub const ENVIRONMENT: [&str; 8] = [
    "BATON_DELIVERY_CREDENTIAL",
    "BATON_LOOK_UP_CREDENTIAL",
    "GENESYS_WEBHOOK_SECRET",
    "GENESYS_WEBHOOK_SECRET_PREVIOUS",
    "GENESYS_WEBHOOK_SECRET_SANDBOX",
    "GENESYS_API_KEY",
    "GENESYS_API_KEY_PREVIOUS",
    "GENESYS_API_KEY_SANDBOX",
];

/// The edge's configuration in tests; `changes` are put over its members.
pub fn configuration(changes: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut document = serde_json::json!({
        "upstream": {"credential": {"env": "BATON_DELIVERY_CREDENTIAL"}},
        "tenants": [
            {
                "account_id": "acme",
                "project_id": "support",
                "client_env": "live",
                "signature_secrets": [
                    {"env": "GENESYS_WEBHOOK_SECRET"},
                    {"env": "GENESYS_WEBHOOK_SECRET_PREVIOUS"}
                ],
                "api_keys": [
                    {"env": "GENESYS_API_KEY"},
                    {"env": "GENESYS_API_KEY_PREVIOUS"}
                ]
            },
            {
                "account_id": "acme",
                "project_id": "support",
                "client_env": "sandbox",
                "signature_secrets": [{"env": "GENESYS_WEBHOOK_SECRET_SANDBOX"}],
                "api_keys": [{"env": "GENESYS_API_KEY_SANDBOX"}]
            },
            {
                "account_id": "acme",
                "project_id": "support",
                "client_env": "draft",
                "signature_secrets": [{"env": "GENESYS_WEBHOOK_SECRET_SANDBOX"}]
            }
        ]
    });
    let members = document.as_object_mut().expect("an object");
    members.extend(changes.clone());
    document.to_string()
}
