//! The webhooks of type `Structured`: what bots and canned responses send (Genesys reference
//! 2.4).

use crate::webhook::{Shape, table};

/// Every shape of type `Structured`.
pub(crate) static SHAPES: &[Shape] = table! {
    "structured-quickreply", "Quick replies, one content item per choice." => {
        "type": "Structured", "text": "Which team?",
        "content": [
            {
                "contentType": "QuickReply",
                "quickReply": { "text": "Sales", "payload": "sales", "action": "Message" },
            },
            {
                "contentType": "QuickReply",
                "quickReply": {
                    "text": "Support", "payload": "support", "action": "Message",
                    "image": "https://cdn.example.org/s.png",
                },
            },
        ],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-quickreplyv2", "Quick replies, all choices in one item." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "QuickReplyV2",
            "quickReplyV2": {
                "title": "Which team?",
                "actions": [
                    { "text": "Sales", "payload": "sales", "action": "Message" },
                    { "text": "Support", "payload": "support", "action": "Message" },
                ],
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-card", "A card with a default action and two buttons." => {
        "type": "Structured", "text": "Premium plan",
        "content": [{
            "contentType": "Card",
            "card": {
                "title": "Premium plan", "description": "Everything included",
                "image": "https://cdn.example.org/p.png",
                "defaultAction": { "type": "Link", "text": "Open", "url": "https://example.org/p" },
                "actions": [
                    { "type": "Postback", "text": "Choose", "payload": "plan:premium" },
                    { "type": "Link", "text": "Details", "url": "https://example.org/p/details" },
                ],
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-carousel", "A carousel of two cards." => {
        "type": "Structured", "text": "Choose a plan",
        "content": [{
            "contentType": "Carousel",
            "carousel": {
                "cards": [
                    {
                        "title": "Basic", "description": "10/month",
                        "actions": [{
                            "type": "Postback", "text": "Pick Basic", "payload": "plan:basic",
                        }],
                    },
                    {
                        "title": "Pro", "description": "20/month",
                        "image": "https://cdn.example.org/pro.png",
                        "actions": [{
                            "type": "Postback", "text": "Pick Pro", "payload": "plan:pro",
                        }],
                    },
                ],
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-datepicker", "A date picker with two slots of half an hour." => {
        "type": "Structured", "text": "Pick a slot",
        "content": [{
            "contentType": "DatePicker",
            "datePicker": {
                "title": "Pick a slot", "subtitle": "All times UTC",
                "imageUrl": "https://cdn.example.org/cal.png",
                "dateMinimum": "2026-05-05T00:00:00.000Z",
                "dateMaximum": "2026-05-12T00:00:00.000Z",
                "availableTimes": [
                    { "dateTime": "2026-05-06T09:00:00.000Z", "duration": 1800 },
                    { "dateTime": "2026-05-06T10:00:00.000Z", "duration": 1800 },
                ],
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-listpicker", "A list picker: an Apple feature, improbable." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "ListPicker",
            "listPicker": {
                "id": "lp1",
                "sections": [{
                    "title": "Fruit", "multipleSelection": false,
                    "items": [
                        { "id": "1", "title": "Apple", "subtitle": "Red" },
                        { "id": "2", "title": "Pear" },
                    ],
                }],
                "receivedMessage": { "title": "Choose fruit" },
                "replyMessage": { "title": "Chosen" },
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-notification", "A canned response; its key is `template`." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "Notification",
            "template": {
                "id": "cannedresponse@0aa1bb2c-3d4e-4f50-8a6b-7c8d9e0f1a2b", "language": "en_US",
                "header": { "type": "Text", "text": "Appointment" },
                "body": {
                    "text": "Hi {{name}}, see you at {{time}}",
                    "parameters": [
                        { "name": "name", "text": "Ann" },
                        { "name": "time", "text": "10:00" },
                    ],
                },
                "buttons": [
                    { "type": "QuickReply", "text": "Confirm", "index": 0, "payload": "confirm" },
                    { "type": "Url", "text": "Map", "index": 1, "url": "https://example.org/map" },
                    {
                        "type": "PhoneNumber", "text": "Call", "index": 2,
                        "phoneNumber": "+15550001111",
                    },
                ],
                "footer": { "text": "Reply STOP to opt out" },
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-location", "A place; normally sent by customers." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "Location",
            "location": {
                "url": "https://maps.example.org/?q=1,2", "address": "1 Main St", "text": "Office",
                "latitude": 51.5, "longitude": -0.12,
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-text-content", "A text as a content item: an object." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "Text", "text": { "type": "Text", "body": "text as a content element" },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-form", "A form of one page: improbable on Open." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "Form",
            "form": {
                "introduction": { "title": "Survey", "subtitle": "1 min", "buttonText": "Start" },
                "formPages": [{
                    "title": "Q1",
                    "pageComponents": [{ "formComponentType": "Input", "input": { "id": "q1" } }],
                }],
                "showSummary": true,
            },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-mixed", "An image and a quick reply in one message." => {
        "type": "Structured", "text": "Look, then answer",
        "content": [
            {
                "contentType": "Attachment",
                "attachment": {
                    "mediaType": "Image", "url": "https://cdn.example.org/i.png",
                    "mime": "image/png",
                },
            },
            {
                "contentType": "QuickReply",
                "quickReply": { "text": "OK", "payload": "ok", "action": "Message" },
            },
        ],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-unknown-content", "A content type of the future, with a text." => {
        "type": "Structured", "text": "fallback text",
        "content": [{ "contentType": "HologramV9", "hologram": { "x": 1 } }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-reactions", "Reactions: social channels only." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "Reactions", "reactions": [{ "reactionType": "Like", "count": 2 }],
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "structured-story", "A mention in a story: Instagram and Facebook only." => {
        "type": "Structured", "text": null,
        "content": [{
            "contentType": "Story",
            "story": { "type": "Mention", "url": "https://example.org/story/1" },
        }],
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
};
