//! The ways by which what happens in the org reaches the world.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::channels::{GOING_AWAY, frame};
use crate::delivery::{Sender, SignedBody};
use crate::departure::Departure;
use crate::event_posts::Event;
use crate::faults::{DeliveryFault, NotificationFault};
use crate::org::Emission;
use crate::signature;
use crate::simulator::Simulator;

/// How long after the announcement of maintenance the sockets close, at Genesys' pace.
pub(crate) const MAINTENANCE_NOTICE: Duration = Duration::from_secs(60);

/// Where the webhooks of one integration go.
#[derive(Clone)]
pub(crate) struct WebhookTarget {
    pub(crate) sender: Sender,
    /// Genesys' `webhookHeaders`, which the sender sends.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) secret: String,
}

impl Simulator {
    /// Sends an emission its ways, under the faults that strike it. It never waits.
    pub(crate) fn emit(&self, organization_id: &str, emission: Emission) {
        match emission {
            Emission::Webhook { integration_id, shape, message_id, body } => {
                self.emit_webhook(&integration_id, shape, message_id, body);
            }
            Emission::Event { topic, body } => self.emit_event(organization_id, &topic, &body),
        }
    }

    fn emit_webhook(
        &self,
        integration_id: &str,
        shape: &'static str,
        message_id: Option<String>,
        body: String,
    ) {
        let targets = &self.webhook_targets;
        let Some(target) = targets.with(|targets| targets.get(integration_id).cloned()) else {
            return;
        };
        let fault = self.strike_webhook(shape);
        let (copies, delay) = DeliveryFault::passage(fault);
        let lane = format!("{integration_id} {}", end_user(&body));
        let body = self.pictures.told_in(body);
        let signature = Some(signature::base64(&target.secret, body.as_bytes()));
        let signed = SignedBody { body: Bytes::from(body), signature };
        for copy in 0..copies {
            // What is struck by a fault leaves its place: others may overtake it.
            let in_order = fault.is_none();
            self.depart(Departure {
                shape,
                message_id: message_id.clone(),
                signed: signed.clone(),
                sender: target.sender.clone(),
                delay,
                turn: in_order.then(|| self.webhook_lanes.with(|l| l.enter(lane.clone()))),
                // A receipt carries the id of another message.
                told_to_org: copy == 0 && !shape.starts_with("receipt"),
            });
        }
    }

    fn emit_event(&self, organization_id: &str, topic: &str, body: &Value) {
        let correlation_id = Uuid::new_v4().to_string();
        let frame = frame::event(topic, body, &correlation_id);
        for channel in self.channels.with(|channels| channels.listeners(topic)) {
            self.notify(&channel, topic, &frame);
        }
        let time = Timestamp::now();
        let event = Event { organization_id, time, topic, body, correlation_id: &correlation_id };
        for poster in self.event_posters.iter() {
            let Some(post) = poster.body(&event) else { continue };
            let fault = self.strike_event_post(topic);
            let (copies, delay) = DeliveryFault::passage(fault);
            let signed = SignedBody { body: Bytes::from(post.to_string()), signature: None };
            for _ in 0..copies {
                self.depart(Departure {
                    shape: poster.shape(),
                    message_id: None,
                    signed: signed.clone(),
                    sender: poster.sender.clone(),
                    delay,
                    turn: None,
                    told_to_org: false,
                });
            }
        }
    }

    /// Puts an event into the queue of a channel's socket.
    fn notify(&self, channel: &str, topic: &str, frame: &str) {
        let fault = self.strike_notification(topic);
        let send = || self.channels.with(|channels| channels.send(channel, frame.to_owned()));
        match fault {
            None => send(),
            Some(NotificationFault::Lose) => {}
            Some(NotificationFault::Duplicate) => {
                send();
                send();
            }
            Some(NotificationFault::Delay { milliseconds }) => {
                let (late, channel, frame) = (self.clone(), channel.to_owned(), frame.to_owned());
                tokio::spawn(async move {
                    late.sleep(Duration::from_millis(milliseconds)).await;
                    late.channels.with(|channels| channels.send(&channel, frame));
                });
            }
            Some(NotificationFault::CloseSocket { code }) => {
                self.channels.with(|channels| channels.close_sockets(Some(channel), code));
            }
            Some(NotificationFault::EvictChannel) => {
                self.channels.with(|channels| channels.evict(channel));
            }
            Some(NotificationFault::AnnounceMaintenance) => {
                self.begin_maintenance(Some(channel));
                send();
            }
        }
    }

    /// Announces maintenance to the sockets of one channel, or all, and closes those that are
    /// still there a minute of Genesys' time later: how many heard it.
    pub(crate) fn begin_maintenance(&self, channel: Option<&str>) -> usize {
        let sockets = self.channels.with(|channels| channels.announce_maintenance(channel));
        let heard = sockets.len();
        let (simulator, notice) = (self.clone(), self.pace.scaled(MAINTENANCE_NOTICE));
        tokio::spawn(async move {
            simulator.sleep(notice).await;
            simulator.channels.with(|c| c.close_numbered(&sockets, Some(GOING_AWAY)));
        });
        heard
    }
}

/// To whom a webhook goes.
fn end_user(body: &str) -> String {
    serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|body| Some(body.pointer("/channel/to/id")?.as_str()?.to_owned()))
        .unwrap_or_default()
}
