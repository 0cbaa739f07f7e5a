//! Each tenant's own way to Genesys: what is wrong with it is said, and is nobody else's trouble.

use std::{collections::BTreeSet, net::SocketAddr};

use baton_simulator::{DEFAULT_CLIENT_ID, OauthClient, PERMISSIONS};
use baton_tests::{
    CREDENTIAL,
    sidecar::{ADMIN_CREDENTIAL, INTEGRATION, ask},
    world::{
        HANDOFF_CREDENTIAL, SANDBOX_HANDOFF_CREDENTIAL, SANDBOX_TOKEN_CREDENTIAL, Setting,
        TOKEN_CREDENTIAL, World, is_queued,
    },
};
use serde_json::{Value, json};

/// The OAuth client of the second tenant.
fn sandbox_client() -> OauthClient {
    OauthClient::with_every_permission("sandbox-client", "the-secret-of-the-sandbox-client")
}

/// A world with two tenants, whose org knows the clients as they are, and these.
async fn world(setting: Setting, known: Vec<OauthClient>) -> World {
    let setting = Setting { sandbox: Some(sandbox_client()), ..setting };
    let world = World::start_with(setting, |org| {
        org.oauth_clients = known;
        org.oauth_clients.push(sandbox_client());
    })
    .await;
    world.add_sandbox_integration().await;
    world
}

/// The first tenant is down for one sentence's reason, and the second runs.
async fn problem_of(world: &World) -> String {
    let down = world.tenant_standing("live", |shown| shown["state"] == "down").await;
    let mut customer = world.sandbox_customer().await;
    customer.say("Is anybody there?").await;
    customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"]).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Of course"})).await;
    customer.hears("Of course").await;
    let problem = down["problem"].as_str().expect("a sentence").to_owned();
    assert!(!problem.contains('\n'), "{problem}");
    problem
}

#[tokio::test]
async fn a_tenant_with_wrong_credentials_is_down_and_the_other_runs() {
    let wrong = OauthClient { secret: "not-the-secret-of-it".to_owned(), ..OauthClient::default() };
    let setting = Setting { client: wrong, ..Setting::default() };
    let problem = problem_of(&world(setting, vec![OauthClient::default()]).await).await;
    for part in [DEFAULT_CLIENT_ID, "secret"] {
        assert!(problem.contains(part), "{problem}");
    }
    assert!(!problem.contains("not-the-secret-of-it"), "{problem}");
}

#[tokio::test]
async fn a_tenant_with_an_unknown_client_is_down_and_the_other_runs() {
    let setting = Setting::default();
    let problem = problem_of(&world(setting, vec![]).await).await;
    assert!(problem.contains(DEFAULT_CLIENT_ID), "{problem}");
}

#[tokio::test]
async fn a_tenant_with_an_address_at_which_nobody_is_is_down_and_the_other_runs() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let setting = Setting { address: Some(nobody), ..Setting::default() };
    let problem = problem_of(&world(setting, vec![]).await).await;
    for part in ["127.0.0.1 cannot be reached", "check the network"] {
        assert!(problem.contains(part), "{problem}");
    }
}

