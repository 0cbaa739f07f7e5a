//! The API for applications: where it listens, who may use it, and where it tells what happens.

use std::num::NonZeroU32;

use baton_application::{FrameAncestor, Webhook, WebhookSecret};
use baton_bot::Reach;
use baton_core::tenant::TenantKey;
use baton_listener::Listen;
use jiff::SignedDuration;
use url::Url;

use super::{ConfigurationProblem, listen};
use crate::{secret::Secrets, section::Section};

/// What the types of events begin with.
const EVENT_TYPE: &str = "EVENT_TYPE_";

/// The API for applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationAccess {
    /// Where it listens.
    pub listen: Listen,
    /// Where links to contexts begin, without a slash at the end; absent where there are none.
    pub public_url: Option<String>,
    /// For how long such a link is good.
    pub context_link: SignedDuration,
    /// Whose pages may show a context in a frame; absent for Genesys' apps in the tenants' regions.
    pub frame_ancestors: Option<Vec<FrameAncestor>>,
    /// How many requests the applications of a tenant may make in a minute.
    pub requests_per_minute_per_tenant: NonZeroU32,
}

/// Reads `[application]`.
pub(super) fn read(mut section: Section<'_>) -> Result<ApplicationAccess, ConfigurationProblem> {
    let hours = section.number("context_link_hours", 1..=720)?.unwrap_or(24);
    let requests = section.number("requests_per_minute_per_tenant", 1..=1_000_000)?;
    let requests = NonZeroU32::new(requests.unwrap_or(6_000));
    let access = ApplicationAccess {
        listen: listen::address(&mut section, "127.0.0.1:8082")?,
        public_url: public_url(&mut section)?,
        context_link: SignedDuration::from_hours(hours.into()),
        frame_ancestors: frame_ancestors(&mut section)?,
        requests_per_minute_per_tenant: requests.unwrap_or(NonZeroU32::MIN),
    };
    section.finish()?;
    Ok(access)
}

/// The origins that are listed, of which there may be none.
fn frame_ancestors(
    section: &mut Section<'_>,
) -> Result<Option<Vec<FrameAncestor>>, ConfigurationProblem> {
    let listed = section.optional_texts("frame_ancestors")?;
    let read = |(name, text): (String, String)| {
        FrameAncestor::parse(&text)
            .map_err(|problem| ConfigurationProblem::new(name, problem.to_string()))
    };
    listed.map(|listed| listed.into_iter().map(read).collect()).transpose()
}

