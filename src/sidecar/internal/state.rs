//! How things stand: `GET /internal/v1/tenants` for people, `GET /internal/v1/metrics` for
//! Prometheus.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use baton_core::tenant::TenantKey;
use baton_genesys::{ChannelStatus, TokenState};
use serde::Serialize;
use tokio::time::timeout;

use super::{Internal, QUESTION, authorize, slow};
use crate::{cause::Chain, link::Link, problem::Problem, standing::Standing};

/// The text format of Prometheus, version 0.0.4.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How a tenant stands.
#[derive(Serialize)]
struct TenantShown {
    tenant: TenantKey<'static>,
    #[serde(flatten)]
    standing: Standing,
    integration_id: Option<String>,
    token: &'static str,
    /// Calls that wait for the rate limit.
    waiting_calls: usize,
    channels: Vec<ChannelShown>,
}

/// How a notification channel stands.
#[derive(Serialize)]
struct ChannelShown {
    number: usize,
    state: &'static str,
    topics: usize,
    /// Topics that Genesys does not grant; their handoffs are read over REST.
    refused: usize,
    replaced: u32,
}

pub(super) async fn tenants(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let shown = |link: &Arc<Link>| TenantShown {
        tenant: link.tenant.clone(),
        standing: link.standing.now(),
        integration_id: link.integration_id.get().cloned(),
        token: token_state(link),
        waiting_calls: waiting(link),
        channels: channels(link),
    };
    let mut tenants: Vec<TenantShown> = internal.links.iter().map(shown).collect();
    tenants.sort_by_key(|shown| shown.tenant.to_string());
    Ok(Json(tenants).into_response())
}

fn token_state(link: &Link) -> &'static str {
    match link.genesys.token_state() {
        TokenState::None => "none",
        TokenState::Held { .. } => "held",
        TokenState::Failing { .. } => "failing",
    }
}

fn waiting(link: &Link) -> usize {
    link.genesys.rate_state().waiting.iter().map(|(_, waiting)| waiting).sum()
}

fn channels(link: &Link) -> Vec<ChannelShown> {
    let shown = |status: &ChannelStatus| ChannelShown {
        number: status.number,
        state: status.state.name(),
        topics: status.topics,
        refused: status.refused,
        replaced: status.replaced,
    };
    link.channels.states().borrow().iter().map(shown).collect()
}

pub(super) async fn metrics(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let counts = timeout(QUESTION, internal.directory.store.work_counts()).await;
    let counts = counts.map_err(|_| slow())?.map_err(|error| {
        tracing::error!(error = %Chain(&error), "the metrics could not be read");
        Problem::try_again("the store cannot be read; see the log")
    })?;
    let mut text = String::new();
    for (name, help, value) in [
        ("open_handoffs", "Handoffs that go on.", counts.open_handoffs),
        ("waiting_messages", "Messages of users that wait for Genesys.", counts.waiting_outgoing),
        ("waiting_receipts", "Receipts that wait for Genesys.", counts.waiting_receipts),
    ] {
        head(&mut text, name, help);
        line(&mut text, name, "", value);
    }
    let links: Vec<&Arc<Link>> = internal.links.iter().collect();
    head(&mut text, "tenant_up", "Whether the tenant reaches Genesys.");
    for link in &links {
        let up = u64::from(link.standing.now() == Standing::Up);
        line(&mut text, "tenant_up", &format!("tenant=\"{}\"", link.tenant), up);
    }
    // Tenants may share a client, with its rate and its channels.
    let clients: BTreeMap<&str, &Arc<Link>> =
        links.iter().map(|link| (link.client.as_str(), *link)).collect();
    head(&mut text, "waiting_calls", "Calls to Genesys that wait for the rate limit.");
    for (client, link) in &clients {
        line(
            &mut text,
            "waiting_calls",
            &format!("client=\"{}\"", escaped(client)),
            waiting(link) as u64,
        );
    }
    head(&mut text, "channels", "Notification channels, by what they do.");
    for (client, link) in &clients {
        let mut counts = BTreeMap::<&str, u64>::new();
        for channel in channels(link) {
            *counts.entry(channel.state).or_default() += 1;
        }
        for (state, count) in counts {
            let labels = format!("client=\"{}\",state=\"{state}\"", escaped(client));
            line(&mut text, "channels", &labels, count);
        }
    }
    Ok(([(CONTENT_TYPE, METRICS)], text).into_response())
}

/// A label's value as Prometheus reads it.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

fn head(text: &mut String, name: &str, help: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "# HELP baton_{name} {help}\n# TYPE baton_{name} gauge");
}

fn line(text: &mut String, name: &str, labels: &str, value: u64) {
    let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let _ = writeln!(text, "baton_{name}{labels} {value}");
}
