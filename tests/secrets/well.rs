//! What goes well: a chat from its first word to its last, an application's chat, events of other
//! sources, a rotation, and all that operators look at.

use baton_simulator::signature;
use baton_tests::{
    API_KEY, SANDBOX_SECRET, WEBHOOK_PATH,
    chat::{Session, text_of},
    customer::Customer,
    setting::TOKEN_CREDENTIAL,
    sidecar::{CONNECTOR_TOKEN, end_user_id},
    simulator::statuses,
    wait::until,
    world::is_queued,
};
use serde_json::{Value, json};

use crate::{
    marked::Marked,
    stage::{BACKUP, NEXT_SECRET, Stage, TENANT},
    words,
};

/// How a handoff begins for a customer of the bot.
const HANDED_OVER: [&str; 4] =
    ["POLY_AGENT_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "POLY_AGENT_LEFT", "HANDOFF_ACCEPTED"];

/// A customer whom the bot has greeted, through Envoy, and who told their name.
pub(crate) async fn greeted(stage: &Stage) -> Customer {
    let user = json!({"name": words::NAME, "email": "philomena@example.com"});
    let facts = json!({"custom": {"user": user}});
    let session = Session::make_of(stage.envoy.address, CONNECTOR_TOKEN, &facts).await;
    let mut customer = Customer::enter(stage.envoy.address, stage.internal, session).await;
    customer.joins().await;
    let came = ["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE"];
    let seen = customer.sees(&came).await;
    assert_eq!(text_of(&seen[2]), words::OF_BOT);
    customer
}

/// The conversation of a customer whom the bot has handed over, once an agent has accepted.
pub(crate) async fn served(stage: &Stage, customer: &mut Customer) -> Value {
    customer.says(words::FOR_AGENT).await;
    customer.sees(&HANDED_OVER).await;
    let conversation = conversation(stage, &customer.end_user_id, is_queued).await;
    act(stage, &conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    conversation
}

/// The newest conversation of an end user, once it is as it is wanted.
pub(crate) async fn conversation(
    stage: &Stage,
    end_user_id: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let path = format!("/control/v1/conversations?end_user={end_user_id}");
    until("a conversation", async || {
        let all = stage.genesys.get(&path).await;
        let id = all.as_array()?.last()?["id"].as_str()?.to_owned();
        let truth = stage.genesys.get(&format!("/control/v1/conversations/{id}")).await;
        wanted(&truth).then_some(truth)
    })
    .await
}

/// What somebody at Genesys does in a conversation.
pub(crate) async fn act(stage: &Stage, conversation: &Value, action: Value) {
    let id = conversation["id"].as_str().expect("an id");
    stage.genesys.post(&format!("/control/v1/conversations/{id}/actions"), &action).await;
}

fn holds(truth: &Value, text: &str) -> bool {
    truth["messages"].to_string().contains(text)
}

/// A chat with the bot, an agent and another one; its access token.
pub(crate) async fn a_whole_chat(stage: &Stage) -> Marked {
    let mut customer = greeted(stage).await;
    customer.says(words::OF_CUSTOMER).await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
    let handed_over = served(stage, &mut customer).await;
    let attachment = json!({"action": "answer", "shape": "attachment-image-with-text"});
    for action in [json!({"action": "type"}), attachment] {
        act(stage, &handed_over, action).await;
    }
    customer.sees(&["LIVE_AGENT_MESSAGE"]).await;
    customer.types().await;
    customer.says(words::TO_AGENT).await;
    conversation(stage, &customer.end_user_id, |truth| holds(truth, words::TO_AGENT)).await;
    act(stage, &handed_over, json!({"action": "answer", "text": words::OF_AGENT})).await;
    let message = customer.hears(words::OF_AGENT).await;
    conversation(stage, &customer.end_user_id, |truth| holds(truth, "Delivered")).await;
    customer.reconnect_after(&message).await;
    for action in [
        json!({"action": "transfer_to_queue", "queue": "Sales"}),
        json!({"action": "accept", "user": "Milan"}),
    ] {
        act(stage, &handed_over, action).await;
    }
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    act(stage, &handed_over, json!({"action": "end"})).await;
    customer.sees_the_end().await;
    Marked::secret("an access token", customer.session.access_token())
}

/// A chat of an application, with a link to its context; the part of the link that opens it.
pub(crate) async fn a_chat_of_an_application(stage: &Stage) -> Marked {
    let application = stage.application();
    let session = application.opens(&json!({"external_id": "chat-1"})).await;
    let path = |action: &str| format!("sessions/{session}/{action}");
    let order = json!({
        "message": words::OF_APPLICATION,
        "data": {"note": words::HANDED_OVER, "shared_id": "call-9"},
        "transcript": [{"speaker": "bot", "text": words::OF_BOT}],
    });
    application.posts(&path("handoff"), &order, 202).await;
    let end_user_id = end_user_id(stage.internal, &session).await;
    let waits = |truth: &Value| is_queued(truth) && holds(truth, words::OF_APPLICATION);
    let waiting = conversation(stage, &end_user_id, waits).await;
    act(stage, &waiting, json!({"action": "accept", "user": "Dana"})).await;
    let mut events = application.follows(&session, None).await;
    events.waits_for("LIVE_AGENT_JOINED").await;
    application.posts(&path("typing"), &Value::Null, 204).await;
    let message = json!({
        "text": words::OF_APPLICATION,
        "attachments": [{"url": "https://files.example.com/bill.pdf", "title": words::HANDED_OVER}],
    });
    application.posts(&path("messages"), &message, 204).await;
    act(stage, &waiting, json!({"action": "answer", "text": words::OF_AGENT})).await;
    events.waits_for("LIVE_AGENT_MESSAGE").await;
    let link = waiting.to_string();
    let link = link.split("https://baton.example.com/context/").nth(1).expect("a link");
    let link = link.split('"').next().unwrap_or_default().to_owned();
    let page =
        stage.asks_to_see(stage.application, ("GET", &format!("/context/{link}")), &[], b"").await;
    assert_eq!(page.status, 200);
    application.posts(&path("end"), &Value::Null, 204).await;
    events.kinds_to_the_end().await;
    let is_told = async || {
        let told = stage.receiver.received();
        told.iter().any(|one| holds_session_end(&one.json(), &session)).then_some(())
    };
    until("the last webhook", is_told).await;
    let signature = link.split("signature=").nth(1).expect("a signature");
    Marked::words("the link to a context", signature)
}

fn holds_session_end(told: &Value, session: &str) -> bool {
    told["type"] == "EVENT_TYPE_SESSION_END" && told["data"]["session"]["id"] == session
}

/// What comes in by the tenants' other sources, and through the tenant that Envoy lists.
pub(crate) async fn events_of_all_sources(stage: &Stage) {
    let event = json!({"detail": {"topicName": "v2.detail.events.conversation.x.acd.end"}});
    let event = event.to_string();
    for source in ["eventbridge", "trigger"] {
        let path = format!("/webhooks/genesys/acme/support/live/{source}");
        let headers = [("x-api-key", API_KEY), ("content-type", "application/json")];
        let edge = stage.envoy.address;
        let answer = stage.asks(edge, ("POST", &path), &headers, event.as_bytes()).await;
        assert_eq!(answer.status, 200, "{source}");
    }
    let path = "/webhooks/genesys/acme/support/sandbox/events";
    let body = json!({"id": "m1", "type": "Text", "text": words::OF_AGENT}).to_string();
    let signed = signature::base64(SANDBOX_SECRET, body.as_bytes());
    let headers = [(signature::HEADER, &*signed)];
    let answer = stage.asks(stage.envoy.address, ("POST", path), &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200);
}

/// A token of the tenant's OAuth client, as another program borrows it.
pub(crate) async fn a_borrowed_token(stage: &Stage) -> Marked {
    let path = format!("/internal/v1/tenants/{TENANT}/token");
    let bearer = format!("Bearer {TOKEN_CREDENTIAL}");
    let answer = stage
        .asks_to_see(stage.internal, ("POST", &path), &[("authorization", &bearer)], b"")
        .await;
    assert_eq!(answer.status, 200);
    let lent: Value = serde_json::from_slice(&answer.body).expect("JSON");
    Marked::secret("a token of Genesys", lent["access_token"].as_str().expect("a token"))
}

/// The secret of the webhooks is changed twice: for one that is made, and for one that is given.
/// What was made.
pub(crate) async fn rotations(stage: &Stage) -> Marked {
    let url = format!("http://{}", stage.internal);
    let sidecar = ["--sidecar", &url];
    let begin = [&["tenant", "rotate", TENANT, "--edge-cache-seconds", "0"][..], &sidecar].concat();
    let mut command = stage.command(&begin);
    let begun = stage.runs_that_shows("tenant rotate", &mut command, "").await;
    assert!(begun.status.success(), "{}", begun.errors);
    let made = begun.output.lines().map(str::trim).find(|line| line.len() == 43);
    let made = made.unwrap_or_else(|| panic!("a secret: {}", begun.output)).to_owned();
    stage.operates(&["tenant", "show", TENANT]).await;
    let give = [&["tenant", "rotate", TENANT, "--genesys"][..], &sidecar].concat();
    // It is too early until the second is over.
    until("the secret at Genesys", async || {
        let given = stage.runs("tenant rotate --genesys", &mut stage.command(&give), "").await;
        given.status.success().then_some(())
    })
    .await;
    let sent = stage.genesys.send(json!({"shape": "text-agent", "to": "nobody"})).await;
    assert_eq!(statuses(&sent), [200], "signed with the secret that was made");
    stage.operates(&["tenant", "rotate", TENANT, "--finish"]).await;

    let given = [&begin[..], &["--secret-from-stdin", "--json"]].concat();
    let name = "tenant rotate --secret-from-stdin";
    let given = stage.runs(name, &mut stage.command(&given), &format!("{NEXT_SECRET}\n")).await;
    assert!(given.status.success(), "{}", given.errors);
    let body = br#"{"id":"m2","type":"Text","text":"a message"}"#;
    let signed = signature::base64(NEXT_SECRET, body);
    let headers = [(signature::HEADER, &*signed)];
    let answer = stage.asks(stage.envoy.address, ("POST", WEBHOOK_PATH), &headers, body).await;
    assert_eq!(answer.status, 200);
    Marked::secret("the webhook secret that was made", &made)
}

/// All that operators look at, and monitoring.
pub(crate) async fn looks(stage: &Stage) {
    for path in ["/metrics", "/healthz", "/readyz"] {
        stage.asks(stage.observation, ("GET", path), &[], b"").await;
    }
    let admin = format!("Bearer {}", baton_tests::sidecar::ADMIN_CREDENTIAL);
    let admin = [("authorization", &*admin)];
    for path in [
        "/internal/v1/tenants",
        "/internal/v1/stored_tenants",
        "/internal/v1/dead_letters",
        "/internal/v1/openapi.json",
    ] {
        let answer = stage.asks(stage.internal, ("GET", path), &admin, b"").await;
        assert_eq!(answer.status, 200, "{path}");
    }
    stage.asks(stage.application, ("GET", "/openapi.json"), &[], b"").await;
    for arguments in [
        &["tenant", "list"][..],
        &["tenant", "list", "--json"],
        &["tenant", "show", TENANT],
        &["tenant", "show", TENANT, "--json"],
        &["dead-letter", "list"],
        &["dead-letter", "list", "--json"],
        &["store", "backup", BACKUP],
    ] {
        stage.operates(arguments).await;
    }
    the_dead_letters(stage).await;
    for arguments in [&["config", "check"][..], &["store", "check", BACKUP], &["store", "new-key"]]
    {
        stage.succeeds(arguments).await;
    }
    let url = format!("http://{}", stage.internal);
    for further in [&[][..], &["--json"], &["--tenant", TENANT, "--json", "--handoff"]] {
        let edge = format!("http://{}", stage.envoy.address);
        let arguments =
            [&["check", "--sidecar", &url, "--public-url", &edge][..], further].concat();
        stage.runs(&arguments.join(" "), &mut stage.command(&arguments), "").await;
    }
}

/// The dead letters, with what people wrote.
async fn the_dead_letters(stage: &Stage) {
    let list = stage.operates(&["dead-letter", "list", "--json"]).await.output;
    let letters: Vec<Value> =
        list.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!letters.is_empty(), "what Genesys refused is there");
    let url = format!("http://{}", stage.internal);
    let mut shown = String::new();
    for letter in letters {
        let id = letter["id"].to_string();
        for further in [&[][..], &["--json"]] {
            let arguments =
                [&["dead-letter", "show", &id, "--sidecar", &url][..], further].concat();
            let mut command = stage.command(&arguments);
            shown += &stage.runs_that_shows("dead-letter show", &mut command, "").await.output;
        }
    }
    assert!(shown.contains(words::REFUSED), "{shown}");
    stage.evidence.add_with_words("dead letters as they are shown", shown);
}

/// All that Envoy shows of itself.
pub(crate) async fn looks_at_envoy(stage: &Stage) {
    for page in [
        "/config_dump?include_eds",
        "/stats",
        "/stats/prometheus",
        "/clusters",
        "/listeners",
        "/server_info",
        "/init_dump",
        "/runtime",
        "/memory",
        "/certs",
    ] {
        stage.evidence.add(&format!("Envoy's page {page}"), stage.envoy.admin_page(page).await);
    }
    stage.evidence.add("Envoy's log", stage.envoy.log_with("").await);
    let lines = stage.envoy.access_log(1).await;
    stage.evidence.add("Envoy's access log", format!("{lines:?}"));
}
