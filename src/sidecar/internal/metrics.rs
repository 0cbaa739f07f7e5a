//! What is counted, and how things stand, for Prometheus: what the observation listener shows.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use baton_metrics::{ClientSnapshot, DeadLetters, Snapshot, StoreSnapshot, TenantSnapshot};
use baton_problem::Problem;
use baton_store::{
    Counterpart, DeadLetterCount, DeadLetterKind, Store, StoreError, StoreSize, TenantWork,
};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    Internal, QUESTION,
    state::{token_state, waiting},
};
use crate::{
    cause::Chain,
    link::{Link, Links},
    orphans::Counterparts,
    outgoing::OutgoingMessage,
    standing::Standing,
};

/// All of it, in the OpenMetrics text format.
pub(crate) async fn text(
    internal: &Internal,
    store_takes_writes: bool,
) -> Result<Response, Problem> {
    let (store, now) = (&internal.directory.store, internal.clock.now());
    // Whoever is on call needs the rest most when the store fails.
    let store = match timeout(QUESTION, of_store(store, &internal.counterparts, now)).await {
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
    let (tenants, clients) = (of_tenants(links), of_clients(links));
    let now = Snapshot { tenants, clients, store, store_takes_writes };
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

async fn of_store(
    store: &Store,
    counterparts: &Counterparts,
    now: Timestamp,
) -> Result<StoreSnapshot, StoreError> {
    let age = |since: Option<Timestamp>| {
        let age = since.map(|since| now.duration_since(since));
        age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default()
    };
    let counts = store.work_counts().await?;
    let received = counts.oldest_delivery_at_ms;
    let received = received.and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
    let StoreSize { file_bytes, log_bytes } = store.size().await?;
    let mut shown = StoreSnapshot {
        waiting_receipts: counts.waiting_receipts,
        waiting_notifications: counts.waiting_notifications,
        waiting_deliveries: counts.waiting_deliveries,
        oldest_delivery: age(received),
        file_bytes,
        log_bytes,
        queued_writes: store.queued_writes() as u64,
        ..StoreSnapshot::default()
    };
    for work in store.work_of_tenants().await? {
        if counterparts.has(&work.tenant, Counterpart::Genesys) {
            shown.open_handoffs += work.open_handoffs;
            shown.waiting_messages += work.waiting_outgoing;
            shown.oldest_message = shown.oldest_message.max(age(said_at(&work)));
        } else {
            shown.orphans.handoffs += work.open_handoffs;
            shown.orphans.messages += work.waiting_outgoing;
        }
        match counterparts.has(&work.tenant, Counterpart::Bot) {
            true => shown.waiting_turns += work.waiting_turns,
            false => shown.orphans.turns += work.waiting_turns,
        }
    }
    for DeadLetterCount { kind, kept, ever } in store.dead_letter_counts().await? {
        let of = |letters: &mut DeadLetters, count| match kind {
            DeadLetterKind::Delivery => letters.deliveries = count,
            DeadLetterKind::Message => letters.messages = count,
            DeadLetterKind::Notification => letters.notifications = count,
        };
        of(&mut shown.dead_letters_kept, kept);
        of(&mut shown.dead_letters, ever);
    }
    Ok(shown)
}

/// When the message was said that has waited longest.
fn said_at(work: &TenantWork) -> Option<Timestamp> {
    let body = &work.oldest_outgoing.as_ref()?.body;
    serde_json::from_str::<OutgoingMessage>(body).ok().map(|message| message.at())
}
