//! The internal listener.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ADMIN_CREDENTIAL, DELIVERY_CREDENTIAL, Running, configuration, message, ok};

async fn problem(response: Response, status: StatusCode) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers().get("content-type").unwrap(), "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert!(!problem["detail"].as_str().unwrap().contains('\n'));
    problem
}

#[tokio::test]
async fn a_delivery_without_the_credential_is_refused() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let body = message(&chat.end_user_id, "Hi!").to_string();
    for credential in ["", "wrong", ADMIN_CREDENTIAL] {
        let response = sidecar.deliver_as(credential, body.clone()).await;
        problem(response, StatusCode::UNAUTHORIZED).await;
    }
    let url = format!("http://{}/internal/v1/deliveries", sidecar.internal);
    let response = reqwest::Client::new().post(url).body(body).send().await.unwrap();
    problem(response, StatusCode::UNAUTHORIZED).await;
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
}

#[tokio::test]
async fn invariant_10_a_body_that_is_no_delivery_is_refused_without_repeating_it() {
    let sidecar = Running::start().await;
    let mut wrong_version = message("nobody", "secret");
    wrong_version["specversion"] = "secret".into();
    let mut wrong_type = message("nobody", "secret");
    wrong_type["data"]["events"] = "secret".into();
    for body in [
        b"".to_vec(),
        b"secret".to_vec(),
        b"{\"id\":\"secret\"}".to_vec(),
        b"\xff\xfe".to_vec(),
        "[".repeat(100_000).into_bytes(),
        wrong_version.to_string().into_bytes(),
        wrong_type.to_string().into_bytes(),
    ] {
        let response = sidecar.deliver_as(DELIVERY_CREDENTIAL, body).await;
        let problem = problem(response, StatusCode::BAD_REQUEST).await;
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}

#[tokio::test]
async fn invariant_11_a_delivery_over_4_mib_is_refused_and_one_of_4_mib_is_not() {
    let sidecar = Running::start().await;
    let mut body = message("nobody", "Hi!").to_string().into_bytes();
    body.resize(4 * 1024 * 1024, b' ');
    let response = sidecar.deliver_as(DELIVERY_CREDENTIAL, body.clone()).await;
    assert_eq!(response.status(), StatusCode::OK);
    body.push(b' ');
    let response = sidecar.deliver_as(DELIVERY_CREDENTIAL, body).await;
    problem(response, StatusCode::PAYLOAD_TOO_LARGE).await;
}

#[tokio::test]
async fn an_operator_learns_under_which_id_genesys_knows_a_session() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let shown = ok(sidecar.admin(&chat.session_id, ADMIN_CREDENTIAL).await).await;
    let expected = json!({
        "session_id": chat.session_id,
        "tenant": {"account_id": "acme", "project_id": "support", "client_env": "live"},
        "genesys": {"integration_id": "integration-acme", "end_user_id": chat.end_user_id},
        "ended": false,
    });
    assert_eq!(shown, expected);
    problem(sidecar.admin("unknown", ADMIN_CREDENTIAL).await, StatusCode::NOT_FOUND).await;
    let refused = sidecar.admin(&chat.session_id, DELIVERY_CREDENTIAL).await;
    problem(refused, StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let sidecar = Running::start().await;
    problem(sidecar.get_internal("/").await, StatusCode::NOT_FOUND).await;
    let wrong_method = sidecar.get_internal("/internal/v1/deliveries").await;
    problem(wrong_method, StatusCode::METHOD_NOT_ALLOWED).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let sidecar = Running::start().await;
    let error = baton_sidecar::bind(sidecar.chat).await.unwrap_err().to_string();
    assert!(error.contains(&sidecar.chat.port().to_string()), "{error}");
    assert!(error.contains("taken"), "{error}");
}

#[test]
fn invariant_10_a_configuration_prints_no_credential() {
    let printed = format!("{:?}", configuration());
    for secret in [ADMIN_CREDENTIAL, DELIVERY_CREDENTIAL, crate::harness::TOKEN] {
        assert!(!printed.contains(secret));
    }
}

#[tokio::test]
async fn only_an_operator_revokes_the_links_of_a_session_that_is_there() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let revoke = async |session_id: &str, credential: &str| {
        let path = format!("/internal/v1/sessions/{session_id}/context_links");
        let url = format!("http://{}{path}", sidecar.internal);
        reqwest::Client::new().delete(url).bearer_auth(credential).send().await.unwrap()
    };
    for credential in ["wrong", DELIVERY_CREDENTIAL] {
        problem(revoke(&chat.session_id, credential).await, StatusCode::UNAUTHORIZED).await;
    }
    problem(revoke("nobody", ADMIN_CREDENTIAL).await, StatusCode::NOT_FOUND).await;
    let revoked = revoke(&chat.session_id, ADMIN_CREDENTIAL).await;
    assert_eq!(revoked.status(), StatusCode::NO_CONTENT);
}
