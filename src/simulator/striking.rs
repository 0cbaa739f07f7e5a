//! Faults that strike by the plan, and are told of.

use serde::Serialize;
use serde_json::json;

use crate::faults::{DeliveryFault, FaultPlan, NotificationFault, RequestFault};
use crate::feed::{FaultStruck, Occurrence};
use crate::simulator::Simulator;

impl Simulator {
    /// What goes wrong with the request of this method and route.
    pub(crate) fn strike_request(&self, route: &str) -> Option<RequestFault> {
        self.strike("request", route, |plan| plan.strike_request(route))
    }

    /// What goes wrong with an event of this topic on its way to a socket.
    pub(crate) fn strike_notification(&self, topic: &str) -> Option<NotificationFault> {
        self.strike("notification", topic, |plan| plan.strike_notification(topic))
    }

    /// What goes wrong with a webhook of this shape.
    pub(crate) fn strike_webhook(&self, shape: &str) -> Option<DeliveryFault> {
        self.strike("webhook", shape, |plan| plan.strike_webhook(shape))
    }

    /// What goes wrong with a post of an event of this topic.
    pub(crate) fn strike_event_post(&self, topic: &str) -> Option<DeliveryFault> {
        self.strike("event_post", topic, |plan| plan.strike_event_post(topic))
    }

    fn strike<F: Serialize>(
        &self,
        occasion: &'static str,
        name: &str,
        strike: impl FnOnce(&mut FaultPlan) -> Option<F>,
    ) -> Option<F> {
        let fault = self.faults.with(strike)?;
        self.configuration.feed.tell(|| {
            Occurrence::FaultStruck(FaultStruck {
                occasion,
                name: name.to_owned(),
                fault: json!(fault),
            })
        });
        Some(fault)
    }
}
