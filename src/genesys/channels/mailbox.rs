//! What waits for one watcher.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use baton_core::lifecycle::LifecycleEvent;
use tokio::sync::Notify;

/// How many notices wait for a watcher that lags.
const MOST: usize = 64;

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelNotice {
    /// To compare the conversation with Genesys: its topics are in place for the first time, or
    /// again after a gap; or no channel tells of it, and it is time to look.
    Reconcile,
    /// Something happened. It may come twice, late, and out of order.
    Event(LifecycleEvent<'static>),
}

/// A bounded queue. Where a watcher lags, all that waits for it becomes one
/// [`ChannelNotice::Reconcile`]: a comparison with Genesys tells it no less.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    notices: Mutex<VecDeque<ChannelNotice>>,
    arrived: Notify,
}

impl Mailbox {
    /// Puts a notice in.
    pub(crate) fn put(&self, notice: ChannelNotice) {
        {
            let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
            if notice == ChannelNotice::Reconcile && notices.back() == Some(&notice) {
                return;
            }
            if notices.len() >= MOST {
                notices.clear();
                notices.push_back(ChannelNotice::Reconcile);
            } else {
                notices.push_back(notice);
            }
        }
        self.arrived.notify_one();
    }

    /// Takes the oldest notice out, when there is one. One reader at a time; nothing is lost if
    /// it gives up waiting.
    pub(crate) async fn next(&self) -> ChannelNotice {
        loop {
            if let Some(notice) = self.take() {
                return notice;
            }
            self.arrived.notified().await;
        }
    }

    fn take(&self) -> Option<ChannelNotice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

#[cfg(test)]
mod tests {
    use baton_core::{json::Object, lifecycle::LifecycleKind};

    use super::*;

    fn event() -> ChannelNotice {
        let event = LifecycleEvent::read(LifecycleKind::UserEnd, &Object::default());
        ChannelNotice::Event(event)
    }

    fn all(mailbox: &Mailbox) -> Vec<ChannelNotice> {
        std::iter::from_fn(|| mailbox.take()).collect()
    }

    #[tokio::test]
    async fn notices_come_out_in_order() {
        let mailbox = Mailbox::default();
        mailbox.put(ChannelNotice::Reconcile);
        mailbox.put(event());
        assert_eq!(mailbox.next().await, ChannelNotice::Reconcile);
        assert_eq!(mailbox.next().await, event());
    }

    #[test]
    fn one_comparison_is_enough_until_something_else_happens() {
        let mailbox = Mailbox::default();
        mailbox.put(ChannelNotice::Reconcile);
        mailbox.put(ChannelNotice::Reconcile);
        mailbox.put(event());
        mailbox.put(ChannelNotice::Reconcile);
        let expected = [ChannelNotice::Reconcile, event(), ChannelNotice::Reconcile];
        assert_eq!(all(&mailbox), expected);
    }

    #[test]
    fn invariant_8_what_a_lagging_watcher_has_missed_becomes_one_comparison() {
        let mailbox = Mailbox::default();
        for _ in 0..=MOST {
            mailbox.put(event());
        }
        mailbox.put(event());
        assert_eq!(all(&mailbox), [ChannelNotice::Reconcile, event()]);
    }
}
