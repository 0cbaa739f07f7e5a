//! What waits for a tenant that is not there any more: it was removed, or taken out of the
//! configuration, while chats of its went on; or its Genesys was, or its bot.
//!
//! An operator is told once, at the start. A mistake in a configuration throws nothing away: the
//! chats go on where the tenant is there again at a later start. Until then they end by the time
//! limits of any session, and what is left in those that have ended is given up once the process
//! has run for long enough without the tenant.

use std::{sync::Arc, time::Duration};

use baton_core::tenant::TenantKey;
use baton_process::{Clock, Shutdown};
use baton_store::{Counterpart, Store, StoreError, TenantWork};
use jiff::Timestamp;
use tokio::time::sleep;

use crate::{
    bots::Bots,
    cause::Chain,
    directory::{Directory, NoIntegration},
    link::Links,
};

/// How much is given up in one transaction.
const AT_ONCE: usize = 100;

/// What lies between two such transactions, so that nothing else waits for long.
const BETWEEN_BATCHES: Duration = Duration::from_millis(100);

/// Why a message is a dead letter.
const REASON: &str = "its tenant was not in the configuration any more, or not with Genesys";

/// With whom this process speaks for which tenants.
#[derive(Clone)]
pub(crate) struct Counterparts {
    pub(crate) links: Links,
    pub(crate) bots: Bots,
}

impl Counterparts {
    /// Whether the tenant has this one.
    pub(crate) fn has(&self, tenant: &TenantKey<'_>, counterpart: Counterpart) -> bool {
        match counterpart {
            Counterpart::Genesys => self.links.of(tenant).is_some(),
            Counterpart::Bot => self.bots.of(tenant).is_some(),
        }
    }

    /// For whom something waits, and the tenant does not have them.
    fn missing(&self, work: &TenantWork) -> impl Iterator<Item = Counterpart> {
        let waits_for = |counterpart| match counterpart {
            Counterpart::Genesys => work.open_handoffs + work.waiting_outgoing > 0,
            Counterpart::Bot => work.waiting_turns > 0,
        };
        [Counterpart::Genesys, Counterpart::Bot]
            .into_iter()
            .filter(move |one| waits_for(*one) && !self.has(&work.tenant, *one))
    }
}

/// How long a tenant that is not there has to come back: as long as a session waits for its client,
/// from the start of the process on.
#[derive(Clone)]
pub(crate) struct Grace {
    pub(crate) clock: Clock,
    pub(crate) started_at: Timestamp,
    pub(crate) lasts: Duration,
}

impl Grace {
    pub(crate) fn is_over(&self) -> bool {
        let runs_for = self.clock.now().duration_since(self.started_at);
        Duration::try_from(runs_for).is_ok_and(|runs_for| runs_for >= self.lasts)
    }
}

/// The one task that looks after them.
pub(crate) struct Orphans {
    pub(crate) store: Store,
    pub(crate) directory: Arc<Directory>,
    pub(crate) counterparts: Counterparts,
    pub(crate) grace: Grace,
    /// How long lies between two looks.
    pub(crate) every: Duration,
    pub(crate) shutdown: Shutdown,
}