fn public_url(section: &mut Section<'_>) -> Result<Option<String>, ConfigurationProblem> {
    let Some(text) = section.text("public_url")? else { return Ok(None) };
    let is_plain = |url: &Url| {
        matches!(url.scheme(), "https" | "http")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    match Url::parse(&text).ok().filter(is_plain) {
        Some(_) => Ok(Some(text.trim_end_matches('/').to_owned())),
        None => {
            let problem = "has to be an address such as https://baton.example.com";
            Err(ConfigurationProblem::new(section.name("public_url"), problem))
        }
    }
}

/// Reads `[[tenants.webhooks]]`.
pub(super) fn webhooks(
    sections: Vec<Section<'_>>,
    tenant: &TenantKey<'static>,
    secrets: &mut Secrets<'_>,
) -> Result<Vec<Webhook>, ConfigurationProblem> {
    let mut webhooks: Vec<Webhook> = Vec::new();
    for section in sections {
        let key = section.name("url");
        let webhook = webhook(section, tenant, secrets)?;
        if webhooks.iter().any(|other| other.endpoint() == webhook.endpoint()) {
            let problem = "is that of an earlier section; take one of them out";
            return Err(ConfigurationProblem::new(key, problem));
        }
        webhooks.push(webhook);
    }
    Ok(webhooks)
}

fn webhook(
    mut section: Section<'_>,
    tenant: &TenantKey<'static>,
    secrets: &mut Secrets<'_>,
) -> Result<Webhook, ConfigurationProblem> {
    let url = section.needed_text("url")?;
    let reach = match section.truth("allow_private")? {
        Some(true) => Reach::PrivateToo,
        Some(false) | None => Reach::Public,
    };
    let mut signs = Vec::new();
    for key in ["secret", "previous_secret"] {
        let name = section.name(key);
        let secret = match key {
            "secret" => Some(secrets.read_itself(&mut section, key)?),
            _ => secrets.read_itself_if_there(&mut section, key)?,
        };
        let Some(secret) = secret else { continue };
        let secret = WebhookSecret::parse(secret.expose());
        signs.push(secret.map_err(|error| ConfigurationProblem::new(name, error.to_string()))?);
    }
    let mut events = Vec::new();
    for (name, event) in section.texts("events")? {
        if !event.starts_with(EVENT_TYPE) {
            let problem = "has to be the type of an event, such as EVENT_TYPE_LIVE_AGENT_MESSAGE";
            return Err(ConfigurationProblem::new(name, problem));
        }
        events.push(event);
    }
    let events = (!events.is_empty()).then_some(events);
    let name = section.name("url");
    section.finish()?;
    Webhook::new(tenant.clone(), &url, reach, signs, events)
        .map_err(|error| ConfigurationProblem::new(name, format!("cannot be used: {error}")))
}

#[cfg(test)]
mod tests {
    use baton_listener::Listen;

    use crate::configuration::{Configuration, Tenant};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn parse(before: &str, tenant: &str) -> Result<Configuration, String> {
        let environment = |name: &str| match name {
            "WEBHOOK_SECRET" => Some(SECRET.to_owned()),
            "SHORT" => Some("whsec_AAAA".to_owned()),
            name => Some(format!("{name}-0123456789abcdef0123456789abcdef")),
        };
        let text = format!(
            "{before}\n[[tenants]]\naccount_id = 'a'\nproject_id = 'p'\nclient_env = 'e'\n\
             integration_id = 'i'\nconnector_tokens = [{{ env = 'TOKEN' }}]\nhosts = ['h.example']\n\
             {tenant}"
        );
        match Configuration::parse(&text, &environment) {
            Ok((configuration, _)) => Ok(configuration),
            Err(error) => Err(error.to_string()),
        }
    }

    fn tenant(text: &str) -> Result<Tenant, String> {
        parse("", text).map(|configuration| configuration.tenants.into_iter().next().unwrap())
    }

    #[test]
    fn the_listener_is_opened_only_where_somebody_may_use_it() {
        let listen = |before, tenant| parse(before, tenant).unwrap().application_listen();
        assert_eq!(listen("", ""), None);
        let default = Some(Listen::Cleartext("127.0.0.1:8082".parse().unwrap()));
        assert_eq!(listen("", "api_keys = [{ env = 'KEY' }]"), default);
        assert_eq!(listen("application.public_url = 'https://b.example/x/'", ""), default);
    }

    #[test]
    fn how_often_applications_may_ask_is_read() {
        let read =
            |number| parse(&format!("application.requests_per_minute_per_tenant = {number}"), "");
        let given = read(7).unwrap().application.requests_per_minute_per_tenant;
        assert_eq!(given.get(), 7);
        let error = read(0).unwrap_err();
        assert!(error.contains("application.requests_per_minute_per_tenant has to be"), "{error}");
    }

    #[test]
    fn a_public_url_is_the_beginning_of_an_address() {
        let read = |url: &str| parse(&format!("application.public_url = '{url}'"), "");
        let given = read("https://b.example/x/").unwrap().application.public_url;
        assert_eq!(given.as_deref(), Some("https://b.example/x"));
        for url in ["", "b.example", "ftp://b.example", "https://b.example/?a=b", "https://u@b/"] {
            assert!(read(url).unwrap_err().contains("application.public_url"), "{url}");
        }
    }

    #[test]
    fn a_context_is_shown_in_the_apps_of_the_tenants_regions_or_where_it_is_said() {
        let read = |before: &str, tenant: &str| {
            let frame_ancestors = parse(before, tenant)?.frame_ancestors();
            Ok::<_, String>(frame_ancestors.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let genesys = |at: &str| {
            format!(
                "[tenants.genesys]\n{at}\nclient_id = 'c'\nclient_secret = {{ env = 'SECRET' }}"
            )
        };
        let none: [&str; 0] = [];
        assert_eq!(read("", "").unwrap(), none);
        assert_eq!(read("", &genesys("base_url = 'http://127.0.0.1:1'")).unwrap(), none);
        let region = genesys("region = 'eu-central-1'");
        assert_eq!(read("", &region).unwrap(), ["https://apps.mypurecloud.de"]);
        assert_eq!(read("application.frame_ancestors = []", &region).unwrap(), none);
        let listed =
            "application.frame_ancestors = ['https://Desk.example/', 'http://localhost:1']";
        assert_eq!(read(listed, &region).unwrap(), ["https://desk.example", "http://localhost:1"]);
        for (list, problem) in [
            ("'https://desk.example'", "frame_ancestors has to be a list"),
            ("['https://a.example', 'https:']", "frame_ancestors[1] is no origin"),
            ("[7]", "frame_ancestors[0] has to be a text"),
            ("['http://desk.example']", "frame_ancestors[0] is an origin of plain http"),
        ] {
            let error = read(&format!("application.frame_ancestors = {list}"), "").unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn no_key_serves_two_tenants_or_two_purposes() {
        let error = tenant("api_keys = [{ env = 'TOKEN' }]").unwrap_err();
        assert!(error.contains("tenants[0].api_keys holds a secret of"), "{error}");
    }

    #[test]
    fn webhooks_are_read_and_what_is_wrong_with_one_is_named() {
        let webhook = |rest: &str| {
            tenant(&format!("[[tenants.webhooks]]\nsecret = {{ env = 'WEBHOOK_SECRET' }}\n{rest}"))
        };
        let read = webhook("url = 'https://app.example/hook?key=hunter2'").unwrap();
        assert!(!format!("{read:?}").contains("hunter2"));
        assert!(read.webhooks[0].wants("EVENT_TYPE_LIVE_AGENT_MESSAGE"));
        let some = "url = 'https://app.example'\nevents = ['EVENT_TYPE_SESSION_END']";
        assert!(!webhook(some).unwrap().webhooks[0].wants("EVENT_TYPE_LIVE_AGENT_MESSAGE"));
        for (rest, key) in [
            ("", "webhooks[0].url is missing"),
            ("url = 'https://127.0.0.1/'", "webhooks[0].url cannot be used"),
            ("url = 'http://app.example/'", "webhooks[0].url cannot be used"),
            ("url = 'https://app.example'\nevents = ['SESSION_END']", "webhooks[0].events[0] has"),
            (
                "url = 'https://app.example'\nprevious_secret = { env = 'SHORT' }",
                "webhooks[0].previous_secret has",
            ),
        ] {
            let error = webhook(rest).unwrap_err();
            assert!(error.contains(key), "{error}");
        }
    }
}
