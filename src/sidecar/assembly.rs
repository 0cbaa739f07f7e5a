//! The parts of a sidecar, and how they are put together: who shares what with whom.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use axum::Router;
use baton_application::{Application, ContextLinks, WebhookSender};
use baton_chat::{AccessTokens, Admission, Allowance, Chat, Connector, Limits, Passing};
use baton_metrics::Metrics;
use baton_process::{Clock, Random};
use baton_store::Store;
use baton_traces::Traces;
use tokio::sync::Notify;

use crate::{
    application_sessions::{destinations, doors},
    bots::bots,
    configuration::{Configuration, Tenant},
    descriptors::MostConnections,
    directory::Directory,
    dispatcher::Dispatcher,
    draining::Stages,
    edge,
    internal::{Internal, intakes},
    link::Links,
    links::Making,
    live_sessions::LiveSessions,
    orphans::{Counterparts, Grace, Orphans},
    pacing::Pacing,
    receipts::Receipts,
    registry::{Registry, Surroundings, places},
    run_error::RunError,
    signing_keys::{ACCESS_TOKEN, CONTEXT_LINK, SigningKeyError, SigningKeys},
    sweeper::Sweeper,
    tenant_book::{TenantBook, tenant_orders},
    tenant_edges::TenantEdges,
    vital_signs::Pulse,
    webhooks::{Sending, Webhooks},
};

/// How long an actor without connections and messages stays.
const ACTOR_IDLE: Duration = Duration::from_secs(30);

/// What the parts of a sidecar are made of.
#[derive(Debug)]
pub(crate) struct Materials {
    pub(crate) configuration: Configuration,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) limits: Limits,
    pub(crate) pacing: Pacing,
    pub(crate) passing: Passing,
    pub(crate) tenant_book: Option<TenantBook>,
    pub(crate) traces: Traces,
}

/// What runs.
pub(crate) struct Parts {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) receipts: Receipts,
    pub(crate) sweeper: Sweeper,
    pub(crate) orphans: Orphans,
    pub(crate) links: Links,
    pub(crate) registry: Registry,
    pub(crate) token_keys: SigningKeys,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) chat: Router,
    pub(crate) internal: Router,
    pub(crate) edge: Router,
    pub(crate) application: Router,
    /// What monitoring asks about.
    pub(crate) observed: Weak<Internal>,
    pub(crate) pulse: Pulse,
    /// The links to contexts, with the keys by which they are signed.
    pub(crate) context_links: Option<(SigningKeys, ContextLinks)>,
    pub(crate) webhooks: Webhooks,
    pub(crate) senders: Vec<WebhookSender>,
}