impl Orphans {
    /// Works until the process stops.
    pub(crate) async fn run(self) {
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = shutdown.begun() => {}
            () = self.work() => {}
        }
    }

    async fn work(&self) {
        while let Err(error) = self.tell().await {
            tracing::error!(error = %Chain(&error), "what waits in sessions could not be read");
            sleep(self.every).await;
        }
        loop {
            if self.grace.is_over()
                && let Err(error) = self.give_up().await
            {
                tracing::error!(error = %Chain(&error), "orphaned work has to wait");
            }
            sleep(self.every).await;
        }
    }

    /// Tells an operator of each tenant that is missed, and how much waits for it.
    async fn tell(&self) -> Result<(), StoreError> {
        let work = self.store.work_of_tenants().await?;
        for tenant in self.store.tenants_with_sessions().await? {
            let work = work.iter().find(|work| work.tenant == tenant);
            if self.directory.integration(&tenant) == Err(NoIntegration::NotConfigured) {
                let chats = self.store.live_sessions_of(&tenant).await?;
                let messages = work.map_or(0, |work| work.waiting_outgoing);
                if chats > 0 || work.is_some() {
                    let seconds = self.grace.lasts.as_secs();
                    tracing::warn!(
                        %tenant,
                        chats,
                        messages,
                        "the tenant of chats that go on is not configured: nobody answers in them; \
                         if that is a mistake, add it and start again within {seconds} s, or those \
                         that nobody is connected to end, and what waits for Genesys is a dead letter"
                    );
                }
            } else if let Some(work) = work {
                self.counterparts.missing(work).for_each(|missing| self.tell_of(work, missing));
            }
        }
        Ok(())
    }

    /// Tells of a tenant that is there without somebody for whom something waits.
    fn tell_of(&self, work: &TenantWork, missing: Counterpart) {
        let (tenant, seconds) = (&work.tenant, self.grace.lasts.as_secs());
        match missing {
            Counterpart::Genesys => tracing::warn!(
                %tenant,
                handoffs = work.open_handoffs,
                messages = work.waiting_outgoing,
                "handoffs go on of a tenant that is configured without Genesys: nobody answers in \
                 them; if that is a mistake, add [tenants.genesys] and start again within \
                 {seconds} s, or those that nobody is connected to end, and what waits for Genesys \
                 is a dead letter"
            ),
            Counterpart::Bot => tracing::warn!(
                %tenant,
                turns = work.waiting_turns,
                "turns wait of a tenant that is configured without a bot: nobody answers them; if \
                 that is a mistake, add [tenants.bot] and start again within {seconds} s, or chats \
                 that nobody is connected to end, and their turns go with them"
            ),
        }
    }

    /// Gives up what is left in sessions that have ended.
    async fn give_up(&self) -> Result<(), StoreError> {
        for work in self.store.work_of_tenants().await? {
            for missing in self.counterparts.missing(&work) {
                self.give_up_for(&work.tenant, missing).await?;
            }
        }
        Ok(())
    }

    async fn give_up_for(
        &self,
        tenant: &TenantKey<'_>,
        missing: Counterpart,
    ) -> Result<(), StoreError> {
        let mut is_told = false;
        loop {
            let at_ms = self.grace.clock.now().as_millisecond();
            let given_up = self.store.give_up_work(tenant, missing, REASON, at_ms, AT_ONCE).await?;
            if given_up > 0 && !is_told {
                tracing::warn!(%tenant, "what waited in ended chats of a tenant is given up: {REASON}");
                is_told = true;
            }
            if given_up < AT_ONCE {
                return Ok(());
            }
            sleep(BETWEEN_BATCHES).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use baton_process::shutdown;
    use baton_store::{NewEvent, NewSession, NewTurn, Step};

    use super::*;

    fn grace(lasts: Duration) -> Grace {
        Grace { clock: Clock::system(), started_at: Clock::system().now(), lasts }
    }

    #[test]
    fn a_tenant_has_its_time_from_the_start_of_the_process_on() {
        assert!(grace(Duration::ZERO).is_over());
        assert!(!grace(Duration::from_secs(600)).is_over());
    }

    #[tokio::test]
    async fn what_waits_for_a_bot_that_is_there_no_more_goes_with_its_session() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("baton.db")).unwrap();
        let session = NewSession {
            session_id: "session".to_owned(),
            tenant: TenantKey::new("acme", "support", "live"),
            integration_id: "integration".to_owned(),
            end_user_id: "user".to_owned(),
            external_id: None,
            token_digest: [7; 32],
            created_at_ms: 0,
            platform: None,
            custom: None,
        };
        let turn = NewTurn { id: "turn".to_owned(), body: "{}".to_owned() };
        let step = Step { turns: vec![turn], ..Step::default() };
        store.create_session(session, step).await.unwrap();
        let counterparts = Counterparts { links: Links::default(), bots: Bots::default() };
        let links = counterparts.links.clone();
        let (_trigger, shutdown) = shutdown();
        let orphans = Orphans {
            directory: Arc::new(Directory::new(store.clone(), &[], links)),
            store,
            counterparts,
            grace: grace(Duration::ZERO),
            every: Duration::ZERO,
            shutdown,
        };
        orphans.give_up().await.unwrap();
        assert_eq!(orphans.store.work_of_tenants().await.unwrap().len(), 1, "the chat goes on");
        let end = NewEvent {
            id: "end".to_owned(),
            timestamp: "2026-05-07T12:00:00.123Z".to_owned(),
            kind: "EVENT_TYPE_SESSION_END".to_owned(),
            payload: "{}".to_owned(),
            metadata: None,
            message_id: None,
        };
        orphans.store.end_session("session", vec![end]).await.unwrap();
        orphans.give_up().await.unwrap();
        assert_eq!(orphans.store.work_of_tenants().await.unwrap(), []);
    }
}