#[tokio::test]
async fn a_tenant_with_an_unknown_integration_is_down_and_told_which_there_are() {
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (line, wanted) in [("integration_id", unknown), ("integration_name", "No such integration")]
    {
        let integration = format!("{line} = '{wanted}'");
        let setting = Setting { integration, ..Setting::default() };
        let problem = problem_of(&world(setting, vec![OauthClient::default()]).await).await;
        for part in [wanted, "Baton Simulator"] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}

#[tokio::test]
async fn an_integration_may_be_given_by_its_name() {
    let integration = "integration_name = 'Baton Simulator'".to_owned();
    let world = World::start_with(Setting { integration, ..Setting::default() }, |_| {}).await;
    let up = world.tenant_standing("live", |shown| shown["state"] == "up").await;
    assert_eq!(up["integration_id"], INTEGRATION);
    world.served_customer().await;
}

/// A world whose first tenant's client may do all but this.
async fn world_without(permission: &str) -> World {
    let all = PERMISSIONS.iter().filter(|one| **one != permission);
    let permissions: BTreeSet<String> = all.map(|one| (*one).to_owned()).collect();
    let poor = OauthClient { permissions, ..OauthClient::default() };
    let setting = Setting { client: poor.clone(), ..Setting::default() };
    world(setting, vec![poor]).await
}

#[tokio::test]
async fn a_tenant_whose_client_may_not_see_the_integration_is_down_and_told_so() {
    let lacking = "messaging:integration:view";
    let problem = problem_of(&world_without(lacking).await).await;
    for part in [lacking, "context id"] {
        assert!(problem.contains(part), "{problem}");
    }
}

#[tokio::test]
async fn a_tenant_whose_client_may_not_send_messages_is_down_and_told_so() {
    let lacking = "conversation:message:receive";
    let world = world_without(lacking).await;
    let mut customer = world.customer().await;
    customer.say("Hello").await;
    customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF"]).await;
    let problem = problem_of(&world).await;
    for part in [lacking, "context id"] {
        assert!(problem.contains(part), "{problem}");
    }
}

#[tokio::test]
async fn a_tenant_whose_client_may_not_read_messages_is_down_once_one_is_missing_and_told_so() {
    let lacking = "conversation:message:view";
    let world = world_without(lacking).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.faults(json!({"webhooks": [{"fault": "lose", "next": 1}]})).await;
    world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
    let problem = problem_of(&world).await;
    for part in [lacking, "context id"] {
        assert!(problem.contains(part), "{problem}");
    }
}

#[tokio::test]
async fn a_tenant_whose_client_may_not_disconnect_is_down_once_a_user_leaves_and_told_so() {
    let lacking = "conversation:communication:disconnect";
    let world = world_without(lacking).await;
    let (mut customer, _) = world.waiting_customer().await;
    world.tenant_standing("live", |shown| shown["state"] == "up").await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    let problem = problem_of(&world).await;
    for part in [lacking, "context id"] {
        assert!(problem.contains(part), "{problem}");
    }
}

#[tokio::test]
async fn a_message_of_a_tenant_that_is_down_waits_until_it_is_up() {
    let mut world = World::start().await;
    let mut customer = world.customer().await;
    let fault = json!({"answer": {"status": 503}});
    let login = json!({"fault": fault, "matching": "/oauth/token", "probability": 1.0});
    world.stop_sidecar().await;
    world.faults(json!({"requests": [login]})).await;
    world.start_sidecar_again().await;
    let down = world.tenant_standing("live", |shown| shown["state"] == "down").await;
    assert!(down["problem"].as_str().is_some_and(|problem| problem.contains("503")), "{down}");
    customer.reconnect().await;
    customer.sees(&["SESSION_START"]).await;
    customer.say("Hello").await;
    customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF"]).await;
    world.faults(json!({})).await;
    customer.sees(&["HANDOFF_ACCEPTED"]).await;
}

#[tokio::test]
async fn a_tenant_whose_client_is_taken_again_is_up_without_anybody_who_chats() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    let fault = json!({"answer": {"status": 401}});
    let login = json!({"fault": fault, "matching": "/oauth/token", "probability": 1.0});
    world.faults(json!({"requests": [login]})).await;
    assert!(world.strike(json!({"fault": "revoke_tokens"})).await > 0);
    customer.says("Hello").await;
    customer.sees(&["POLY_AGENT_TRIGGERED_HANDOFF"]).await;
    let down = world.tenant_standing("live", |shown| shown["state"] == "down").await;
    assert_eq!(down["token"], "failing", "{down}");
    // With the session goes what waited, and nothing of the tenant's asks Genesys any more.
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    world.faults(json!({})).await;
    let up = world.tenant_standing("live", |shown| shown["state"] == "up").await;
    assert_eq!(up["token"], "held", "{up}");
}

