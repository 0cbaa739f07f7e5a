//! The page with a session's context, and the links to it.

use axum::http::{
    StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use baton_core::tenant::TenantKey;
use baton_store::{HandoffContext, NewEvent, NewSession, Step};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::testing::{Answer, Fixture, SESSION, event, new_session, session, tenant};

const LINKS: &str = "/v1/acme/support/sessions/session-1/context_links";

/// What would run, if it became markup anywhere.
const HOSTILE: &str = "</td></style><script>alert(1)</script>\"'&<a href=\"javascript:alert(1)\">";

fn assert_only_looked_at(answer: &Answer) {
    let header = |name| answer.headers[name].to_str().unwrap();
    assert_eq!(header(CONTENT_TYPE.as_str()), "text/html; charset=utf-8");
    assert_eq!(header(CACHE_CONTROL.as_str()), "no-store");
    assert_eq!(header(REFERRER_POLICY.as_str()), "no-referrer");
    assert_eq!(header(X_CONTENT_TYPE_OPTIONS.as_str()), "nosniff");
    assert_eq!(header("x-robots-tag"), "noindex, nofollow");
    let policy = header(CONTENT_SECURITY_POLICY.as_str());
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("frame-ancestors https://desk.example"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script"), "{policy}");
    let page = answer.text();
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
    assert!(policy.contains(&format!("style-src 'sha256-{digest}';")), "{policy}");
    assert!(page.starts_with("<!doctype html><html lang=\"en\">"), "{page}");
    assert!(page.contains("<meta name=\"robots\" content=\"noindex, nofollow\">"), "{page}");
    assert_eq!((page.matches("<h1>").count(), page.matches("<main>").count()), (1, 1), "{page}");
    for forbidden in ["<script", "javascript:", " on", "<img", "<form", "<iframe", "src="] {
        assert!(!tags(page).contains(forbidden), "{forbidden}: {page}");
    }
}

/// What stands within the tags of a page.
fn tags(page: &str) -> String {
    let tag = |piece: &str| piece.split_once('>').map(|(tag, _)| format!("<{tag}>"));
    page.split('<').skip(1).filter_map(tag).collect()
}

#[tokio::test]
async fn a_link_to_a_context_expires() {
    let fixture = Fixture::with(vec![event(1, "USER_MESSAGE", r#"{"text":"Hello"}"#)]).await;
    let link = fixture.link(0).await;
    let page = fixture.ask("GET", &link, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Hello"), "{}", page.text());
    fixture.set_clock(3_600);
    assert_eq!(fixture.ask("GET", &link, "").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn every_answer_is_for_looking_only_and_in_the_configured_frames() {
    let fixture = Fixture::with(Vec::new()).await;
    let link = fixture.link(0).await;
    let forgotten = fixture.links.link(&session("nobody"), Timestamp::UNIX_EPOCH).unwrap().url;
    for (method, path, status) in [
        ("GET", &*link, StatusCode::OK),
        ("HEAD", &link, StatusCode::OK),
        ("GET", "/context/session-1", StatusCode::FORBIDDEN),
        ("GET", "/context/session-1?expires=x", StatusCode::FORBIDDEN),
        ("GET", "/context/%ff?expires=1", StatusCode::FORBIDDEN),
        ("GET", &forgotten, StatusCode::NOT_FOUND),
        ("POST", &link, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = fixture.ask(method, path, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        if method != "HEAD" {
            assert_only_looked_at(&answer);
        }
        assert!(answer.headers.contains_key(CONTENT_SECURITY_POLICY), "{method} {path}");
    }
    fixture.set_clock(3_600);
    let expired = fixture.ask("GET", &link, "").await;
    assert_eq!(expired.status, StatusCode::GONE);
    assert_only_looked_at(&expired);
    let fresh = fixture.link(3_600).await;
    fixture.store.clone().close().await.unwrap();
    let answer = fixture.ask("GET", &fresh, "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers[RETRY_AFTER], "1");
    assert_only_looked_at(&answer);
}

#[tokio::test]
async fn revoked_links_are_dead_and_a_new_one_is_good() {
    let fixture = Fixture::with(Vec::new()).await;
    let first = fixture.link(0).await;
    let made = fixture.ask("POST", LINKS, "").await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.headers[CACHE_CONTROL], "no-store");
    assert_eq!(made.json(), json!({"url": first, "expires_at": "1970-01-01T01:00:00.000Z"}));
    let mut dead = vec![first];
    for _ in 0..2 {
        assert_eq!(fixture.ask("DELETE", LINKS, "").await.status, StatusCode::NO_CONTENT);
        for link in &dead {
            let answer = fixture.ask("GET", link, "").await;
            assert_eq!(answer.status, StatusCode::GONE, "{link}");
            assert!(answer.text().contains("revoked"));
            assert_only_looked_at(&answer);
        }
        let again = fixture.ask("POST", LINKS, "").await.json();
        let again = again["url"].as_str().unwrap().to_owned();
        assert_eq!(fixture.ask("GET", &again, "").await.status, StatusCode::OK);
        dead.push(again);
    }
}

#[tokio::test]
async fn invariant_12_the_links_of_somebody_elses_session_are_neither_made_nor_revoked() {
    let fixture = Fixture::with(Vec::new()).await;
    let sandbox = TenantKey::new("acme", "support", "sandbox");
    fixture.create_session_of(sandbox, "session-2").await;
    for session_id in ["session-2", "nobody"] {
        let links = LINKS.replace(SESSION, session_id);
        for method in ["POST", "DELETE"] {
            let answer = fixture.ask(method, &links, "").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {session_id}");
        }
    }
    let theirs = fixture.store.session("session-2").await.unwrap().unwrap();
    assert_eq!(theirs.context_links_revoked, 0);
}

fn said(number: usize, kind: &str, timestamp: &str, payload: &serde_json::Value) -> NewEvent {
    NewEvent { timestamp: timestamp.to_owned(), ..event(number, kind, &payload.to_string()) }
}

#[tokio::test]
async fn the_page_shows_who_said_what_and_when_day_by_day() {
    let attached = json!({"content_url": "https://files.example/bill.pdf", "title": "The bill"});
    let answer = json!({"text": "Here.", "agent_name": "Sarah", "attachments": [attached]});
    let fixture = Fixture::with(vec![
        said(1, "USER_MESSAGE", "2026-05-07T23:59:01.000Z", &json!({"text": "The bill?"})),
        said(2, "LIVE_AGENT_MESSAGE", "2026-05-08T00:01:02.000Z", &answer),
        said(3, "POLY_AGENT_MESSAGE", "2026-05-08T00:01:03.000Z", &json!({"text": "Bye"})),
    ])
    .await;
    let page = fixture.ask("GET", &fixture.link(0).await, "").await;
    assert_only_looked_at(&page);
    let page = page.text();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    let order = [
        "2026-05-07</h3>",
        "User</strong> <time datetime=\"2026-05-07T23:59:01Z\">23:59:01</time>",
        "The bill?",
        "2026-05-08</h3>",
        "Agent Sarah</strong>",
        "The bill: <a target=\"_blank\" rel=\"noopener noreferrer nofollow\" \
         href=\"https://files.example/bill.pdf\">https://files.example/bill.pdf</a>",
        "Virtual agent</strong>",
    ];
    assert!(order.map(place).is_sorted(), "{page}");
    assert!(page.contains("Nobody has asked for a human."), "{page}");
}

#[tokio::test]
async fn nothing_that_anybody_wrote_becomes_markup_or_leads_to_a_script() {
    let link = json!({"content_url": "javascript:alert(1)", "title": HOSTILE});
    let message = json!({"text": HOSTILE, "agent_name": HOSTILE, "attachments": [link]});
    let joined = json!({"agent": {"name": HOSTILE}, "queue_name": HOSTILE});
    let fixture = Fixture::with(vec![
        event(1, "USER_MESSAGE", &message.to_string()),
        event(2, "POLY_AGENT_TRIGGERED_HANDOFF", "{}"),
        event(3, "LIVE_AGENT_JOINED", &joined.to_string()),
        event(4, "LIVE_AGENT_MESSAGE", &message.to_string()),
        event(5, "HANDOFF_FAILED", &json!({"reason": HOSTILE}).to_string()),
    ])
    .await;
    let hostile = json!({HOSTILE: HOSTILE, "list": [HOSTILE], "link": "javascript:alert(1)"});
    let context = HandoffContext { number: 1, shared_id: None, body: hostile.to_string() };
    let step = Step { context: Some(context), ..Step::default() };
    fixture.store.step(SESSION, step).await.unwrap();
    assert_only_looked_at(&fixture.ask("GET", &fixture.link(0).await, "").await);

    let custom = Some(hostile.to_string());
    let platform = Some(HOSTILE.to_owned());
    let external_id = Some(HOSTILE.to_owned());
    let new = NewSession { custom, platform, external_id, ..new_session(tenant(), "session-2") };
    fixture.store.create_session(new, Vec::new()).await.unwrap();
    let link = fixture.links.link(&session("session-2"), Timestamp::UNIX_EPOCH).unwrap();
    let page = fixture.ask("GET", &link.url, "").await;
    assert!(page.text().contains("&#60;script&#62;"), "{}", page.text());
    assert_only_looked_at(&page);
}

#[tokio::test]
async fn what_only_reassured_the_user_is_not_shown_as_said() {
    let payload = r#"{"text":"It is your turn soon.","reassurance":true}"#;
    let reassured = event(1, "POLY_AGENT_MESSAGE", payload);
    let said = event(2, "POLY_AGENT_MESSAGE", r#"{"text":"How can I help?"}"#);
    let fixture = Fixture::with(vec![reassured, said]).await;
    let page = fixture.ask("GET", &fixture.link(0).await, "").await;
    assert!(page.text().contains("How can I help?") && !page.text().contains("your turn soon"));
}

#[tokio::test]
async fn what_is_known_of_the_user_is_a_table() {
    let fixture = Fixture::with(Vec::new()).await;
    let custom = json!({"plan": "gold", "user": {"name": "Chris", "tags": ["a", 7]}}).to_string();
    let new = NewSession { custom: Some(custom), ..new_session(tenant(), "session-2") };
    fixture.store.create_session(new, Vec::new()).await.unwrap();
    let link = fixture.links.link(&session("session-2"), Timestamp::UNIX_EPOCH).unwrap();
    let page = fixture.ask("GET", &link.url, "").await;
    for (name, value) in [("plan", "gold"), ("user", "name: Chris\ntags: [&#34;a&#34;,7]")] {
        let row =
            format!("<th scope=\"row\" dir=\"auto\">{name}</th><td dir=\"auto\">{value}</td>");
        assert!(page.text().contains(&row), "{row}: {}", page.text());
    }
}
