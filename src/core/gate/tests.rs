//! What the gate lets through, asks for and refuses.

use super::*;
use crate::{
    api_key::{ApiKeyProblem, ApiKeys},
    signature::{SignatureProblem, SigningKey},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const KEY: &str = "fedcba9876543210fedcba9876543210";
const PATH: &[u8] = b"/webhooks/genesys/acme/support/live/events";
const BODY: &[u8] = br#"{"id":"m","type":"Text","text":"hello"}"#;
const ENDED: &[u8] = br#"{"userId":"u","topic":"v2.detail.events.conversation.id.user.end"}"#;

fn gate() -> Gate {
    let document = br#"{
        "upstream": {"credential": {"env": "CREDENTIAL"}},
        "tenants": [],
        "unlisted_tenants": "look_up",
        "look_up": {"credential": {"env": "LOOK_UP_CREDENTIAL"}}
    }"#;
    let environment = |_: &str| Some(SECRET.into());
    Gate::new(Configuration::parse(document, &environment).unwrap())
}

fn head(path: &[u8]) -> Head {
    let signature = SigningKey::new(SECRET).sign(BODY).to_base64();
    gate().head(b"POST", path, [(signature::HEADER, signature.as_bytes())].into_iter())
}

fn head_with_key(ending: &str) -> Head {
    let path = alloc::format!("/webhooks/genesys/acme/support/live/{ending}");
    gate().head(b"POST", path.as_bytes(), [(api_key::HEADER, KEY.as_bytes())].into_iter())
}

#[test]
fn a_tenant_that_is_not_listed_is_looked_up_when_the_configuration_says_so() {
    let Head::NeedTenant(key, proof) = head(PATH) else { panic!("a look-up") };
    assert_eq!(key, TenantKey::new("acme", "support", "live"));

    let found = Tenant::new(key.clone(), [SECRET]);
    assert!(matches!(gate().body(BODY, &proof, Some(&found)), Verdict::Forward(_)));

    let other = Tenant::new(key, ["another secret of the same tenant"]);
    let mismatch = Verdict::Refuse(Refusal::Signature(SignatureProblem::Mismatch));
    assert_eq!(gate().body(BODY, &proof, Some(&other)), mismatch);

    let unknown = Verdict::Refuse(Refusal::UnknownTenant);
    assert_eq!(gate().body(BODY, &proof, None), unknown);
}

#[test]
fn a_request_is_judged_by_the_sidecars_answer_as_it_came() {
    let judged = |path, answer| gate().judge(head(path), BODY, answer);
    let answer = |secret| {
        alloc::format!(
            r#"{{"account_id": "acme", "project_id": "support", "client_env": "live",
                "signature_secrets": ["{secret}"]}}"#
        )
    };
    let right = answer(SECRET);
    let forwarded = judged(PATH, Some((200, right.as_bytes())));
    assert!(matches!(forwarded, Judgement::Forward(_)));
    let mismatch = Judgement::Mismatch(Refusal::Signature(SignatureProblem::Mismatch));
    let another = answer("another secret of the same tenant");
    assert_eq!(judged(PATH, Some((200, another.as_bytes()))), mismatch);
    let failed = Judgement::Refuse(Refusal::TenantLookUpFailed);
    for answer in [None, Some((500, &b""[..])), Some((200, b"{}"))] {
        assert_eq!(judged(PATH, answer), failed);
    }
    assert_eq!(judged(b"/", None), Judgement::NotOurs);
    let below = b"/webhooks/genesys/acme";
    assert_eq!(judged(below, None), Judgement::Refuse(Refusal::NotFound));
}

#[test]
fn a_limit_of_its_own_shows_itself_only_to_who_can_sign_for_the_tenant() {
    let Head::NeedTenant(key, proof) = head(PATH) else { panic!("a look-up") };
    let verdict = |secret, most| {
        let mut tenant = Tenant::new(key.clone(), [secret]);
        tenant.policy.max_body_bytes = Some(most);
        gate().body(BODY, &proof, Some(&tenant))
    };
    assert!(matches!(verdict(SECRET, BODY.len()), Verdict::Forward(_)));
    assert_eq!(verdict(SECRET, BODY.len() - 1), Verdict::Refuse(Refusal::TooLarge));
    let mismatch = Verdict::Refuse(Refusal::Signature(SignatureProblem::Mismatch));
    assert_eq!(verdict("another secret of the same tenant", 1), mismatch);
}

