//! What is counted of whom, as Prometheus reads it.

use std::collections::BTreeSet;

use baton_tests::{
    envoy::looking_up,
    look_up_sidecar::{LookUp, Sidecar},
};

use super::*;

/// The samples of tenants, without a name that is the same in all.
fn of_tenants(samples: &[String]) -> BTreeSet<&str> {
    samples.iter().filter_map(|sample| sample.strip_prefix("baton_tenant_")).collect()
}

#[tokio::test]
async fn tenant_and_reason_are_tags() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &json!({})).await;
        let webhook = Webhook::default();
        let length = webhook.body.len();
        for (webhook, status) in [
            (webhook, 200),
            (webhook, 200),
            (webhook.forged(), 401),
            (Webhook { body: b"no JSON", ..webhook }, 400),
            (Webhook::of_sandbox(), 200),
            (Webhook { path: "/webhooks/genesys/acme/support", ..webhook }, 404),
        ] {
            assert_eq!(stage.status(&webhook).await, status, "{hold:?}");
        }
        let samples = stage.envoy.samples().await;
        let [live, sandbox] = ["acme/support/live", "acme/support/sandbox"]
            .map(|tenant| format!(r#"baton_tenant="{tenant}""#));
        let expected = [
            format!("accepted{{{live}}} 2"),
            format!("accepted{{{sandbox}}} 1"),
            format!("bytes{{{live}}} {}", 2 * length),
            format!("bytes{{{sandbox}}} {length}"),
            format!("refused{{{live},baton_reason=\"not_json\"}} 1"),
            format!("refused{{{live},baton_reason=\"signature_mismatch\"}} 1"),
        ];
        let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
        assert_eq!(of_tenants(&samples), expected, "{hold:?}");
        for sample in [
            "baton_accepted{} 3",
            "baton_refused{baton_reason=\"not_found\"} 1",
            "baton_refused{baton_reason=\"signature_mismatch\"} 1",
        ] {
            assert!(samples.iter().any(|line| line == sample), "{hold:?}: {sample}: {samples:?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_a_caller_made_up_has_no_counters() {
    let made_up = async |envoy: &Envoy| {
        for number in 0..20 {
            let path = format!("/webhooks/genesys/made/up/{number}/events");
            let webhook = Webhook { path: &path, ..Webhook::default() };
            assert_eq!(http1::exchange(envoy.address, &webhook.bytes()).await.status, 401);
        }
        let samples = envoy.samples().await;
        assert!(of_tenants(&samples).is_empty(), "{samples:?}");
        let unknown = "baton_refused{baton_reason=\"unknown_tenant\"} 20";
        assert!(samples.iter().any(|line| line == unknown), "{samples:?}");
    };
    let stage = Stage::set(Hold::Pause, &json!({})).await;
    made_up(&stage.envoy).await;

    let sidecar = Sidecar::start(LookUp::OfTheCorpus).await;
    let (upstream, asked) = (stage.upstream.address, sidecar.address);
    let envoy = Envoy::start_looking_up(Hold::Pause, upstream, asked, &looking_up(), 1).await;
    made_up(&envoy).await;
    let webhook = Webhook::default().bytes();
    assert_eq!(http1::exchange(envoy.address, &webhook).await.status, 200);
    let samples = envoy.samples().await;
    let found = r#"accepted{baton_tenant="acme/support/live"} 1"#;
    assert!(of_tenants(&samples).contains(found), "{samples:?}");
}

#[tokio::test]
async fn invariant_11_a_hundred_tenants_have_counters_of_their_own_and_the_others_share_theirs() {
    let odd = ["accepted", "refused.x", "a..b", "live.", ".live", "-", "other"];
    let numbered = (odd.len()..104).map(|number| format!("n{number}"));
    let names: Vec<String> = odd.into_iter().map(str::to_owned).chain(numbered).collect();
    let tenants: Vec<Value> =
        names.iter().map(|name| tenant("support", name, "GENESYS_WEBHOOK_SECRET")).collect();
    let stage = Stage::set(Hold::Pause, &json!({"tenants": tenants})).await;
    for name in &names {
        let path = format!("/webhooks/genesys/acme/support/{name}/events");
        for _ in 0..2 {
            assert_eq!(stage.status(&Webhook { path: &path, ..Webhook::default() }).await, 200);
        }
    }
    let samples = stage.envoy.samples().await;
    let accepted: BTreeSet<&str> =
        of_tenants(&samples).into_iter().filter(|sample| sample.starts_with("accepted")).collect();
    // Envoy drops a dot at the end of a name.
    let own = names[..100].iter().map(|name| name.trim_end_matches('.'));
    let own = own.map(|name| format!(r#"accepted{{baton_tenant="acme/support/{name}"}} 2"#));
    let expected: Vec<String> =
        own.chain([r#"accepted{baton_tenant="other"} 8"#.to_owned()]).collect();
    assert_eq!(accepted, expected.iter().map(String::as_str).collect());
}