#[tokio::test]
async fn invariant_12_a_token_is_lent_to_whoever_shows_that_tenants_credential() {
    let world = world(Setting::default(), vec![OauthClient::default()]).await;
    let mut tokens = BTreeSet::new();
    for (client_env, credential) in
        [("live", TOKEN_CREDENTIAL), ("sandbox", SANDBOX_TOKEN_CREDENTIAL)]
    {
        let lent = world.borrow_token(client_env, credential).await;
        assert_eq!((lent.status, lent.header("cache-control")), (200, Some("no-store")));
        let lent: Value = serde_json::from_slice(&lent.body).expect("JSON");
        assert_eq!(lent["token_type"], "Bearer");
        assert!(lent["expires_in"].as_u64().is_some_and(|seconds| seconds > 0));
        let token = lent["access_token"].as_str().expect("a token").to_owned();
        let path = "/api/v2/conversations/messaging/integrations/open";
        let answer = ask(world.genesys.address(), "GET", path, &token, b"").await;
        assert_eq!(answer.status, 200);
        tokens.insert(token);
    }
    assert_eq!(tokens.len(), 2);
}

#[tokio::test]
async fn invariant_12_no_token_is_lent_for_any_other_credential() {
    let world = world(Setting::default(), vec![OauthClient::default()]).await;
    for (client_env, credential) in [
        ("live", SANDBOX_TOKEN_CREDENTIAL),
        ("sandbox", TOKEN_CREDENTIAL),
        ("live", "a-credential-that-nobody-knows"),
        ("live", ADMIN_CREDENTIAL),
        ("live", CREDENTIAL),
        ("live", ""),
        ("nowhere", TOKEN_CREDENTIAL),
    ] {
        let refused = world.borrow_token(client_env, credential).await;
        assert_eq!(refused.status, 401, "{client_env} {credential}");
    }
    let path = "/internal/v1/tenants";
    assert_eq!(ask(world.internal, "GET", path, TOKEN_CREDENTIAL, b"").await.status, 401);
}

#[tokio::test]
async fn a_token_that_is_lent_is_not_the_sidecars_own() {
    let world = World::start().await;
    world.served_customer().await;
    let lent = world.borrow_token("live", TOKEN_CREDENTIAL).await;
    assert_eq!(lent.status, 200);
    let counters = world.genesys.get("/control/v1/counters").await;
    assert_eq!(counters["token_requests"][DEFAULT_CLIENT_ID]["total"], 2);
}

#[tokio::test]
async fn invariant_12_a_handoff_is_begun_for_an_operator_and_for_whoever_shows_that_tenants_credential()
 {
    let setting = Setting { handoff: "start = 'on_request'".to_owned(), ..Setting::default() };
    let world = world(setting, vec![OauthClient::default()]).await;
    for credential in [HANDOFF_CREDENTIAL, ADMIN_CREDENTIAL] {
        let mut customer = world.customer().await;
        let begun = world.request_handoff_as(credential, &customer, json!({})).await;
        assert_eq!(begun.status, 202, "{credential}");
        customer.sees(&["POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"]).await;
    }
    let customer = world.sandbox_customer().await;
    let begun = world.request_handoff_as(SANDBOX_HANDOFF_CREDENTIAL, &customer, json!({})).await;
    assert_eq!(begun.status, 202);
}

#[tokio::test]
async fn invariant_12_no_handoff_is_begun_for_any_other_credential() {
    let setting = Setting { handoff: "start = 'on_request'".to_owned(), ..Setting::default() };
    let world = world(setting, vec![OauthClient::default()]).await;
    let customer = world.customer().await;
    for credential in [
        SANDBOX_HANDOFF_CREDENTIAL,
        TOKEN_CREDENTIAL,
        CREDENTIAL,
        "a-credential-that-nobody-knows",
        "",
    ] {
        let refused = world.request_handoff_as(credential, &customer, json!({})).await;
        assert_eq!(refused.status, 401, "{credential}");
    }
    let metrics = world.metrics().await;
    assert!(metrics.contains("baton_open_handoffs 0\n"), "{metrics}");
    assert_eq!(world.borrow_token("live", HANDOFF_CREDENTIAL).await.status, 401);
    let path = "/internal/v1/tenants";
    assert_eq!(ask(world.internal, "GET", path, HANDOFF_CREDENTIAL, b"").await.status, 401);
}
