//! What is counted, and how things stand, for Prometheus: what the observation listener shows.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use baton_metrics::{ClientSnapshot, DeadLetters, Snapshot, StoreSnapshot, TenantSnapshot};
use baton_store::{DeadLetterKind, OldestWaiting, Store, StoreError, StoreSize};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    Internal, QUESTION,
    state::{token_state, waiting},
};
use crate::{
    cause::Chain,
    link::{Link, Links},
    outgoing::OutgoingMessage,
    problem::Problem,
    standing::Standing,
};

/// All of it, in the OpenMetrics text format.
pub(crate) async fn text(internal: &Internal) -> Result<Response, Problem> {
    let (store, now) = (&internal.directory.store, internal.clock.now());
    // Whoever is on call needs the rest most when the store fails.
    let store = match timeout(QUESTION, of_store(store, now)).await {
        Ok(Ok(store)) => Some(store),
        Ok(Err(error)) => {
            tracing::error!(error = %Chain(&error), "the store's metrics could not be read");
            None
        }
        Err(_) => {
            tracing::error!("the store did not answer in time for the metrics");
            None
        }
    };
    let links = &internal.links;
    let now = Snapshot { tenants: of_tenants(links), clients: of_clients(links), store };
    let text = internal.metrics.text(&now);
    let text = text.map_err(|_| Problem::try_again("the metrics could not be written"))?;
    Ok(([(CONTENT_TYPE, baton_metrics::CONTENT_TYPE)], text).into_response())
}

fn of_tenants(links: &Links) -> Vec<TenantSnapshot> {
    let shown = |link: &Arc<Link>| TenantSnapshot {
        tenant: link.tenant.to_string(),
        up: link.standing.now() == Standing::Up,
    };
    links.iter().map(shown).collect()
}

/// Each client once: tenants may share one, with its rate and its channels.
fn of_clients(links: &Links) -> Vec<ClientSnapshot> {
    let clients: BTreeMap<&str, &Arc<Link>> =
        links.iter().map(|link| (link.client.as_str(), link)).collect();
    let shown = |(client, link): (&str, &Arc<Link>)| {
        let channels = link.channels.states().borrow().clone();
        let sum = |count: fn(&_) -> usize| channels.iter().map(count).sum::<usize>() as u64;
        ClientSnapshot {
            client: client.to_owned(),
            waiting_calls: waiting(link) as u64,
            token: token_state(link),
            channels: channels.iter().map(|channel| channel.state.name()).collect(),
            topics: sum(|channel| channel.topics),
            refused_topics: sum(|channel| channel.refused),
        }
    };
    clients.into_iter().map(shown).collect()
}

async fn of_store(store: &Store, now: Timestamp) -> Result<StoreSnapshot, StoreError> {
    let counts = store.work_counts().await?;
    let OldestWaiting { delivery_at_ms, outgoing } = store.oldest_waiting().await?;
    let StoreSize { file_bytes, log_bytes } = store.size().await?;
    let received = delivery_at_ms.and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
    let said = outgoing.and_then(|body| serde_json::from_str::<OutgoingMessage>(&body).ok());
    let age = |since: Option<Timestamp>| {
        let age = since.map(|since| now.duration_since(since));
        age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default()
    };
    let mut dead_letters = DeadLetters::default();
    for (kind, count) in store.dead_letter_counts().await? {
        *match kind {
            DeadLetterKind::Delivery => &mut dead_letters.deliveries,
            DeadLetterKind::Message => &mut dead_letters.messages,
            DeadLetterKind::Notification => &mut dead_letters.notifications,
        } = count;
    }
    Ok(StoreSnapshot {
        open_handoffs: counts.open_handoffs,
        waiting_messages: counts.waiting_outgoing,
        oldest_message: age(said.map(|message| message.at())),
        waiting_receipts: counts.waiting_receipts,
        waiting_turns: counts.waiting_turns,
        waiting_notifications: counts.waiting_notifications,
        waiting_deliveries: counts.waiting_deliveries,
        oldest_delivery: age(received),
        dead_letters,
        file_bytes,
        log_bytes,
        queued_writes: store.queued_writes() as u64,
    })
}
