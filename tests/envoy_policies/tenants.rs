//! Tenants with policies of their own.

use baton_tests::{
    envoy::looking_up,
    look_up_sidecar::{LookUp, Sidecar},
};

use super::*;

const OF_A_BOT: &[u8] =
    br#"{"id":"m1","type":"Text","text":"hello","originatingEntity":"Bot","direction":"Outbound"}"#;

/// How many events the only delivery that came up has.
fn events(upstream: &Upstream) -> usize {
    let seen = upstream.take();
    assert_eq!(seen.len(), 1);
    let delivery: Value = serde_json::from_slice(&seen[0].body).expect("a delivery");
    delivery["data"]["events"].as_array().expect("a list").len()
}

#[tokio::test]
async fn a_tenant_that_is_looked_up_has_what_the_sidecar_says_and_else_what_the_edge_has() {
    for hold in Hold::BOTH {
        for (word, shown) in [(None, 0), (Some("drop"), 0), (Some("forward"), 1)] {
            let mut known = json!({
                "account_id": "acme", "project_id": "support", "client_env": "live",
                "signature_secrets": [SECRET],
            });
            if let Some(word) = word {
                known["bot_messages"] = word.into();
            }
            let upstream = Upstream::start().await;
            let sidecar = Sidecar::start(LookUp::Body(known.to_string())).await;
            let (address, asked) = (upstream.address, sidecar.address);
            let envoy = Envoy::start_looking_up(hold, address, asked, &looking_up(), 1).await;
            let webhook = Webhook { body: OF_A_BOT, ..Webhook::default() };
            assert_eq!(http1::exchange(envoy.address, &webhook.bytes()).await.status, 200);
            assert_eq!(events(&upstream), shown, "{hold:?}, {word:?}");
        }
    }
}

#[tokio::test]
async fn a_limit_of_its_own_holds_for_a_tenant_and_shows_itself_to_nobody_else() {
    for hold in Hold::BOTH {
        let mut small = tenant("support", "live", "GENESYS_WEBHOOK_SECRET");
        small["max_body_bytes"] = 64.into();
        let others = tenant("support", "sandbox", "GENESYS_WEBHOOK_SECRET_SANDBOX");
        let stage = Stage::set(hold, &json!({"tenants": [small, others]})).await;
        let short = Webhook::default();
        let body = [short.body, &b" ".repeat(64)].concat();
        let long = Webhook { body: &body, ..short };
        assert_eq!(stage.status(&short).await, 200, "{hold:?}");
        stage.upstream.take();
        assert_eq!(stage.status(&long).await, 413, "{hold:?}");
        assert_eq!(stage.status(&long.forged()).await, 401, "{hold:?}");
        stage.assert_untouched("a body over the tenant's limit");
        let other = Webhook { body: &body, ..Webhook::of_sandbox() };
        assert_eq!(stage.status(&other).await, 200, "{hold:?}");
    }
}
