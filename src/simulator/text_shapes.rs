//! The webhooks of type `Text`: messages and attachments (Genesys reference 2.3 and 2.4).

use crate::webhook::{Shape, table};

const OLD_ENVELOPE: &str =
    "Old envelope: no idType on to, no metadata, no originatingEntity, no conversationId";
const UNICODE: &str = "Zażółć gęślą jaźń 👩🏽\u{200d}💻 — \"quoted\" \\ back/slash\nline2\ttab \u{2028} \
                       \0-free <b>&amp;</b>";

/// Every shape of type `Text`.
pub(crate) static SHAPES: &[Shape] = table! {
    "text-agent", "An agent's message, all fields of a modern payload." => {
        "type": "Text", "text": "Hello, this is Dana. How can I help?",
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
    "text-bot", "A message of an Architect flow or a bot, not of a human." => {
        "type": "Text", "text": "Connected. Please hold while we find someone.",
        "originatingEntity": "Bot", "direction": "Outbound", "conversationId": null,
    }
    "text-agentless", "A message sent through the agentless API." => {
        "type": "Text", "text": "Your parcel is on its way.", "originatingEntity": "Human",
        "direction": "Outbound",
    }
    "text-old-envelope", "A message as documented from 2021 to 2024.", Old => {
        "type": "Text", "text": OLD_ENVELOPE, "direction": "Outbound",
    }
    "text-from-names", "A message with every optional field of its sender.", NamedSender => {
        "type": "Text", "text": "Hi", "originatingEntity": "Human", "direction": "Outbound",
    }
    "text-unicode", "A text that any re-serialisation changes: a signature trap." => {
        "type": "Text", "text": UNICODE, "originatingEntity": "Human", "direction": "Outbound",
        "conversationId": null,
    }
    "text-message-metadata", "A message with metadata, strings to strings." => {
        "type": "Text", "text": "with metadata",
        "metadata": { "correlationId": "b5d6f7a8-0001-4c2d-9e3f-111122223333" },
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
    "text-empty", "An empty text: no turn for the customer to see." => {
        "type": "Text", "text": "", "originatingEntity": "Human", "direction": "Outbound",
        "conversationId": null,
    }
    "text-unknown-fields", "A message with fields of the future." => {
        "type": "Text", "text": "forward compat", "originatingEntity": "Human",
        "direction": "Outbound", "conversationId": null, "relatedMessages": [],
        "enrichment": { "language": { "language": "en" }, "sentimentV2": { "tag": "Neutral" } },
        "somethingNew": { "a": [1, 2, 3] },
    }
    "inbound-echo", "A message of direction Inbound: never an agent's turn." => {
        "type": "Text", "text": "an inbound message must never be treated as an agent turn",
        "direction": "Inbound",
    }
    "attachment-pdf", "A file without a text." => {
        "type": "Text", "text": null,
        "content": [{
            "contentType": "Attachment",
            "attachment": {
                "id": "6a5b4c3d-2e1f-4a0b-8c9d-7e6f5a4b3c2d", "mediaType": "File",
                "url": "https://api-downloads.mypurecloud.de/api/v2/downloads/pce0123456789abcdef",
                "mime": "application/pdf", "filename": "invoice-2026.pdf",
                "contentSizeBytes": 88123,
            },
        }],
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
    "attachment-image-with-text", "An image with a caption and a text." => {
        "type": "Text", "text": "Here is the picture",
        "content": [{
            "contentType": "Attachment",
            "attachment": {
                "id": "7b6c5d4e-3f20-4b1c-9dae-8f7a6b5c4d3e", "mediaType": "Image",
                "url": "https://api-downloads.mypurecloud.de/api/v2/downloads/pce00aa11bb22cc33",
                "mime": "image/jpeg", "filename": "photo 1.jpg", "contentSizeBytes": 204800,
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "text": "A view of hills",
            },
        }],
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
    "attachment-video", "A video without id, file name and size." => {
        "type": "Text", "text": null,
        "content": [{
            "contentType": "Attachment",
            "attachment": {
                "mediaType": "Video",
                "url": "https://api-downloads.mypurecloud.de/api/v2/downloads/pce1",
                "mime": "video/mp4",
            },
        }],
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
    "attachment-link", "A link as an attachment." => {
        "type": "Text", "text": null,
        "content": [{
            "contentType": "Attachment",
            "attachment": { "mediaType": "Link", "url": "https://example.org/help" },
        }],
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
    "attachment-two-items", "Two attachments, one more than is documented." => {
        "type": "Text", "text": null,
        "content": [
            {
                "contentType": "Attachment",
                "attachment": {
                    "mediaType": "Image",
                    "url": "https://api-downloads.mypurecloud.de/api/v2/downloads/pce2",
                    "mime": "image/png", "filename": "a.png",
                },
            },
            {
                "contentType": "Attachment",
                "attachment": {
                    "mediaType": "Audio",
                    "url": "https://api-downloads.mypurecloud.de/api/v2/downloads/pce3",
                    "mime": "audio/ogg", "filename": "b.ogg",
                },
            },
        ],
        "originatingEntity": "Human", "direction": "Outbound", "conversationId": null,
    }
};