#[test]
fn what_passes_is_not_stored_and_has_no_id_to_be_known_by() {
    let stored_as = |body: &[u8]| {
        let signature = SigningKey::new(SECRET).sign(body).to_base64();
        let header = [(signature::HEADER, signature.as_bytes())];
        let head = gate().head(b"POST", PATH, header.into_iter());
        let Head::NeedTenant(key, proof) = head else { panic!("a look-up") };
        match gate().body(body, &proof, Some(&Tenant::new(key, [SECRET]))) {
            Verdict::Forward(forward) => forward.stored_as,
            Verdict::Refuse(refusal) => panic!("{refusal:?}"),
        }
    };
    assert!(stored_as(BODY).is_some());
    assert_eq!(stored_as(BODY), stored_as(BODY));
    assert_eq!(stored_as(br#"{"id":"t","type":"Event","events":[{"eventType":"Typing"}]}"#), None);
}

#[test]
fn invariant_3_a_hint_that_does_not_name_its_leg_is_another_one_each_time() {
    let stored_as = |body: &[u8]| {
        let Head::NeedTenant(key, proof) = head_with_key("trigger") else { panic!("a look-up") };
        let mut tenant = Tenant::new(key, [SECRET]);
        tenant.api_keys = ApiKeys([Some(ApiKey::new(KEY)), None]);
        match gate().body(body, &proof, Some(&tenant)) {
            Verdict::Forward(forward) => forward.stored_as,
            Verdict::Refuse(refusal) => panic!("{refusal:?}"),
        }
    };
    assert_eq!(stored_as(ENDED), None);
    let named = br#"{"topic":"user.end","conversationId":"c","sessionId":"s","addressTo":"e"}"#;
    assert!(stored_as(named).is_some());
    assert_eq!(stored_as(named), stored_as(named));
    // What nothing can be made of is the same each time.
    assert!(stored_as(br#"{"topic":"another"}"#).is_some());
}

#[test]
fn invariant_10_a_verdict_does_not_show_what_it_forwards() {
    let Head::NeedTenant(key, proof) = head(PATH) else { panic!("a look-up") };
    let verdict = gate().body(BODY, &proof, Some(&Tenant::new(key, [SECRET])));
    let shown = alloc::format!("{verdict:?}");
    assert!(shown.starts_with("Forward(Forward { stored_as: Some("), "{shown}");
    assert!(!shown.contains("hello") && !shown.contains("104, 101, 108"), "{shown}");
}

#[test]
fn an_event_by_eventbridge_or_a_trigger_is_let_in_by_any_active_key_of_its_tenant() {
    let mismatch = Verdict::Refuse(Refusal::ApiKey(ApiKeyProblem::Mismatch));
    for ending in ["eventbridge", "trigger"] {
        let Head::NeedTenant(key, proof) = head_with_key(ending) else { panic!("a look-up") };
        let [right, other] = [KEY, "another key"].map(|key| Some(ApiKey::new(key)));
        let verdict = |keys| {
            let mut tenant = Tenant::new(key.clone(), [SECRET]);
            tenant.api_keys = ApiKeys(keys);
            gate().body(ENDED, &proof, Some(&tenant))
        };
        assert!(matches!(verdict([right.clone(), None]), Verdict::Forward(_)));
        assert!(matches!(verdict([other.clone(), right]), Verdict::Forward(_)));
        assert_eq!(verdict([other, None]), mismatch);
        assert_eq!(verdict([None, None]), mismatch);
        assert_eq!(gate().body(ENDED, &proof, None), Verdict::Refuse(Refusal::UnknownTenant));
    }
}

#[test]
fn invariant_1_a_key_stands_in_for_no_signature_and_a_signature_for_no_key() {
    let missing = Refusal::Signature(SignatureProblem::Missing);
    assert!(matches!(head_with_key("events"), Head::Refuse(refusal) if refusal == missing));
    let missing = Refusal::ApiKey(ApiKeyProblem::Missing);
    let path = b"/webhooks/genesys/acme/support/live/trigger";
    assert!(matches!(head(path), Head::Refuse(refusal) if refusal == missing));
}

#[test]
fn neither_a_key_nor_a_signature_goes_up() {
    let proofs = [api_key::HEADER, signature::HEADER];
    assert!(!proofs.into_iter().any(|name| goes_up(name, b"value")));
}

#[test]
fn invariant_1_nothing_is_looked_up_for_a_request_that_is_refused_anyway() {
    assert!(matches!(head(b"/webhooks/genesys/acme/support"), Head::Refuse(_)));
    let unsigned = gate().head(b"POST", PATH, [].into_iter());
    assert!(matches!(unsigned, Head::Refuse(Refusal::Signature(SignatureProblem::Missing))));
}
