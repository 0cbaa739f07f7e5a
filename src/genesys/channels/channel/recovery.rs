//! What a channel does when its connection fails, or it may be lost, and when that is over.

use std::{mem, time::Duration};

use tokio::time::Instant;

use super::{
    super::{
        effect::{Effect, Existence},
        ending::Ending,
        frame::Loss,
        report::Report,
    },
    Channel, Phase,
};

impl Channel {
    /// Genesys says whether the channel exists.
    pub(crate) fn verified(&mut self, existence: Existence, now: Instant) {
        if !matches!(self.phase, Phase::Verifying) {
            return;
        }
        match existence {
            Existence::Denied => self.gone(Loss::Gone, now),
            Existence::Confirmed => {
                let reason = "it is refused, although Genesys has it; check what stands between \
                              this machine and Genesys' streaming host";
                self.fail(reason.to_owned(), now);
            }
            Existence::Unknown(reason) => self.fail(reason, now),
        }
    }

    /// The socket that was open is no more.
    pub(super) fn broke(&mut self, since: Instant, ending: &Ending, now: Instant) {
        self.suspect(since, ending.may_be_a_rival(), now);
        self.fail(ending.to_string(), now);
    }

    /// Genesys says in band that the channel is lost to us.
    pub(super) fn lost(&mut self, loss: Loss, since: Instant, now: Instant) {
        match loss {
            Loss::Gone => return self.doubt(now),
            Loss::TokenRevoked => return self.gone(loss, now),
            // The next connection tells whether there still is a channel to subscribe to.
            Loss::NoLongerSubscribed => self.subscriptions.begin_anew(now),
            Loss::Duplicate => {}
        }
        self.close_all();
        self.suspect(since, true, now);
        self.fail(loss.to_string(), now);
    }

    /// The channel was answered as one that is gone. Of one that has worked that is believed. Of
    /// another the answer may be about something else, such as a gateway in between, and there
    /// it would be the same for the next channel: Genesys has only so many, so that it is asked.
    pub(super) fn doubt(&mut self, now: Instant) {
        match &self.address {
            Some(address) if !self.proven => {
                self.effects.push(Effect::Verify(address.id.clone()));
                self.close_all();
                self.phase = Phase::Verifying;
            }
            _ => self.gone(Loss::Gone, now),
        }
    }

    /// Counts a failure, and waits before the next try if there is anybody to try for.
    pub(super) fn fail(&mut self, reason: String, now: Instant) {
        let was_unreliable = self.is_unreliable();
        let until = now + self.trouble.after_failure();
        if self.subscriptions.is_idle() {
            return self.rest(Some(until));
        }
        self.phase = Phase::Waiting { until };
        self.tell(reason);
        if !was_unreliable && self.is_unreliable() {
            self.reconcile_all();
        }
    }

    /// Counts a failure that leaves the open socket as it is. How long to wait before the next
    /// try to replace it.
    pub(super) fn set_back(&mut self, reason: String) -> Duration {
        let pause = self.trouble.after_failure();
        self.tell(reason);
        pause
    }

    /// Does nothing until somebody asks for something, and not before that time. What went wrong
    /// in a row is not forgotten: otherwise each new handoff would try at once what failed for
    /// the last one. Only a second owner is, which nobody looks for any more.
    pub(super) fn rest(&mut self, until: Option<Instant>) {
        self.phase = Phase::Dormant { until };
        self.trouble.acquit();
    }

    /// Whether there is no trouble to forget.
    pub(super) fn is_settled(&self) -> bool {
        self.proven && self.trouble.is_over()
    }

    /// When a socket has lasted: for longer than the longest pause, in which a second owner of
    /// the channel would have come back and taken it away.
    pub(super) fn settled_at(&self, since: Instant) -> Instant {
        since + self.pace.reconnect_cap * 2
    }

    pub(super) fn settle(&mut self) {
        self.proven = true;
        self.trouble.end();
    }

    /// Looks whether a second owner of the channel is why its socket did not last.
    fn suspect(&mut self, since: Instant, may_be_a_rival: bool, now: Instant) {
        if now >= self.settled_at(since) {
            self.settle();
        }
        if self.trouble.suspect(may_be_a_rival) {
            self.effects.push(Effect::Report(Report::Contested));
            self.reconcile_all();
        }
    }

    /// The channel does not exist any more: another one takes its place.
    fn gone(&mut self, loss: Loss, now: Instant) {
        self.close_all();
        if let Some(address) = self.address.take() {
            self.effects.push(Effect::Forget(address.id));
            self.effects.push(Effect::Report(Report::Replaced(loss)));
            self.replaced = self.replaced.saturating_add(1);
        }
        // Whoever took the old one does not know the new one.
        self.trouble.acquit();
        self.subscriptions.begin_anew(now);
        if mem::take(&mut self.proven) && !self.subscriptions.is_idle() {
            self.begin();
        } else {
            self.fail(loss.to_string(), now);
        }
    }

    /// Tells the operator of a failure.
    fn tell(&mut self, reason: String) {
        let attempt = self.trouble.attempts();
        let is_away = matches!(self.phase, Phase::Waiting { .. });
        self.effects.push(Effect::Report(match is_away && self.trouble.is_lost() {
            true => Report::Lost { attempt, reason },
            false => Report::Reconnecting { attempt, reason },
        }));
    }
}
