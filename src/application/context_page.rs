//! `GET /context/{session_id}`: what an agent sees beside the conversation. Whoever has a link
//! that was signed here and has not expired may look; the page itself does nothing.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use baton_handoff::{TranscriptEntry, TranscriptSpeaker};
use baton_store::{ContextBy, HandoffContext, LoggedEvent, Session};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    Application,
    context_link::{ContextLinks, LinkCheck},
    markup::Markup,
    problem::Problem,
    sessions::ApplicationSessions,
};

/// What of a session is shown as said.
const SAID: [&str; 4] = [
    "EVENT_TYPE_USER_MESSAGE",
    "EVENT_TYPE_POLY_AGENT_MESSAGE",
    "EVENT_TYPE_LIVE_AGENT_MESSAGE",
    "EVENT_TYPE_SYSTEM_MESSAGE",
];

/// The most messages that are shown: the newest.
const MOST_MESSAGES: usize = 500;

/// About the most bytes of them.
const MOST_BYTES: usize = 1024 * 1024;

/// How the page looks. It is the one thing that the page may load.
const STYLE: &str = "body{font:15px/1.4 system-ui,sans-serif;margin:1rem;max-width:50rem}\
    h1{font-size:1.2rem}h2{font-size:1rem;margin-top:1.5rem}\
    table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.1rem .8rem .1rem 0}\
    th{font-weight:500;color:#555}td,dd{white-space:pre-wrap;overflow-wrap:anywhere}\
    dt{color:#555;margin-top:.6rem}dd{margin:0}";

/// No script, no picture, no form, no other address. A frame of https may hold the page: that is
/// how Genesys shows it beside the conversation, and there is nothing on it to be clicked.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self' https:"
    );
    HeaderValue::from_str(&policy).ok()
});

/// What a link says beside the session.
#[derive(Deserialize)]
pub(crate) struct Signed {
    #[serde(default)]
    expires: i64,
    #[serde(default)]
    signature: String,
}

pub(crate) async fn show_context<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(session_id): Path<String>,
    signed: Result<Query<Signed>, QueryRejection>,
) -> Response {
    let check = |links: &ContextLinks| {
        let Query(Signed { expires, signature }) = signed.as_ref().ok()?;
        Some(links.check(&session_id, *expires, signature, application.clock.now()))
    };
    match application.context_links.as_ref().and_then(check) {
        Some(LinkCheck::Good) => {}
        Some(LinkCheck::Expired) => {
            return notice(StatusCode::GONE, "This link has expired.");
        }
        Some(LinkCheck::Wrong) | None => {
            return notice(StatusCode::FORBIDDEN, "This link is not valid.");
        }
    }
    match read(&application, &session_id).await {
        Ok(Some(shown)) => page(StatusCode::OK, shown.markup()),
        Ok(None) => notice(StatusCode::NOT_FOUND, "This chat is not kept any more."),
        Err(_) => notice(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment."),
    }
}

/// What is shown of a session.
struct Shown {
    session: Session,
    context: Option<HandoffContext>,
    said: Vec<TranscriptEntry>,
}

async fn read<S>(application: &Application<S>, id: &str) -> Result<Option<Shown>, Problem> {
    let store = &application.store;
    let Some(session) = application.asked(store.session(id)).await? else { return Ok(None) };
    let context = store.handoff_context(&session.details.tenant, ContextBy::Id(id.to_owned()));
    let context = application.asked(context).await?.map(|found| found.context);
    let events = store.recent_events(id, &SAID, MOST_MESSAGES, MOST_BYTES);
    let said = application.asked(events).await?.iter().filter_map(entry).collect();
    Ok(Some(Shown { session, context, said }))
}

fn entry(event: &LoggedEvent) -> Option<TranscriptEntry> {
    let at = event.timestamp.parse().ok()?;
    TranscriptEntry::of_event(&event.kind, at, &event.payload)
}

impl Shown {
    fn markup(&self) -> Markup {
        let mut body = Markup::default();
        body.markup("<h1>Chat</h1><table>");
        let details = &self.session.details;
        row(&mut body, "Project", &details.tenant.to_string());
        row(&mut body, "Session", &details.session_id);
        if let Some(id) = &details.external_id {
            row(&mut body, "Id at the application", id);
        }
        if let Some(platform) = &details.platform {
            row(&mut body, "Platform", platform);
        }
        if let Ok(begun) = Timestamp::from_millisecond(details.created_at_ms) {
            row(&mut body, "Begun", &time(begun));
        }
        body.markup("</table>");
        if let Some(context) = &self.context {
            section(&mut body, "<h2>Handed over</h2>", &context.body);
        }
        if let Some(custom) = &details.custom {
            section(&mut body, "<h2>About the user</h2>", custom);
        }
        body.markup("<h2>What was said</h2><dl>");
        for TranscriptEntry { speaker, at, text } in &self.said {
            let who = match speaker {
                TranscriptSpeaker::User => "User",
                TranscriptSpeaker::Bot => "Virtual agent",
                TranscriptSpeaker::Agent => "Agent",
                TranscriptSpeaker::System => "Notice",
            };
            body.markup("<dt>").text(&time(*at)).markup(" ").text(who);
            body.markup("</dt><dd>").text(text).markup("</dd>");
        }
        body.markup("</dl>");
        body
    }
}

/// The members of a JSON object as a table.
fn section(body: &mut Markup, heading: &'static str, object: &str) {
    let members: Map<String, Value> = serde_json::from_str(object).unwrap_or_default();
    if members.is_empty() {
        return;
    }
    body.markup(heading).markup("<table>");
    for (name, value) in &members {
        match value {
            Value::String(text) => row(body, name, text),
            // Not indented: that could make a page of megabytes out of a deep list.
            other => row(body, name, &other.to_string()),
        }
    }
    body.markup("</table>");
}

fn row(body: &mut Markup, name: &str, value: &str) {
    body.markup("<tr><th>").text(name).markup("</th><td>").text(value).markup("</td></tr>");
}

fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A page that says one thing.
fn notice(status: StatusCode, text: &'static str) -> Response {
    let mut body = Markup::default();
    body.markup("<p>").text(text).markup("</p>");
    page(status, body)
}

fn page(status: StatusCode, body: Markup) -> Response {
    let mut page = Markup::default();
    page.markup("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.markup("<meta name=\"robots\" content=\"noindex, nofollow\"><title>Chat</title><style>");
    page.markup(STYLE).markup("</style></head><body>");
    let page = format!("{}{}</body></html>", page.finish(), body.finish());
    let mut response = (status, page).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    match POLICY.clone() {
        Some(policy) => headers.insert(CONTENT_SECURITY_POLICY, policy),
        None => {
            let none = HeaderValue::from_static("default-src 'none'");
            headers.insert(CONTENT_SECURITY_POLICY, none)
        }
    };
    response
}
