//! The webhooks that are no messages: events, receipts (Genesys reference 2.5 and 2.6), and a
//! type of the future.

use crate::webhook::{Shape, table};

/// Every shape of type `Event`, `Receipt` or `Unknown`.
pub(crate) static SHAPES: &[Shape] = table! {
    "event-typing", "The agent is typing, for 5000 ms." => {
        "type": "Event",
        "events": [{ "eventType": "Typing", "typing": { "type": "On", "duration": 5000 } }],
        "direction": "Outbound", "conversationId": null,
    }
    "event-typing-no-duration", "The agent is typing, for an unknown time." => {
        "type": "Event", "events": [{ "eventType": "Typing", "typing": { "type": "On" } }],
        "direction": "Outbound",
    }
    "event-typing-bare", "A typing event without its body." => {
        "type": "Event", "events": [{ "eventType": "Typing" }], "direction": "Outbound",
    }
    "event-presence-disconnect", "The agent side left: Web Messaging only." => {
        "type": "Event",
        "events": [{ "eventType": "Presence", "presence": { "type": "Disconnect" } }],
        "direction": "Outbound", "originatingEntity": "Human",
    }
    "event-presence-clear", "The conversation was cleared: Web Messaging only." => {
        "type": "Event", "events": [{ "eventType": "Presence", "presence": { "type": "Clear" } }],
        "direction": "Outbound",
    }
    "event-cobrowse", "An offer to browse together: Web Messaging only." => {
        "type": "Event",
        "events": [{
            "eventType": "CoBrowse",
            "coBrowse": { "type": "Offering", "sessionId": "s-1", "sessionJoinToken": "jt-1" },
        }],
        "direction": "Outbound",
    }
    "event-unknown", "An event type of the future." => {
        "type": "Event", "events": [{ "eventType": "Levitation", "levitation": { "height": 3 } }],
        "direction": "Outbound",
    }
    "event-multiple", "A typing event and an unknown one in one webhook." => {
        "type": "Event",
        "events": [
            { "eventType": "Typing", "typing": { "type": "On", "duration": 5000 } },
            { "eventType": "Unknown" },
        ],
        "direction": "Outbound",
    }
    "receipt-inbound-sent", "A message that we sent in was accepted; not final." => {
        "type": "Receipt", "status": "Sent", "isFinalReceipt": false, "direction": "Inbound",
    }
    "receipt-inbound-delivered", "A message that we sent in has arrived." => {
        "type": "Receipt", "status": "Delivered", "isFinalReceipt": true, "direction": "Inbound",
    }
    "receipt-inbound-failed", "A message that we sent in has failed." => {
        "type": "Receipt", "status": "Failed", "isFinalReceipt": true,
        "reasons": [{ "code": "GeneralError", "message": "Message could not be processed" }],
        "direction": "Inbound",
    }
    "receipt-outbound-failed", "An agent's message failed, for two reasons." => {
        "type": "Receipt", "status": "Failed", "isFinalReceipt": true,
        "reasons": [
            { "code": "InvalidDestination", "message": "no such user" },
            { "code": "MessageExpired" },
        ],
        "direction": "Outbound",
    }
    "receipt-outbound-delivered", "An echo of our own receipt." => {
        "type": "Receipt", "status": "Delivered", "isFinalReceipt": true, "direction": "Outbound",
    }
    "receipt-read", "A message was read." => {
        "type": "Receipt", "status": "Read", "isFinalReceipt": true, "direction": "Outbound",
    }
    "receipt-published", "A message was published; not final." => {
        "type": "Receipt", "status": "Published", "isFinalReceipt": false, "direction": "Outbound",
    }
    "type-unknown", "A webhook of type Unknown without anything in it." => {
        "type": "Unknown", "direction": "Outbound",
    }
};
