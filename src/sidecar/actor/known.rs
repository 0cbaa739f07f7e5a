//! What an actor knows of its session, and how it comes to know it.

use std::sync::Arc;

use baton_handoff::{End, Handoff, Input, Notice, Rules};
use baton_store::{HandoffRow, Session, StoreError};
use jiff::Timestamp;

use super::{Actor, bot_place::BotPlace, reassurance::LastMessage};
use crate::{bots::TenantBot, link::Link, registry::Surroundings};

/// What the actor knows of its session.
pub(super) struct Known {
    pub(super) session: Box<Session>,
    /// The way to Genesys, if this process has one for the tenant.
    pub(super) link: Option<Arc<Link>>,
    /// The number of the newest handoff when the session was read; 0 if there was none.
    pub(super) last: u32,
    /// The newest handoff.
    pub(super) handoff: Option<Numbered>,
    /// What is known of the outbox.
    pub(super) outbox: Queue,
    /// The tenant's bot, if it has one.
    pub(super) bot: Option<Arc<TenantBot>>,
    /// Where the bot is, once that matters.
    pub(super) bot_place: Option<BotPlace>,
    /// What is known of the turns that wait for the bot.
    pub(super) turns: Queue,
    /// Which messages of the last snapshot never arrived, once that is known. It counts only
    /// when all that arrived is in the log.
    pub(super) missing: Option<Vec<String>>,
    /// What was said last, once that matters.
    pub(super) last_message: Option<LastMessage>,
}

impl Known {
    /// The number of the newest handoff; 0 if there was none.
    pub(super) fn last_handoff(&self) -> u32 {
        self.handoff.as_ref().map_or(self.last, |handoff| handoff.number)
    }
}

/// The handoff as it was stored; none if this version cannot read it.
fn numbered(row: HandoffRow) -> Option<Numbered> {
    let state = serde_json::from_str(&row.state).ok()?;
    Some(Numbered::new(row.number, state))
}

/// Whether something waits in a queue of the store: it does from the stamp at which it was last
/// filled, or first met, until it was seen empty at that stamp or a later one.
#[derive(Clone, Copy, Default)]
pub(super) struct Queue {
    pub(super) filled: u64,
    pub(super) emptied: u64,
}

impl Queue {
    fn filled_at(stamp: u64) -> Self {
        Self { filled: stamp, emptied: 0 }
    }

    pub(super) fn waits(self) -> bool {
        self.filled > self.emptied
    }
}

/// A handoff with its number in the session.
#[derive(Clone)]
pub(super) struct Numbered {
    pub(super) number: u32,
    pub(super) state: Box<Handoff>,
    /// How it ended, until the step that tells so is taken: only then is it counted.
    pub(super) untold_end: Option<End>,
}

impl Numbered {
    pub(super) fn new(number: u32, state: Box<Handoff>) -> Self {
        Self { number, state, untold_end: None }
    }

    /// Applies an input; what is to be told of it.
    pub(super) fn apply(&mut self, input: Input, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        let notices = self.state.apply(input, now, rules);
        let end = notices.iter().find_map(|notice| match notice {
            Notice::Over(end) => Some(*end),
            _ => None,
        });
        self.untold_end = self.untold_end.or(end);
        notices
    }
}

impl Actor {
    /// The session as the store has it.
    pub(super) async fn known(&mut self) -> Result<&mut Known, StoreError> {
        let known = match self.known.take() {
            Some(known) => known,
            None => {
                let stamp = self.stamp();
                self.read_known(stamp).await?
            }
        };
        Ok(self.known.insert(known))
    }

    /// Higher than each before, also where what was known of the session is read anew: so what an
    /// errand saw before that counts for nothing after it.
    pub(super) fn stamp(&mut self) -> u64 {
        self.stamp = self.stamp.saturating_add(1);
        self.stamp
    }

    async fn read_known(&self, stamp: u64) -> Result<Known, StoreError> {
        let Surroundings { store, links, bots, .. } = &*self.surroundings;
        let session = store.session(&self.session_id).await?.ok_or(StoreError::UnknownSession)?;
        let link = links.of(&session.details.tenant).cloned();
        let handoff = match &link {
            Some(_) => store.handoff(&self.session_id).await?,
            None => None,
        };
        let last = handoff.as_ref().map_or(0, |row| row.number);
        let mut handoff = handoff.and_then(numbered);
        if let (Some(Numbered { state, .. }), Some(link)) = (&mut handoff, &link) {
            state.resume(self.surroundings.clock.now(), &link.rules);
        }
        if last > 0 && handoff.is_none() {
            let session_id = &self.session_id;
            tracing::error!(session_id, last, "a handoff cannot be read, and is left");
        }
        let bot = bots.of(&session.details.tenant).cloned();
        // Something may wait there from before.
        let unseen = |is_used| if is_used { Queue::filled_at(stamp) } else { Queue::default() };
        let (outbox, turns) = (unseen(link.is_some()), unseen(bot.is_some()));
        Ok(Known {
            session: Box::new(session),
            link,
            last,
            handoff,
            outbox,
            bot,
            bot_place: None,
            turns,
            missing: None,
            last_message: None,
        })
    }
}
