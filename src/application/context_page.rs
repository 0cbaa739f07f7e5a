//! `GET /context/{session_id}`: what an agent sees beside the conversation. Whoever has a link
//! that was signed here, has not expired and was not revoked may look; the page itself does
//! nothing.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
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
use baton_problem::{Problem, add_hints};
use baton_store::{ContextBy, HandoffContext, Session};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    Application, FrameAncestor,
    context_link::{ContextLinks, LinkCheck, Terms},
    context_standing::{Standing, TELLING},
    context_transcript::{self, SAID, Said},
    markup::Markup,
    sessions::ApplicationSessions,
};

/// The most messages that are shown: the newest.
const MOST_MESSAGES: usize = 500;

/// About the most bytes of them.
const MOST_BYTES: usize = 1024 * 1024;

/// The most events that are read for where the handoff stands. A wait tells the queue's status
/// again and again.
const MOST_TELLING: usize = 500;

/// How the page looks. It is the one thing that the page may load.
const STYLE: &str = include_str!("context_page.css");

/// By what a policy knows the style.
static STYLE_DIGEST: LazyLock<String> =
    LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE.as_bytes())));

/// What a link says beside the session.
#[derive(Deserialize)]
pub(crate) struct Signed {
    #[serde(default)]
    expires: i64,
    #[serde(default)]
    revoked: u64,
    #[serde(default)]
    signature: String,
}

/// Why nothing is shown.
enum Refused {
    Wrong,
    Expired,
    Revoked,
    Forgotten,
    Unavailable,
}

pub(crate) async fn show_context<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    session_id: Result<Path<String>, PathRejection>,
    signed: Result<Query<Signed>, QueryRejection>,
) -> Response {
    let page = match (session_id, signed) {
        (Ok(Path(session_id)), Ok(Query(signed))) => read(&application, &session_id, &signed).await,
        _ => Err(Refused::Wrong),
    };
    let ancestors = &application.frame_ancestors;
    match page {
        Ok(shown) => page_of(StatusCode::OK, &shown.markup(), ancestors),
        Err(refused) => {
            let (status, text) = refused.notice();
            notice(status, text, ancestors)
        }
    }
}

/// What is asked with another method than GET.
pub(crate) async fn refuse_method<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
) -> Response {
    let text = "This page can only be looked at.";
    notice(StatusCode::METHOD_NOT_ALLOWED, text, &application.frame_ancestors)
}

impl Refused {
    fn notice(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Wrong => (StatusCode::FORBIDDEN, "This link is not valid."),
            Self::Expired => (StatusCode::GONE, "This link has expired."),
            Self::Revoked => (StatusCode::GONE, "This link was revoked."),
            Self::Forgotten => (StatusCode::NOT_FOUND, "This chat is not kept any more."),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment."),
        }
    }
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(_: E) -> Self {
        Self::Unavailable
    }
}

/// What is shown of a session.
struct Shown {
    session: Session,
    context: Option<HandoffContext>,
    standing: Option<Standing>,
    said: Vec<Said>,
    /// Whether there may be more that was said before.
    is_cut: bool,
}

async fn read<S>(
    application: &Application<S>,
    id: &str,
    signed: &Signed,
) -> Result<Shown, Refused> {
    let Signed { expires, revoked, ref signature } = *signed;
    let (terms, now) = (Terms { expires, revoked }, application.clock.now());
    let check = |links: &ContextLinks| links.check(id, terms, signature, now);
    match application.context_links.as_ref().map(check) {
        Some(LinkCheck::Good) => {}
        Some(LinkCheck::Expired) => return Err(Refused::Expired),
        Some(LinkCheck::Wrong) | None => return Err(Refused::Wrong),
    }
    let store = &application.store;
    let session = application.asked(store.session(id)).await?.ok_or(Refused::Forgotten)?;
    if terms.are_revoked(&session) {
        return Err(Refused::Revoked);
    }
    let context = store.handoff_context(&session.details.tenant, ContextBy::Id(id.to_owned()));
    let context = application.asked(context).await?.map(|found| found.context);
    let handoff = application.asked(store.handoff(id)).await?;
    let telling = store.recent_events(id, &TELLING, MOST_TELLING, MOST_BYTES);
    let standing = Standing::of(&application.asked(telling).await?, handoff.as_ref());
    let events = store.recent_events(id, &SAID, MOST_MESSAGES, MOST_BYTES);
    let events = application.asked(events).await?;
    let said = events.iter().filter_map(Said::of_event).collect();
    Ok(Shown { session, context, standing, said, is_cut: events.len() == MOST_MESSAGES })
}