impl Materials {
    /// Puts them together.
    ///
    /// # Errors
    ///
    /// If the store cannot be used, or a client cannot be made.
    pub(crate) async fn assemble(
        self,
        most: &MostConnections,
        stages: &Stages,
    ) -> Result<Parts, RunError> {
        let shutdown = &stages.inside;
        let Self {
            configuration,
            store,
            clock,
            random,
            limits,
            pacing,
            passing,
            tenant_book,
            traces,
        } = self;
        let metrics = metrics_of(&configuration.tenants);
        let keys = |name| SigningKeys {
            name,
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let token_keys = keys(ACCESS_TOKEN);
        let (newest, older) = token_keys.current().await?;
        let access_tokens = AccessTokens::new(&newest, &older);
        let context_links = match &configuration.application.public_url {
            Some(url) => Some(context_links(keys(CONTEXT_LINK), url, &configuration).await?),
            None => None,
        };
        let frame_ancestors = configuration.frame_ancestors();
        let webhooks = Webhooks::new(&configuration.tenants);
        let senders = webhooks.senders(&Sending {
            store: &store,
            clock: &clock,
            pace: &pacing.webhooks,
            metrics: &metrics,
            traces,
            shutdown,
        })?;
        let making = Making {
            store: &store,
            random: &random,
            shutdown,
            pacing: &pacing,
            metrics: &metrics,
            most_channels: configuration.channels_per_client,
        };
        let links = making.links(&configuration.tenants)?;
        let bots = bots(&configuration.tenants, &pacing.bot, &random)?;
        let counterparts = Counterparts { links: links.clone(), bots: bots.clone() };
        let directory =
            Arc::new(Directory::new(store.clone(), &configuration.tenants, links.clone()));
        let queued = Arc::new(Notify::new());
        let surroundings = Arc::new(Surroundings {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
            links: links.clone(),
            bots,
            webhooks: webhooks.clone(),
            context_links: context_links.as_ref().map(|(_, links)| links.clone()),
            receipts: Arc::clone(&queued),
            passing,
            metrics: metrics.clone(),
            traces,
            typing_pause: pacing.typing,
            thinking_pause: pacing.thinking,
            limits,
            sessions: configuration.sessions.clone(),
            started_at: clock.now(),
            idle: ACTOR_IDLE,
            places: places(),
        });
        let registry = Registry::new(Arc::clone(&surroundings), shutdown.clone());
        let arrived = Arc::new(Notify::new());
        let pulse = Pulse::new();
        let dispatcher = Dispatcher {
            directory: Arc::clone(&directory),
            registry: registry.clone(),
            arrived: Arc::clone(&arrived),
            links: links.clone(),
            receipts: Arc::clone(&queued),
            pulse: pulse.clone(),
            shutdown: shutdown.clone(),
        };
        let grace = Grace {
            clock: clock.clone(),
            started_at: surroundings.started_at,
            lasts: configuration.sessions.idle,
        };
        let orphans = Orphans {
            store: store.clone(),
            directory: Arc::clone(&directory),
            counterparts: counterparts.clone(),
            grace: grace.clone(),
            every: pacing.sweeps,
            shutdown: shutdown.clone(),
        };
        let receipts = Receipts {
            store: store.clone(),
            links: links.clone(),
            grace,
            clock: clock.clone(),
            queued,
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
        };
        let sweeper = Sweeper {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            options: configuration.sessions,
            every: pacing.sweeps,
            shutdown: shutdown.clone(),
        };
        let edges = Arc::new(TenantEdges::new(&configuration.tenants));
        let book = tenant_book.map(|book| book.serves(Arc::clone(&edges)));
        let internal = Internal {
            directory: Arc::clone(&directory),
            registry: registry.clone(),
            clock: clock.clone(),
            limits,
            delivery_credentials: configuration.delivery_credentials,
            admin_credentials: configuration.admin_credentials,
            look_up_credentials: configuration.look_up_credentials,
            edges,
            tenant_orders: tenant_orders(book, shutdown.clone()),
            arrived,
            intakes: intakes(),
            links: links.clone(),
            counterparts,
            metrics: metrics.clone(),
            traces,
        };
        let sessions = LiveSessions {
            registry: registry.clone(),
            surroundings: Arc::clone(&surroundings),
            directory: Arc::clone(&directory),
            destinations: destinations(&configuration.tenants),
        };
        let doors = doors(&configuration.tenants);
        let access = &configuration.application;
        let allowance = baton_application::Allowance {
            requests_per_minute_per_tenant: access.requests_per_minute_per_tenant,
            most_streams: most.streams,
        };
        let application = Application {
            admission: baton_application::Admission::new(allowance, doors.len()),
            doors,
            sessions: sessions.clone(),
            store: store.clone(),
            context_links: surroundings.context_links.clone(),
            frame_ancestors,
            clock: clock.clone(),
            limits,
            shutdown: stages.outside.clone(),
        };
        let allowance = Allowance { most_sockets: most.sockets, ..configuration.chat_allowance };
        let chat = Chat {
            connectors: configuration.tenants.into_iter().map(connector).collect(),
            access_tokens: access_tokens.clone(),
            sessions,
            store,
            clock,
            random,
            limits,
            admission: Admission::new(allowance),
            metrics,
            shutdown: stages.outside.clone(),
        };
        let internal = Arc::new(internal);
        let edge = edge::router(Arc::clone(&internal));
        let observed = Arc::downgrade(&internal);
        let (chat, internal) = (chat.router(), internal.router());
        let application = application.router();
        Ok(Parts {
            dispatcher,
            receipts,
            sweeper,
            orphans,
            links,
            registry,
            token_keys,
            access_tokens,
            chat,
            internal,
            edge,
            application,
            observed,
            pulse,
            context_links,
            webhooks,
            senders,
        })
    }
}

/// What is counted of these tenants; nothing is so far.
fn metrics_of(tenants: &[Tenant]) -> Metrics {
    let metrics = Metrics::new();
    for tenant in tenants {
        if tenant.genesys.is_some() {
            metrics.handoffs().announce(&tenant.key);
        }
        if tenant.bot.is_some() {
            metrics.bots().announce(&tenant.key);
        }
    }
    metrics
}

/// The links to contexts under the keys of this moment.
async fn context_links(
    keys: SigningKeys,
    public_url: &str,
    configuration: &Configuration,
) -> Result<(SigningKeys, ContextLinks), SigningKeyError> {
    let (newest, older) = keys.current().await?;
    let lifetime = configuration.application.context_link;
    let links = ContextLinks::new(public_url, lifetime, &newest, &older);
    Ok((keys, links))
}

fn connector(tenant: Tenant) -> Connector {
    Connector { tenant: tenant.key, tokens: tenant.connector_tokens, hosts: tenant.hosts }
}
