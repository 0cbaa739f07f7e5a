//! What was handed over: for whoever asks with a key, and for the agent who has the link.

use baton_tests::{
    application::Application,
    bot::ScriptedBot,
    http1::{self, Answer},
    sidecar::end_user_id,
    world::{SANDBOX_APPLICATION_KEY, Setting, World, is_queued, said},
};
use serde_json::{Value, json};

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}

#[tokio::test]
async fn whoever_takes_over_asks_what_was_handed_over() {
    let sandbox = baton_simulator::OauthClient::default();
    let setting = Setting { handoff: String::new(), sandbox: Some(sandbox), ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    let order = json!({"data": {"customer_id": 7}, "shared_id": "call-9", "reason": "billing"});
    application.posts(&format!("sessions/{session}/handoff"), &order, 202).await;
    let expected = json!({
        "id": session,
        "shared_id": "call-9",
        "data": {"customer_id": 7, "reason": "billing"},
    });
    for by in
        [format!("id={session}"), "shared_id=call-9".to_owned(), "id=x&shared_id=call-9".to_owned()]
    {
        let answer = application.ask("GET", &format!("handoff_state?{by}"), &Value::Null).await;
        assert_eq!((answer.status, json_of(&answer)), (200, expected.clone()), "{by}");
    }
    let stranger = Application { key: SANDBOX_APPLICATION_KEY.to_owned(), ..application.clone() };
    let nobody = Application { key: "not-a-key".to_owned(), ..application.clone() };
    for (asking, query, status) in [
        (&application, "", 400),
        (&application, "?id=nobody", 404),
        (&stranger, "?shared_id=call-9", 404),
        (&nobody, "?shared_id=call-9", 401),
    ] {
        let answer = asking.ask("GET", &format!("handoff_state{query}"), &Value::Null).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(json_of(&answer)["error_message"].is_string());
    }
}

#[tokio::test]
async fn what_a_bot_hands_over_is_found_by_the_id_that_it_shares() {
    let long = "x".repeat(201);
    for (data, by_shared_id) in [
        (json!({"shared_id": "call-9", "customer_id": 7}), "call-9"),
        (json!({"data": {"shared_id": "call-9"}, "plan": "gold"}), "call-9"),
        (json!({"shared_id": long}), &*long),
    ] {
        let hints = data.clone();
        let bot = ScriptedBot::start(move |turn| match turn["type"].as_str() {
            Some("user_message") => {
                (200, json!({"handoff": {"text_chat": {"genesys_integration": hints}}}))
            }
            _ => (204, Value::Null),
        })
        .await;
        let (handoff, sections) = (String::new(), bot.section());
        let setting = Setting { handoff, sections, ..Setting::default() };
        let world = World::start_with(setting, |_| {}).await;
        let mut customer = world.customer().await;
        customer.says("an agent please").await;
        let conversation = world.conversation(&customer, is_queued).await;
        let ask = async |by: &str| {
            world.application().ask("GET", &format!("handoff_state?{by}"), &Value::Null).await
        };
        let id = format!("id={}", customer.session.id);
        assert_eq!(json_of(&ask(&id).await)["data"], data, "{conversation}");
        let shared = ask(&format!("shared_id={by_shared_id}")).await;
        if by_shared_id.len() > 200 {
            assert_eq!(shared.status, 404);
        } else {
            let expected = json!({"id": customer.session.id, "shared_id": "call-9", "data": data});
            assert_eq!((shared.status, json_of(&shared)), (200, expected));
        }
    }
}

/// With links to contexts, which may be shown in Genesys' apps.
async fn world_with_links() -> World {
    let head = "application.public_url = 'https://baton.example/chat/'\n\
                application.frame_ancestors = ['https://apps.mypurecloud.de']";
    let setting = Setting { head: head.to_owned(), handoff: String::new(), ..Setting::default() };
    World::start_with(setting, |_| {}).await
}

/// What is behind the path of a link.
async fn look(world: &World, path: &str) -> Answer {
    http1::exchange(world.application, &http1::request("GET", path, &[], b"")).await
}

/// The path of a link.
fn path_of(link: &Value) -> String {
    let link = link.as_str().expect("a link");
    link.strip_prefix("https://baton.example/chat").expect("the public address").to_owned()
}

/// The participant data of the customer.
fn attributes(conversation: &Value) -> &Value {
    let participants = conversation["participants"].as_array().expect("a list");
    let customer = participants.iter().find(|one| one["purpose"] == "customer");
    &customer.expect("a customer")["attributes"]
}

#[tokio::test]
async fn the_agent_gets_a_link_to_a_page_with_what_was_said() {
    let world = world_with_links().await;
    let application = world.application();
    let hostile = "<script>alert(1)</script>";
    let session = application.opens(&json!({"custom": {"note": hostile}})).await;
    let order = json!({"data": {"who": hostile}});
    application.posts(&format!("sessions/{session}/handoff"), &order, 202).await;
    let message = json!({"text": format!("I said {hostile}")});
    application.posts(&format!("sessions/{session}/messages"), &message, 204).await;
    let end_user_id = end_user_id(world.internal, &session).await;
    let waiting = world
        .conversation_of(&end_user_id, |truth| is_queued(truth) && said(truth).len() == 2)
        .await;
    let path = path_of(&attributes(&waiting)["contextUrl"]);
    let page = look(&world, &path).await;
    assert_eq!(page.status, 200);
    let text = String::from_utf8(page.body.clone()).expect("text");
    assert!(text.contains("I said &#60;script&#62;"), "{text}");
    assert!(!text.contains("<script"), "{text}");
    assert!(text.contains("The user waits for an agent"), "{text}");
    assert!(text.contains("Asked for by</th><td dir=\"auto\">The application"), "{text}");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("frame-ancestors https://apps.mypurecloud.de"), "{policy}");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }

    let other = application.opens(&json!({})).await;
    for wrong in [
        path.replace(&session, &other),
        path.replace("expires=", "expires=9"),
        format!("/context/{session}"),
        format!("{path}x"),
    ] {
        assert_eq!(look(&world, &wrong).await.status, 403, "{wrong}");
    }
}

#[tokio::test]
async fn revoked_links_stay_dead_over_a_restart_and_a_later_handoff_has_a_good_one() {
    let mut world = world_with_links().await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    let links = format!("sessions/{session}/context_links");
    let new_link = async || path_of(&application.posts(&links, &Value::Null, 201).await["url"]);
    let first = new_link().await;
    assert_eq!(look(&world, &first).await.status, 200);
    assert_eq!(application.ask("DELETE", &links, &Value::Null).await.status, 204);
    assert_eq!(look(&world, &first).await.status, 410);
    let second = new_link().await;
    assert_eq!(look(&world, &second).await.status, 200);
    let internal = format!("/internal/v1/sessions/{session}/context_links");
    assert_eq!(world.operate("DELETE", &internal, "").await.status, 204);
    world.restart_sidecar().await;
    for dead in [&first, &second] {
        assert_eq!(look(&world, dead).await.status, 410);
    }
    application.posts(&format!("sessions/{session}/handoff"), &json!({}), 202).await;
    let end_user_id = end_user_id(world.internal, &session).await;
    let waiting = world.conversation_of(&end_user_id, is_queued).await;
    let given = path_of(&attributes(&waiting)["contextUrl"]);
    assert_eq!(look(&world, &given).await.status, 200);
    assert_eq!(look(&world, &new_link().await).await.status, 200);
}
