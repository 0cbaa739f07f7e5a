//! What set-up has to know: from options, or from the person at the terminal.

use baton_core::tenant::TenantKey;
use baton_genesys::{CallError, Credentials, Genesys, Hosts, IntegrationRef, REGIONS, Secret};
use baton_setup::{SetUpError, Wanted};
use reqwest::Url;

use super::{Arguments, ask::Ask, genesys};
use crate::{failure::Failure, output, secret, tenant};

/// What set-up has to know.
pub(crate) struct Answers {
    pub(crate) place: GenesysPlace,
    pub(crate) client: Option<Client>,
    pub(crate) tenant: TenantKey<'static>,
    pub(crate) public_host: String,
    /// Where Genesys is to send the webhooks.
    pub(crate) webhook_url: String,
    pub(crate) integration: IntegrationRef,
    /// The name of the agents' queue, if it is to be looked at.
    pub(crate) queue: Option<String>,
    /// The name of the inbound message flow, if one is chosen.
    pub(crate) flow: Option<String>,
}

/// Where Genesys is.
pub(crate) enum GenesysPlace {
    /// In a region, as it was given.
    Region { text: String, hosts: Hosts },
    /// At one address.
    At { url: String, hosts: Hosts },
}

/// The OAuth client.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) genesys: Genesys,
}

impl GenesysPlace {
    fn region(text: &str) -> Result<Self, String> {
        let hosts = Hosts::parse(text).map_err(|problem| problem.to_string())?;
        Ok(Self::Region { text: text.trim().to_owned(), hosts })
    }

    fn at(url: &str) -> Result<Self, String> {
        let hosts = Hosts::at(url).map_err(|problem| problem.to_string())?;
        Ok(Self::At { url: url.trim().to_owned(), hosts })
    }

    fn hosts(&self) -> &Hosts {
        match self {
            Self::Region { hosts, .. } | Self::At { hosts, .. } => hosts,
        }
    }

    /// The name that AWS gives the region, where it is known.
    pub(crate) fn aws_region(&self) -> Option<&'static str> {
        let Self::Region { hosts, .. } = self else { return None };
        let base = hosts.api().host_str()?.strip_prefix("api.")?;
        REGIONS.iter().find(|region| region.base == base).map(|region| region.aws)
    }
}

impl Answers {
    /// Takes them from the options, and asks for what is missing.
    pub(crate) async fn collect(arguments: &Arguments, ask: &mut Ask) -> Result<Self, Failure> {
        let place = place(arguments, ask)?;
        let client = match arguments.terraform {
            true => None,
            false => client(arguments, &place, ask)?,
        };
        let public_url = ask.unless_given(
            "--public-url",
            arguments.public_url.as_deref(),
            "Public address of the edge, such as https://chat.example.com",
            |text| public_url(text, &place),
        )?;
        let tenant = ask.unless_given(
            "--tenant",
            arguments.tenant.as_deref(),
            "Tenant, as account/project/environment, such as acme/support/live",
            tenant::tenant,
        )?;
        let integration = integration(arguments, client.as_ref(), ask).await?;
        let queue = ask.unless_left_out(
            arguments.queue.as_deref(),
            "Agents' queue, which may be a new one (empty: leave queues alone)",
        )?;
        let flow = flow(arguments, client.as_ref(), ask).await?;
        Ok(Self {
            webhook_url: webhook_url(&public_url, &tenant),
            public_host: public_url.host_str().unwrap_or_default().to_owned(),
            place,
            client,
            tenant,
            integration,
            queue,
            flow,
        })
    }

    pub(crate) fn wanted(&self, arguments: &Arguments) -> Result<Wanted, Failure> {
        Ok(Wanted {
            integration: self.integration.clone(),
            webhook_url: self.webhook_url.clone(),
            secret: arguments.wanted_secret()?,
            queue: self.queue.clone(),
            bot_queue: arguments.bot_queue.clone(),
            flow: self.flow.clone(),
        })
    }
}

fn place(arguments: &Arguments, ask: &mut Ask) -> Result<GenesysPlace, Failure> {
    if let Some(url) = arguments.base_url.as_deref() {
        return GenesysPlace::at(url)
            .map_err(|problem| Failure::Option { option: "--base-url", problem });
    }
    if arguments.region.is_none() && ask.is_possible() {
        output::note("The regions of Genesys Cloud:");
        for region in REGIONS {
            output::note(&format!("  {:<16} {}", region.aws, region.base));
        }
    }
    ask.unless_given(
        "--region",
        arguments.region.as_deref(),
        "Region, from the list or as in the address at which you log in",
        GenesysPlace::region,
    )
}

fn client(
    arguments: &Arguments,
    place: &GenesysPlace,
    ask: &mut Ask,
) -> Result<Option<Client>, Failure> {
    let id = match &arguments.client_id {
        Some(id) => id.clone(),
        None if ask.is_possible() => {
            ask.line("Id of the OAuth client (empty: there is none yet)")?
        }
        None => String::new(),
    };
    if id.is_empty() {
        return Ok(None);
    }
    let secret = match (&arguments.client_secret_env, &arguments.client_secret_file) {
        (Some(name), _) => Secret::new(secret::variable("--client-secret-env", name)?),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| Failure::Read { path: path.clone(), source })?;
            Secret::new(secret::not_empty("--client-secret-file", text.trim())?)
        }
        (None, None) if ask.is_possible() => ask.secret("Secret of the OAuth client")?,
        (None, None) => {
            let problem = "it or --client-secret-file is needed with --client-id".to_owned();
            return Err(Failure::Option { option: "--client-secret-env", problem });
        }
    };
    let credentials = Credentials { client_id: id.clone(), client_secret: secret.clone() };
    let genesys = genesys(place.hosts().clone(), credentials)?;
    Ok(Some(Client { id, secret, genesys }))
}