impl Shown {
    fn markup(&self) -> Markup {
        let mut body = Markup::default();
        body.markup("<header><h1>Chat</h1><p class=\"quiet\">All times are UTC.</p></header>");
        body.markup("<main><div><section aria-labelledby=\"handoff\">");
        body.markup("<h2 id=\"handoff\">Handoff</h2>");
        match &self.standing {
            Some(standing) => standing.show(&mut body),
            None => _ = body.markup("<p>Nobody has asked for a human.</p>"),
        }
        body.markup("</section>");
        if let Some(context) = &self.context {
            let heading = "<section aria-labelledby=\"data\"><h2 id=\"data\">Handed over</h2>";
            members(&mut body, heading, &context.body);
        }
        if let Some(custom) = &self.session.details.custom {
            let heading = "<section aria-labelledby=\"user\"><h2 id=\"user\">About the user</h2>";
            members(&mut body, heading, custom);
        }
        body.markup("</div><section class=\"transcript\" aria-labelledby=\"said\">");
        body.markup("<h2 id=\"said\">What was said</h2>");
        if self.is_cut {
            body.markup("<p class=\"quiet\">The newest messages only.</p>");
        }
        context_transcript::show(&self.said, &mut body);
        body.markup("</section>");
        self.particulars(&mut body);
        body.markup("</main>");
        body
    }

    fn particulars(&self, body: &mut Markup) {
        let details = &self.session.details;
        body.markup("<section aria-labelledby=\"session\"><h2 id=\"session\">Session</h2><table>");
        body.row("State", if self.session.ended { "ended" } else { "open" });
        if let Ok(begun) = Timestamp::from_millisecond(details.created_at_ms) {
            let begun = begun.to_zoned(TimeZone::UTC);
            body.row("Begun", &begun.strftime("%Y-%m-%d %H:%M:%S").to_string());
        }
        body.row("Project", &details.tenant.to_string());
        body.row("Session", &details.session_id);
        if let Some(id) = &details.external_id {
            body.row("Id at the application", id);
        }
        if let Some(platform) = &details.platform {
            body.row("Platform", platform);
        }
        body.markup("</table></section>");
    }
}

/// The members of a JSON object as a table, in a section with this opening.
fn members(body: &mut Markup, opening: &'static str, object: &str) {
    let members: Map<String, Value> = serde_json::from_str(object).unwrap_or_default();
    if members.is_empty() {
        return;
    }
    body.markup(opening).markup("<table>");
    for (name, value) in &members {
        match value {
            Value::Object(members) => {
                let line = |(name, value)| format!("{name}: {}", plain(value));
                body.row(name, &members.iter().map(line).collect::<Vec<_>>().join("\n"));
            }
            value => _ = body.row(name, &plain(value)),
        }
    }
    body.markup("</table></section>");
}

/// A text as it is, and anything else as JSON: not indented, since that could make megabytes out
/// of a deep list.
fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

/// A page that says one thing.
fn notice(status: StatusCode, text: &'static str, ancestors: &[FrameAncestor]) -> Response {
    let mut body = Markup::default();
    body.markup("<main><section><h1>Chat</h1><p>").text(text).markup("</p></section></main>");
    page_of(status, &body, ancestors)
}

fn page_of(status: StatusCode, body: &Markup, ancestors: &[FrameAncestor]) -> Response {
    let mut page = Markup::default();
    page.markup("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
        .markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .markup("<meta name=\"robots\" content=\"noindex, nofollow\"><title>Chat</title><style>")
        .markup(STYLE)
        .markup("</style></head><body>")
        .piece(body)
        .markup("</body></html>");
    let mut response = (status, page.finish()).into_response();
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
    headers.insert(CONTENT_SECURITY_POLICY, policy(ancestors));
    add_hints(status, headers);
    response
}

/// No script, no picture, no form, no other address; and a frame of these origins alone.
fn policy(ancestors: &[FrameAncestor]) -> HeaderValue {
    let ancestors: Vec<String> = ancestors.iter().map(ToString::to_string).collect();
    let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors.join(" ") };
    let style = &*STYLE_DIGEST;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors {ancestors}"
    );
    let strictest = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    HeaderValue::from_str(&policy).unwrap_or(strictest)
}