/// Genesys calls https alone, at its usual port (Genesys reference, 10).
fn public_url(text: &str, place: &GenesysPlace) -> Result<Url, String> {
    let form = "give an address such as https://chat.example.com, without a user, a query or a \
                fragment";
    let url = Url::parse(text.trim()).map_err(|_| form.to_owned())?;
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_bare || !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(form.to_owned());
    }
    let is_reached = url.scheme() == "https" && url.port().is_none();
    match place {
        GenesysPlace::Region { .. } if !is_reached => {
            Err("Genesys calls https alone, at the usual port 443; put a TLS proxy there"
                .to_owned())
        }
        _ => Ok(url),
    }
}

fn webhook_url(public_url: &Url, tenant: &TenantKey<'_>) -> String {
    let TenantKey { account_id, project_id, client_env } = tenant;
    let base = public_url.as_str().trim_end_matches('/');
    format!("{base}/webhooks/genesys/{account_id}/{project_id}/{client_env}/events")
}

/// The one that is given; or one to choose from those that there are.
async fn integration(
    arguments: &Arguments,
    client: Option<&Client>,
    ask: &mut Ask,
) -> Result<IntegrationRef, Failure> {
    if let Some(id) = &arguments.integration_id {
        return Ok(IntegrationRef::Id(id.clone()));
    }
    let known = match client.filter(|_| arguments.integration.is_none() && ask.is_possible()) {
        Some(client) => visible(client.genesys.integrations().await)?,
        None => Vec::new(),
    };
    for (place, integration) in known.iter().enumerate() {
        let name = output::harmless(&integration.name);
        output::note(&format!("  {}  {name} ({})", place + 1, output::harmless(&integration.id)));
    }
    let question = match known.as_slice() {
        [] => "Name of the Open Messaging integration",
        _ => "Open Messaging integration: its number above, or the name of a new one",
    };
    ask.unless_given("--integration", arguments.integration.as_deref(), question, |text| {
        let text = text.trim();
        let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match number.and_then(|place| known.get(place)) {
            Some(integration) => Ok(IntegrationRef::Id(integration.id.clone())),
            None if text.is_empty() => Err("give it a name".to_owned()),
            None if text.contains(char::is_control) => Err("a name is one line".to_owned()),
            None => Ok(IntegrationRef::Name(text.to_owned())),
        }
    })
}

/// The flow that is given; or one to choose from those that there are.
async fn flow(
    arguments: &Arguments,
    client: Option<&Client>,
    ask: &mut Ask,
) -> Result<Option<String>, Failure> {
    // Without a client nothing could be attached to it.
    let Some(client) = client else { return Ok(arguments.flow.clone()) };
    if arguments.flow.is_none() && ask.is_possible() {
        for flow in visible(client.genesys.inbound_message_flows().await)? {
            output::note(&format!("  {}", output::harmless(&flow.name)));
        }
    }
    let question = "Inbound message flow, by its name (empty: leave it as it is)";
    ask.unless_left_out(arguments.flow.as_deref(), question)
}

/// Those that the client may see, which may be none.
fn visible<T>(listed: Result<Vec<T>, CallError>) -> Result<Vec<T>, Failure> {
    match listed {
        Ok(known) => Ok(known),
        Err(CallError::Genesys(error)) if error.status == 403 => Ok(Vec::new()),
        Err(error) => Err(SetUpError::from(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> GenesysPlace {
        GenesysPlace::at("http://127.0.0.1:8090").unwrap()
    }

    #[test]
    fn the_webhook_url_is_below_the_public_address() {
        let tenant = TenantKey::new("acme", "support", "live");
        for (public, expected) in [
            ("https://chat.example.com", "https://chat.example.com/webhooks"),
            ("https://chat.example.com/handoff/", "https://chat.example.com/handoff/webhooks"),
            ("http://127.0.0.1:10000", "http://127.0.0.1:10000/webhooks"),
        ] {
            let url = public_url(public, &at()).unwrap();
            let expected = format!("{expected}/genesys/acme/support/live/events");
            assert_eq!(webhook_url(&url, &tenant), expected);
        }
    }

    #[test]
    fn genesys_itself_is_given_no_address_that_it_does_not_call() {
        let region = GenesysPlace::region("https://apps.mypurecloud.de/").unwrap();
        for public in ["http://chat.example.com", "https://chat.example.com:8443"] {
            assert!(public_url(public, &region).is_err(), "{public}");
            assert!(public_url(public, &at()).is_ok(), "{public}");
        }
        for public in ["chat.example.com", "https://a:b@chat.example.com", "https://x.y?z"] {
            assert!(public_url(public, &at()).is_err(), "{public}");
        }
    }

    #[test]
    fn terraform_is_told_the_region_by_its_name_at_aws() {
        for text in ["eu-central-1", "mypurecloud.de", "https://apps.mypurecloud.de"] {
            let place = GenesysPlace::region(text).unwrap();
            assert_eq!(place.aws_region(), Some("eu-central-1"), "{text}");
        }
        assert_eq!(at().aws_region(), None);
    }
}
